/* SPDX-License-Identifier: BSD-2-Clause */
/* ordered.h - intrusive map from a 64-bit key, walked in ascending order
 *
 * A treap: find, insert and remove are O(log n). Used where a dump has to go in ascending order and
 * to continue at "the next id" while entries come and go (NL-57).
 */
#ifndef UL2TP_BASE_ORDERED_H
#define UL2TP_BASE_ORDERED_H

#include <stdbool.h>
#include <stdint.h>
#include "base/cleanup.h"

struct ordered_node {
	struct ordered_node *left, *right;
	uint64_t key;
	uint32_t priority;
};

struct ordered {
	struct ordered_node *root; /* NULL: empty, so a zeroed struct is an empty map */
};

/** ordered_insert() - add @node under @key; false, and nothing changed, if the key is taken */
bool ordered_insert(struct ordered *map, struct ordered_node *node, uint64_t key);

/** ordered_remove() - take @node, which must be in @map, out */
void ordered_remove(struct ordered *map, struct ordered_node *node);

/** ordered_find() - the node of exactly @key, or NULL */
struct ordered_node *ordered_find(const struct ordered *map, uint64_t key);

/** ordered_from() - the node with the smallest key that is not below @key, or NULL */
struct ordered_node *ordered_from(const struct ordered *map, uint64_t key);

#define ordered_entry(node, type, member)                                                          \
	({                                                                                         \
		struct ordered_node *node_ = (node);                                               \
		node_ ? container_of(node_, type, member) : NULL;                                  \
	})

#endif
