/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel.h - a tunnel as it stands in the tables of the API thread
 *
 * What outlives the engine is in its record (records.h); the rest can be had from the record again.
 */
#ifndef UL2TP_TUNNEL_TUNNEL_H
#define UL2TP_TUNNEL_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buckets.h"
#include "base/list.h"
#include "base/ordered.h"
#include "encap/endpoint.h"
#include "keeper/records.h"
#include "netlink/ul2tp_tunnel_message.h"
#include "tunnel/netns.h"

struct tunnel {
	struct ordered_node by_id;
	struct netns *netns;
	uint32_t index; /* of the record */
	struct tunnel_record *record;
	struct endpoint *endpoint;
	struct list sessions;         /* newest first (NL-70) */
	struct ordered by_session_id; /* version 3: its sessions in the order of dumps */
	struct bucket_node by_peer;   /* in the intake's table, the receiving worker's */
	uint32_t session_count;
};

/** tunnel_new() - for a record; NULL: out of memory */
struct tunnel *tunnel_new(struct netns *ns, uint32_t index, struct tunnel_record *record,
                          struct endpoint *endpoint);
void tunnel_free(struct tunnel *t);

/** tunnel_insert() - into its namespace's table; false: the id is taken */
bool tunnel_insert(struct tunnel *t);
void tunnel_remove(struct tunnel *t);

/** tunnel_is_v2() - whether its sessions are looked up in v2's key space (NL-73, SES-7) */
static inline bool tunnel_is_v2(const struct tunnel *t)
{
	return t->record->version == 2;
}

/** tunnel_message_of() - what the l2tp family says of it (kernel-behaviour §1.7) */
struct tunnel_message tunnel_message_of(const struct tunnel *t);

/** ul2tp_tunnel_message_of() - what the ul2tp family says of it; strings are constant */
void ul2tp_tunnel_message_of(const struct tunnel *t, struct ul2tp_tunnel_message *ret);

#endif
