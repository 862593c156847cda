/* SPDX-License-Identifier: BSD-2-Clause */
/* session.c - see session.h */
#include "tunnel/session.h"

#include <linux/if_tun.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/hash.h"
#include "keeper/fast_reason.h"
#include "tunnel/accounts.h"
#include "tunnel/session_key.h"
#include "wire/data_header.h"

struct session *session_new(struct tunnel *t, uint32_t index, struct session_record *record)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->tunnel = t;
	s->index = index;
	s->record = record;
	s->tap = -1;
	list_init(&s->in_tunnel);
	return s;
}

void session_free(struct session *s)
{
	free(s);
}

/* Of sessions that share an id each is marked, for good: SES-5. */
static void mark_collisions(struct session *s)
{
	struct netns *ns = s->tunnel->netns;
	uint32_t id = s->record->session_id;
	struct ordered_node *node = ordered_from(&ns->v3_sessions, v3_session_key(id, 0));

	while (node) {
		struct session *other = container_of(node, struct session, by_id);

		if (other->record->session_id != id)
			return;
		if (other != s)
			other->record->collides = s->record->collides = 1;
		node = ordered_from(&ns->v3_sessions, node->key + 1);
	}
}

void session_insert(struct session *s)
{
	struct tunnel *t = s->tunnel;
	struct netns *ns = t->netns;
	uint32_t conn_id = t->record->conn_id, id = s->record->session_id;

	if (t->record->version == 3) {
		ordered_insert(&ns->v3_sessions, &s->by_id, v3_session_key(id, conn_id));
		ordered_insert(&t->by_session_id, &s->by_id_in_tunnel, id);
		mark_collisions(s);
	} else {
		ordered_insert(&ns->v2_sessions, &s->by_id, v2_session_key(conn_id, id));
	}
	if (s->ifindex)
		buckets_insert(&ns->sessions_by_device, &s->by_device,
		               hash_u64((uint32_t)s->ifindex, 0));
	list_prepend(&t->sessions, &s->in_tunnel);
	t->session_count++;
	ns->usage.values[UL2TP_LIMIT_SESSIONS]++;
}

void session_remove(struct session *s)
{
	struct tunnel *t = s->tunnel;

	if (t->record->version == 3) {
		ordered_remove(&t->netns->v3_sessions, &s->by_id);
		ordered_remove(&t->by_session_id, &s->by_id_in_tunnel);
	} else {
		ordered_remove(&t->netns->v2_sessions, &s->by_id);
	}
	if (s->ifindex)
		buckets_remove(&t->netns->sessions_by_device, &s->by_device);
	list_remove(&s->in_tunnel);
	t->session_count--;
	t->netns->usage.values[UL2TP_LIMIT_SESSIONS]--;
}

bool session_can_be_found(const struct session *s)
{
	return s->tunnel->record->version == 2 || s->tunnel->record->version == 3;
}

static struct l2tp_cookie cookie_of(uint8_t len, const uint8_t octets[8])
{
	struct l2tp_cookie cookie = { .len = len };

	memcpy(cookie.octets, octets, sizeof(cookie.octets));
	return cookie;
}

struct session_message session_message_of(const struct session *s)
{
	const struct session_record *r = s->record;
	struct session_message m = {
		.conn_id = s->tunnel->record->conn_id,
		.session_id = r->session_id,
		.peer_conn_id = s->tunnel->record->peer_conn_id,
		.peer_session_id = r->peer_session_id,
		.pw_type = r->pw_type,
		.cookie = cookie_of(r->cookie_len, r->cookie),
		.peer_cookie = cookie_of(r->peer_cookie_len, r->peer_cookie),
		.recv_seq = r->recv_seq,
		.send_seq = atomic_load_explicit(&r->send_seq, memory_order_relaxed),
		.lns_mode = r->lns_mode,
		.recv_timeout_ms = r->reorder_timeout_ms,
		.stats = session_stats(s),
	};

	memcpy(m.ifname, r->ifname, sizeof(m.ifname));
	return m;
}

/* Not the one it was made with: it may have been renamed, or be gone. */
static void device_name(int tap, char ret[IFNAMSIZ])
{
	struct ifreq request = { 0 };

	ret[0] = '\0';
	if (tap >= 0 && ioctl(tap, TUNGETIFF, &request) == 0)
		memcpy(ret, request.ifr_name, IFNAMSIZ);
}

static struct ul2tp_debug debug_of(const struct session *s)
{
	const struct session_record *r = s->record;
	uint32_t max = data_ns_max(s->tunnel->record->version);
	struct ul2tp_debug debug = {
		.references = 2u + r->collides + (s->channel ? 1 : 0), /* DBG-13 */
		.has_socket = s->channel,
		.socket_state = s->socket_state,
		.ns = atomic_load_explicit(&r->tx.ns, memory_order_relaxed) & max,
		.nr = atomic_load_explicit(&r->rx.nr, memory_order_relaxed) & max,
	};

	device_name(s->tap, debug.device);
	return debug;
}

void ul2tp_session_message_of(const struct session *s, struct ul2tp_session_message *ret)
{
	const struct fast_reason_text fast = fast_reason_text(atomic_load(&s->record->fast_reason));

	memset(ret, 0, sizeof(*ret));
	ret->l2tp = session_message_of(s);
	memcpy(ret->label, s->record->label, sizeof(ret->label));
	ret->l2spec_type = s->record->l2spec_type;
	ret->created = s->record->created_s;
	ret->mtu = s->record->mtu_bytes;
	ret->fast_path = fast.name;
	ret->fast_path_words = fast.words;
	session_accounts(s, &ret->accounts);
	ret->debug = debug_of(s);
}
