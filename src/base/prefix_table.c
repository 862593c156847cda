/* SPDX-License-Identifier: BSD-2-Clause */
/* prefix_table.c - see prefix_table.h */
#include "base/prefix_table.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/hash.h"

static uint64_t hash_of(const struct prefix_table *t, const struct prefix *p)
{
	uint64_t high, low;

	memcpy(&high, p->octets, sizeof(high));
	memcpy(&low, p->octets + sizeof(high), sizeof(low));
	return hash_u64(high, hash_u64(low ^ (uint64_t)p->bits << 56, t->seed) ^ p->family);
}

static struct prefix_lengths *lengths_of(const struct prefix_table *t, unsigned int family)
{
	return (struct prefix_lengths *)&t->lengths[family == AF_INET6];
}

static int length_at(const struct prefix_lengths *l, uint8_t bits)
{
	for (int i = 0; i < l->count; i++)
		if (l->bits[i] == bits)
			return i;
	return -1;
}

static bool length_add(struct prefix_lengths *l, uint8_t bits)
{
	int i = length_at(l, bits);

	if (i < 0) {
		if (l->count == PREFIX_TABLE_LENGTHS)
			return false;
		for (i = l->count++; i > 0 && l->bits[i - 1] < bits; i--) {
			l->bits[i] = l->bits[i - 1];
			l->nodes[i] = l->nodes[i - 1];
		}
		l->bits[i] = bits;
		l->nodes[i] = 0;
	}
	l->nodes[i]++;
	return true;
}

static void length_remove(struct prefix_lengths *l, uint8_t bits)
{
	int i = length_at(l, bits);

	if (--l->nodes[i])
		return;
	l->count--;
	for (; i < l->count; i++) {
		l->bits[i] = l->bits[i + 1];
		l->nodes[i] = l->nodes[i + 1];
	}
}

int prefix_table_insert(struct prefix_table *t, struct prefix_node *node)
{
	struct prefix_lengths *l = lengths_of(t, node->prefix.family);

	if (prefix_table_find(t, &node->prefix))
		return -EEXIST;
	if (!length_add(l, node->prefix.bits))
		return -ENOSPC;
	buckets_insert(&t->nodes, &node->by_prefix, hash_of(t, &node->prefix));
	return 0;
}

void prefix_table_remove(struct prefix_table *t, struct prefix_node *node)
{
	buckets_remove(&t->nodes, &node->by_prefix);
	length_remove(lengths_of(t, node->prefix.family), node->prefix.bits);
}

struct prefix_node *prefix_table_find(const struct prefix_table *t, const struct prefix *prefix)
{
	struct bucket_node *n = buckets_first(&t->nodes, hash_of(t, prefix));

	for (; n; n = buckets_next(n)) {
		struct prefix_node *node = container_of(n, struct prefix_node, by_prefix);

		if (prefix_equal(&node->prefix, prefix))
			return node;
	}
	return NULL;
}

struct prefix_node *prefix_table_match(const struct prefix_table *t, uint8_t family,
                                       const uint8_t *address)
{
	const struct prefix_lengths *l = lengths_of(t, family);

	for (int i = 0; i < l->count; i++) {
		struct prefix wanted = prefix_make(family, address, l->bits[i]);
		struct prefix_node *node = prefix_table_find(t, &wanted);

		if (node)
			return node;
	}
	return NULL;
}

void prefix_table_release(struct prefix_table *t)
{
	buckets_release(&t->nodes);
}
