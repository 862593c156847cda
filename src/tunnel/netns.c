/* SPDX-License-Identifier: BSD-2-Clause */
/* netns.c - see netns.h */
#include "tunnel/netns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tunnel/session.h"
#include "tunnel/session_key.h"

struct netns *netns_new(struct netns_id id, uint32_t index)
{
	struct netns *ns = calloc(1, sizeof(*ns));

	if (!ns)
		return NULL;
	ns->id = id;
	ns->index = index;
	list_init(&ns->endpoints);
	list_init(&ns->ip_sockets);
	list_init(&ns->ppp_files);
	return ns;
}

void netns_free(struct netns *ns)
{
	buckets_release(&ns->sessions_by_device);
	buckets_release(&ns->units_by_device);
	free(ns);
}

int netns_may_add(const struct netns *ns, int limit, uint32_t more, struct extack *ea)
{
	static const char *const what[UL2TP_LIMIT_MAX_PLUS_1] = {
		[UL2TP_LIMIT_TUNNELS] = "tunnels",
		[UL2TP_LIMIT_SESSIONS] = "sessions",
		[UL2TP_LIMIT_MEMORY_KIB] = "KiB of memory",
		[UL2TP_LIMIT_SUBSCRIBERS] = "subscribers",
	};
	uint32_t allowed = ns->limits.values[limit];

	if (!allowed || (uint64_t)ns->usage.values[limit] + more <= allowed)
		return 0;
	return extack_fail(ea, -EDQUOT, 0,
	                   "this namespace may have %u %s and has %u; see ul2tp limits", allowed,
	                   what[limit], ns->usage.values[limit]);
}

int netns_request(struct netns *ns, uint64_t now_ms, struct extack *ea)
{
	uint32_t allowed = ns->limits.values[UL2TP_LIMIT_REQUESTS];
	uint32_t *used = &ns->usage.values[UL2TP_LIMIT_REQUESTS];

	if (ns->requests_second != now_ms / 1000) {
		ns->requests_second = now_ms / 1000;
		*used = 0;
	}
	if (allowed && *used >= allowed)
		return extack_fail(ea, -EAGAIN, 0,
		                   "this namespace may make %u requests a second; try again later",
		                   allowed);
	++*used;
	return 0;
}

struct endpoint *netns_endpoint(const struct netns *ns, const struct endpoint_params *params)
{
	list_for_each (node, &ns->endpoints) {
		struct endpoint *e = list_entry(node, struct endpoint, in_netns);

		if (endpoint_same(e, params))
			return e;
	}
	return NULL;
}

struct tunnel *netns_tunnel(const struct netns *ns, uint32_t conn_id)
{
	return ordered_entry(ordered_find(&ns->tunnels, conn_id), struct tunnel, by_id);
}

struct tunnel *netns_tunnel_from(const struct netns *ns, uint64_t conn_id)
{
	return ordered_entry(ordered_from(&ns->tunnels, conn_id), struct tunnel, by_id);
}

static struct session *v3_from(const struct netns *ns, uint64_t key)
{
	return ordered_entry(ordered_from(&ns->v3_sessions, key), struct session, by_id);
}

static struct session *v2_from(const struct netns *ns, uint64_t key)
{
	return ordered_entry(ordered_from(&ns->v2_sessions, key), struct session, by_id);
}

static struct session *v2_session(const struct netns *ns, uint64_t key)
{
	return ordered_entry(ordered_find(&ns->v2_sessions, key), struct session, by_id);
}

/* NL-73: without collision the id alone decides, with one the tunnel does. */
static struct session *v3_session(const struct netns *ns, const struct tunnel *t,
                                  uint32_t session_id)
{
	struct session *s = v3_from(ns, v3_session_key(session_id, 0));

	if (!s || s->record->session_id != session_id)
		return NULL;
	if (!s->record->collides)
		return s;
	return ordered_entry(
		ordered_find(&ns->v3_sessions, v3_session_key(session_id, t->record->conn_id)),
		struct session, by_id);
}

struct session *netns_session(const struct netns *ns, const struct tunnel *t, uint32_t session_id)
{
	if (tunnel_is_v2(t))
		return v2_session(ns, v2_session_key(t->record->conn_id, session_id));
	return v3_session(ns, t, session_id);
}

struct session *netns_session_named(const struct netns *ns, const char *ifname)
{
	for (struct tunnel *t = netns_tunnel_from(ns, 0); t;
	     t = netns_tunnel_from(ns, (uint64_t)t->record->conn_id + 1))
		list_for_each (node, &t->sessions) {
			struct session *s = list_entry(node, struct session, in_tunnel);

			if (!strncmp(s->record->ifname, ifname, IFNAMSIZ))
				return s;
		}
	return NULL;
}

bool netns_session_conflict(const struct netns *ns, const struct tunnel *t, uint32_t session_id)
{
	struct session *s;

	if (t->record->version != 3)
		return v2_session(ns, v2_session_key(t->record->conn_id, session_id)) != NULL;

	/* SES-3, SES-4: sessions of several UDP tunnels may share an id, an IP tunnel's must be alone. */
	for (s = v3_from(ns, v3_session_key(session_id, 0));
	     s && s->record->session_id == session_id; s = v3_from(ns, s->by_id.key + 1))
		if (!endpoint_is_udp(t->endpoint) || !endpoint_is_udp(s->tunnel->endpoint) ||
		    s->tunnel == t)
			return true;
	return false;
}

/* Of a version 2 tunnel by the low 16 bits of the id, without id 0. Linux looks for sessions of the tunnel that has
 * the low 16 bits of this one's id, and ends at one of another tunnel between them: so what is in tunnels beyond 16
 * bits is not dumped, and ends the dump of a smaller one, whose sessions come twice (seen on 6.12). */
static struct session *v2_dump_from(const struct netns *ns, const struct tunnel *t, uint64_t from)
{
	uint32_t conn_id = t->record->conn_id & UINT16_MAX;
	struct session *s;

	if (from > UINT16_MAX)
		return NULL;
	s = v2_from(ns, v2_session_key(conn_id, (uint32_t)from));
	while (s && !s->record->session_id)
		s = v2_from(ns, s->by_id.key + 1);
	return s && s->tunnel->record->conn_id == conn_id ? s : NULL;
}

struct session *netns_dump_from(const struct netns *ns, const struct tunnel *t, uint64_t from)
{
	if (tunnel_is_v2(t))
		return v2_dump_from(ns, t, from);
	if (t->record->version != 3)
		return NULL;
	return ordered_entry(ordered_from(&t->by_session_id, from), struct session,
	                     by_id_in_tunnel);
}
