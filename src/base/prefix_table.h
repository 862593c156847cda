/* SPDX-License-Identifier: BSD-2-Clause */
/* prefix_table.h - which object has an address: intrusive, the longest prefix that fits
 *
 * A hash of whole prefixes, looked into once for each length that is in use, of which a family has at most
 * PREFIX_TABLE_LENGTHS: so a look-up costs the same whether ten or ten thousand are in it. Not for use by two threads.
 */
#ifndef UL2TP_BASE_PREFIX_TABLE_H
#define UL2TP_BASE_PREFIX_TABLE_H

#include <stdint.h>

#include "base/buckets.h"
#include "base/prefix.h"

#define PREFIX_TABLE_LENGTHS 8

struct prefix_node {
	struct bucket_node by_prefix;
	struct prefix prefix;
};

/* Zeroed it is empty. */
struct prefix_table {
	struct buckets nodes;
	uint64_t seed; /* of the hash; set before the first is inserted */
	struct prefix_lengths {
		uint8_t count;
		uint8_t bits[PREFIX_TABLE_LENGTHS]; /* the longest first */
		uint32_t nodes[PREFIX_TABLE_LENGTHS];
	} lengths[2]; /* of IPv4, of IPv6 */
};

/** prefix_table_insert() - @node->prefix is set. 0; -EEXIST; -ENOSPC it would be one length too many */
int prefix_table_insert(struct prefix_table *t, struct prefix_node *node);

/** prefix_table_remove() - @node is in it */
void prefix_table_remove(struct prefix_table *t, struct prefix_node *node);

/** prefix_table_find() - that of exactly this prefix, or NULL */
struct prefix_node *prefix_table_find(const struct prefix_table *t, const struct prefix *prefix);

/** prefix_table_match() - the longest that @address is one of, or NULL; @address has prefix_octets(@family) */
struct prefix_node *prefix_table_match(const struct prefix_table *t, uint8_t family,
                                       const uint8_t *address);

/** prefix_table_release() - the table's own memory; nodes are the owner's */
void prefix_table_release(struct prefix_table *t);

#endif
