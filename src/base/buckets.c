/* SPDX-License-Identifier: BSD-2-Clause */
/* buckets.c - see buckets.h */
#include "base/buckets.h"

#include <stdlib.h>

#define FIRST_SIZE 64

static struct bucket_node **chain_of(struct buckets *b, const struct bucket_node *node)
{
	return b->size ? &b->heads[node->hash & (b->size - 1)] : &b->only;
}

static void push(struct buckets *b, struct bucket_node *node)
{
	struct bucket_node **head = chain_of(b, node);
	size_t chain = b->size ? (size_t)(head - b->heads) : 0;

	if (chain < b->low)
		b->low = chain;
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

static void grow(struct buckets *b)
{
	size_t size = b->size ? b->size * 2 : FIRST_SIZE;
	struct buckets larger = { .heads = calloc(size, sizeof(*larger.heads)),
		                  .size = size,
		                  .count = b->count };

	if (!larger.heads)
		return;
	move_chain(&larger, b->only);
	for (size_t i = 0; i < b->size; i++)
		move_chain(&larger, b->heads[i]);
	free(b->heads);
	*b = larger;
}

void buckets_insert(struct buckets *b, struct bucket_node *node, uint64_t hash)
{
	if (b->count >= b->size)
		grow(b);
	node->hash = hash;
	push(b, node);
	b->count++;
}

void buckets_remove(struct buckets *b, struct bucket_node *node)
{
	struct bucket_node **at = chain_of(b, node);

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	b->count--;
}

struct bucket_node *buckets_any(struct buckets *b)
{
	for (; b->low < buckets_chains(b); b->low++)
		if (buckets_chain(b, b->low))
			return buckets_chain(b, b->low);
	return NULL;
}

void buckets_release(struct buckets *b)
{
	free(b->heads);
	*b = (struct buckets){ 0 };
}
