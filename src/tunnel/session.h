/* SPDX-License-Identifier: BSD-2-Clause */
/* session.h - a session as it stands in the tables of the API thread */
#ifndef UL2TP_TUNNEL_SESSION_H
#define UL2TP_TUNNEL_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/ordered.h"
#include "keeper/fast_path.h"
#include "keeper/records.h"
#include "netlink/ul2tp_session_message.h"
#include "tunnel/tunnel.h"

struct channel;
struct receiver;
struct sender;

struct session {
	struct ordered_node by_id; /* in v3_sessions or v2_sessions of the namespace */
	struct ordered_node by_id_in_tunnel;
	struct list in_tunnel;
	struct bucket_node by_device;
	struct tunnel *tunnel;
	uint32_t index; /* of the record */
	struct session_record *record;
	const struct fast_board *fast; /* where the fast path counts; NULL: there is none */
	int tap;                       /* its interface; -1: none */
	int ifindex;                   /* which number that had when it was made; 0: none */
	struct receiver *receiver;     /* its direction from the peer; see path/receiver.h */
	struct sender *sender;         /* its direction to the peer; see path/sender.h */
	struct channel *
		channel; /* the link of the socket that is attached (PPP); NULL: none is; see path/channel.h */
	uint8_t socket_state; /* of that socket: PX-3 */
};

/** session_new() - for a record; NULL: out of memory */
struct session *session_new(struct tunnel *t, uint32_t index, struct session_record *record);
void session_free(struct session *s);

/** session_insert() - into its tunnel and the namespace's tables, and mark collisions (SES-5) */
void session_insert(struct session *s);
void session_remove(struct session *s);

/** session_can_be_found() - by ids: not in tunnels of unknown version (SES-7) */
bool session_can_be_found(const struct session *s);

/** session_message_of() - what the l2tp family says of it (kernel-behaviour §1.10) */
struct session_message session_message_of(const struct session *s);

/** ul2tp_session_message_of() - what the ul2tp family says of it */
void ul2tp_session_message_of(const struct session *s, struct ul2tp_session_message *ret);

#endif
