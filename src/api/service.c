/* SPDX-License-Identifier: BSD-2-Clause */
/* service.c - what all services do with a request: who may ask for it, what it names, the answer; see request.h */
#include <errno.h>

#include "api/request.h"
#include "api/server.h"
#include "netlink/l2tp_family.h"

int request_check_privilege(struct request *r, enum genl_privilege privilege)
{
	struct connection *c = r->c;
	int err = -EPERM;

	if (privilege == GENL_ANYONE)
		return 0;
	if (!c->rights_dropped && c->rights_kept && privilege == GENL_ADMIN)
		return 0;
	if (!c->rights_dropped)
		err = keeper_client_check(c->server->keeper, c->client.slot, c->sender,
		                          privilege == GENL_DAEMON_ADMIN);
	if (err < 0)
		extack_set(
			&r->ea, 0,
			err == -ECONNRESET
				? "ul2tpd is ending, or gives its place to another: ask again"
			: err == -ENFILE
				? "ul2tpd is out of descriptors, and can not see who asks: raise its limit (LimitNOFILE)"
			: privilege == GENL_DAEMON_ADMIN
				? "this needs CAP_NET_ADMIN where ul2tpd was started"
				: "this needs CAP_NET_ADMIN in the network namespace: run it as root there");
	return err;
}

void request_answer_all(struct request *r, struct writer *w)
{
	size_t len = write_len(w);

	if (nl_message_wants_ack(&r->message))
		r->acknowledged = nl_error_put(w, &r->message, 0, &r->ea, &r->fault, r->c->options);
	connection_answer(r->c, w->start, r->acknowledged ? write_len(w) : len);
}

int request_tunnel_find(struct request *r, const struct attributes *a, struct tunnel **ret)
{
	uint32_t conn_id;
	int err = l2tp_conn_id_read(a, &conn_id, &r->ea);

	if (err < 0)
		return err;
	*ret = netns_tunnel(r->c->netns, conn_id);
	if (!*ret)
		return extack_fail(&r->ea, -ENODEV, L2TP_ATTR_CONN_ID, "there is no tunnel %u here",
		                   conn_id);
	return 0;
}

/* In the order of the requests of a datagram, whatever becomes of each. */
int request_take_socket(struct request *r, const struct attributes *a)
{
	if (!attributes_has(a, L2TP_ATTR_FD) || (int)attributes_u32(a, L2TP_ATTR_FD) < 0)
		return -EBADF;
	return connection_take_descriptor(r->c);
}

int request_session_find(struct request *r, const struct session_select *select,
                         struct session **ret)
{
	const struct netns *ns = r->c->netns;
	struct tunnel *t;

	if (select->by_ifname) {
		*ret = netns_session_named(ns, select->ifname);
		return *ret ? 0
		            : extack_fail(&r->ea, -ENODEV, L2TP_ATTR_IFNAME,
		                          "there is no session that was created as %s here",
		                          select->ifname);
	}
	t = netns_tunnel(ns, select->conn_id);
	if (!t)
		return extack_fail(&r->ea, -ENODEV, L2TP_ATTR_CONN_ID, "there is no tunnel %u here",
		                   select->conn_id);
	*ret = netns_session(ns, t, select->session_id);
	if (!*ret)
		return extack_fail(&r->ea, -ENODEV, L2TP_ATTR_SESSION_ID,
		                   "there is no session %u in tunnel %u", select->session_id,
		                   select->conn_id);
	return 0;
}

bool dump_tunnels(struct connection *c, struct writer *w, tunnel_put_fn *put)
{
	struct dump *d = &c->dump;
	struct tunnel *t;

	while ((t = netns_tunnel_from(c->netns, d->next_tunnel))) {
		if (!put(w, &d->request, L2TP_DUMP_FLAGS, t))
			return false;
		d->next_tunnel = (uint64_t)t->record->conn_id + 1;
	}
	return true;
}

/* Of a v2 tunnel the order is by the low 16 bits of the id. */
static uint64_t dump_position(const struct session *s)
{
	uint32_t id = s->record->session_id;

	return (uint64_t)(tunnel_is_v2(s->tunnel) ? id & 0xffff : id) + 1;
}

bool dump_sessions(struct connection *c, struct writer *w, session_put_fn *put)
{
	struct dump *d = &c->dump;
	struct tunnel *t;
	struct session *s;

	for (; (t = netns_tunnel_from(c->netns, d->next_tunnel));
	     d->next_tunnel = (uint64_t)t->record->conn_id + 1, d->next_session = 0) {
		if (t->record->conn_id != d->next_tunnel) { /* the one we were in has gone */
			d->next_tunnel = t->record->conn_id;
			d->next_session = 0;
		}
		while ((s = netns_dump_from(c->netns, t, d->next_session))) {
			if (!put(w, &d->request, L2TP_DUMP_FLAGS, s))
				return false;
			d->next_session = dump_position(s);
		}
	}
	return true;
}
