/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel.c - see tunnel.h */
#include "tunnel/tunnel.h"

#include <stdlib.h>
#include <string.h>

#include "encap/address.h"
#include "tunnel/accounts.h"
#include "tunnel/session.h"

struct tunnel *tunnel_new(struct netns *ns, uint32_t index, struct tunnel_record *record,
                          struct endpoint *endpoint)
{
	struct tunnel *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->netns = ns;
	t->index = index;
	t->record = record;
	t->endpoint = endpoint;
	list_init(&t->sessions);
	return t;
}

void tunnel_free(struct tunnel *t)
{
	free(t);
}

bool tunnel_insert(struct tunnel *t)
{
	if (!ordered_insert(&t->netns->tunnels, &t->by_id, t->record->conn_id))
		return false;
	t->netns->users++;
	t->endpoint->users++;
	t->netns->usage.values[UL2TP_LIMIT_TUNNELS]++;
	return true;
}

void tunnel_remove(struct tunnel *t)
{
	ordered_remove(&t->netns->tunnels, &t->by_id);
	t->netns->users--;
	t->endpoint->users--;
	t->netns->usage.values[UL2TP_LIMIT_TUNNELS]--;
}

struct tunnel_message tunnel_message_of(const struct tunnel *t)
{
	const struct tunnel_record *r = t->record;
	uint8_t flags = t->endpoint->at.params.flags;

	return (struct tunnel_message){
		.conn_id = r->conn_id,
		.peer_conn_id = r->peer_conn_id,
		.version = r->version,
		.encap = r->encap,
		.stats = tunnel_stats(t),
		.family = t->endpoint->at.params.local.any.sa_family,
		.local = address_ip(&r->source),
		.peer = address_ip(&r->peer),
		.local_port = address_port(&r->source),
		.peer_port = address_port(&r->peer),
		.checksum = flags & ENDPOINT_CHECKSUM_TX,
		.zero_checksum6_tx = flags & ENDPOINT_ZERO_CHECKSUM6_TX,
		.zero_checksum6_rx = flags & ENDPOINT_ZERO_CHECKSUM6_RX,
	};
}

/* DBG-13: the socket of an IP tunnel has one reference fewer. */
static struct ul2tp_debug debug_of(const struct tunnel *t)
{
	struct ul2tp_debug debug = {
		.references = t->session_count + 2,
		.socket_references = endpoint_is_udp(t->endpoint) ? 3 : 2,
	};

	list_for_each (node, &t->sessions)
		debug.sessions +=
			list_entry(node, struct session, in_tunnel)->record->session_id != 0;
	return debug;
}

void ul2tp_tunnel_message_of(const struct tunnel *t, struct ul2tp_tunnel_message *ret)
{
	const struct endpoint_params *e = &t->endpoint->at.params;

	memset(ret, 0, sizeof(*ret));
	ret->l2tp = tunnel_message_of(t);
	memcpy(ret->options.label, t->record->label, sizeof(ret->options.label));
	memcpy(ret->options.device, e->device, sizeof(ret->options.device));
	ret->options.mark = e->mark;
	ret->options.tos = e->tos;
	ret->options.ttl = e->ttl;
	ret->options.has_peer_check = true;
	ret->options.peer_check = t->record->peer_check;
	ret->created = t->record->created_s;
	tunnel_accounts(t, &ret->accounts);
	ret->debug = debug_of(t);
}
