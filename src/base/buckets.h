/* SPDX-License-Identifier: BSD-2-Clause */
/* buckets.h - intrusive chained hash table, which grows with what it holds
 *
 * The owner compares keys; the table only knows the hash (hash.h). Where there is no memory to grow, chains become longer
 * and nothing else happens: so nothing that is put into a table fails. Not for use by two threads.
 */
#ifndef UL2TP_BASE_BUCKETS_H
#define UL2TP_BASE_BUCKETS_H

#include <stddef.h>
#include <stdint.h>

struct bucket_node {
	struct bucket_node *next;
	uint64_t hash;
};

/* A zeroed struct is an empty table. */
struct buckets {
	struct bucket_node **heads;
	struct bucket_node *only; /* the one chain there is while .size is 0 */
	size_t size;              /* a power of two, or 0 */
	size_t count;
	size_t low; /* chains before this one are empty */
};

/** buckets_insert() - add @node under @hash, before others with the same hash */
void buckets_insert(struct buckets *b, struct bucket_node *node, uint64_t hash);

/** buckets_remove() - take @node, which must be in the table, out */
void buckets_remove(struct buckets *b, struct bucket_node *node);

/** buckets_release() - free the table's own memory; nodes are the owner's */
void buckets_release(struct buckets *b);

/** buckets_chains() - how many chains there are, to look at all nodes; buckets_chain() - the first node of one, or NULL;
 * others follow by .next */
static inline size_t buckets_chains(const struct buckets *b)
{
	return b->size ? b->size : 1;
}

static inline struct bucket_node *buckets_chain(const struct buckets *b, size_t i)
{
	return b->size ? b->heads[i] : b->only;
}

/** buckets_any() - one of the nodes; NULL: the table is empty. To take out all nodes so, one after the other, costs no more
 * than to look at them */
struct bucket_node *buckets_any(struct buckets *b);

/** buckets_first() - the first node with @hash, or NULL */
static inline struct bucket_node *buckets_first(const struct buckets *b, uint64_t hash)
{
	struct bucket_node *node = b->size ? b->heads[hash & (b->size - 1)] : b->only;

	while (node && node->hash != hash)
		node = node->next;
	return node;
}

/** buckets_next() - the next node with the same hash, or NULL */
static inline struct bucket_node *buckets_next(const struct bucket_node *node)
{
	const struct bucket_node *next = node->next;

	while (next && next->hash != node->hash)
		next = next->next;
	return (struct bucket_node *)next;
}

#endif
