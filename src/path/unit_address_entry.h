/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_address_entry.h - an address of a unit's far end (unit_address.h) as it lies in the tables, and whose it is
 *
 * What moves packets looks it up there, and knows no more of it.
 */
#ifndef UL2TP_PATH_UNIT_ADDRESS_ENTRY_H
#define UL2TP_PATH_UNIT_ADDRESS_ENTRY_H

#include "base/cleanup.h"
#include "base/list.h"
#include "base/prefix_table.h"

struct unit;

struct unit_address {
	struct list in_unit;
	struct unit *unit;
	struct prefix_node known;  /* of the namespace */
	struct prefix_node routed; /* of the device */
	struct prefix_node source; /* of what is received */
};

/** unit_of_routed(), unit_of_source() - whose an entry of a worker's table is; NULL: of no entry */
static inline struct unit *unit_of_routed(const struct prefix_node *node)
{
	return node ? container_of(node, struct unit_address, routed)->unit : NULL;
}

static inline struct unit *unit_of_source(const struct prefix_node *node)
{
	return node ? container_of(node, struct unit_address, source)->unit : NULL;
}

#endif
