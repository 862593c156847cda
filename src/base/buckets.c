/* SPDX-License-Identifier: BSD-2-Clause */
/* buckets.c - see buckets.h */
#include "base/buckets.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_SIZE 64

static void push(struct buckets *b, struct bucket_node *node)
{
	struct bucket_node **head = &b->heads[node->hash & (b->size - 1)];

	node->next = *head;
	*head = node;
}

/* Twice the size as soon as there are as many nodes as chains. Order within a hash is kept: the new
 * chains are filled from the end of the old ones. */
static void move_chain(struct buckets *to, struct bucket_node *node)
{
	struct bucket_node *reversed = NULL;

	while (node) {
		struct bucket_node *next = node->next;

		node->next = reversed;
		reversed = node;
		node = next;
	}
	while (reversed) {
		struct bucket_node *next = reversed->next;

		push(to, reversed);
		reversed = next;
	}
}

static int grow(struct buckets *b)
{
	size_t size = b->size ? b->size * 2 : FIRST_SIZE;
	struct buckets larger = { calloc(size, sizeof(*larger.heads)), size, b->count };

	if (!larger.heads)
		return -ENOMEM;
	for (size_t i = 0; i < b->size; i++)
		move_chain(&larger, b->heads[i]);
	free(b->heads);
	*b = larger;
	return 0;
}

int buckets_insert(struct buckets *b, struct bucket_node *node, uint64_t hash)
{
	if (b->count >= b->size && grow(b) < 0 && !b->size)
		return -ENOMEM;
	node->hash = hash;
	push(b, node);
	b->count++;
	return 0;
}

void buckets_remove(struct buckets *b, struct bucket_node *node)
{
	struct bucket_node **at = &b->heads[node->hash & (b->size - 1)];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	b->count--;
}

void buckets_release(struct buckets *b)
{
	free(b->heads);
	*b = (struct buckets){ 0 };
}
