/* SPDX-License-Identifier: BSD-2-Clause */
/* session.c - libul2tp: create, change, delete, get and list sessions; see ul2tp.h */
#include <errno.h>
#include <string.h>

#include "client/exchange.h"
#include "client/params.h"
#include "client/several.h"
#include "netlink/attribute.h"
#include "netlink/session_message.h"
#include "netlink/ul2tp_session_message.h"

static int cookie_set(struct ul2tp *u, const struct ul2tp_cookie *from, const char *argument,
                      struct l2tp_cookie *to)
{
	if (from->length > sizeof(from->octets))
		return connection_fail(u, -EINVAL, argument, "%s is longer than %zu octets",
		                       argument, sizeof(from->octets));
	to->len = from->length;
	memcpy(to->octets, from->octets, from->length);
	return 0;
}

static int create_set(struct ul2tp *u, const struct ul2tp_session_params *p,
                      struct session_create *s)
{
	int err;

	*s = (struct session_create){
		.conn_id = p->tunnel_id,
		.session_id = p->session_id,
		.peer_session_id = p->peer_session_id,
		.pw_type = p->pw_type ? p->pw_type : L2TP_PWTYPE_ETH,
		.l2spec_type = p->has_l2spec_type ? p->l2spec_type : L2TP_L2SPECTYPE_DEFAULT,
		.has_ifname = p->ifname,
		.recv_seq = p->recv_seq,
		.send_seq = p->send_seq,
		.lns_mode = p->lns_mode,
		.recv_timeout_ms = p->reorder_timeout_ms,
	};
	if (!params_string(s->ifname, sizeof(s->ifname), p->ifname))
		return connection_fail(u, -EINVAL, "name", "name is longer than %d octets",
		                       IFNAMSIZ - 1);
	err = cookie_set(u, &p->cookie, "cookie", &s->cookie);
	if (err < 0)
		return err;
	return cookie_set(u, &p->peer_cookie, "peer_cookie", &s->peer_cookie);
}

int session_add_begin(struct request *r, struct ul2tp *u, const struct ul2tp_session_params *given)
{
	PARAMS_COPY(struct ul2tp_session_params, p, given);
	struct session_create s;
	int err = params_check(u, given, given->size, sizeof(p));

	if (err == 0)
		err = create_set(u, &p, &s);
	if (err < 0)
		return err;
	if (p.label)
		err = request_begin(r, u, FAMILY_UL2TP, UL2TP_CMD_SESSION_CREATE, false);
	else
		err = request_begin(r, u, FAMILY_L2TP, L2TP_CMD_SESSION_CREATE, false);
	if (err < 0)
		return err;

	if (p.label) {
		ul2tp_session_create_put(&r->attributes, &s, p.label);
	} else {
		if (p.peer_tunnel_id)
			attribute_put_u32(&r->attributes, L2TP_ATTR_PEER_CONN_ID, p.peer_tunnel_id);
		session_create_put(&r->attributes, &s);
	}
	return 0;
}

int ul2tp_session_add(struct ul2tp *u, const struct ul2tp_session_params *given)
{
	struct request r;
	int err = session_add_begin(&r, u, given);

	return err < 0 ? err : request_run(&r, NULL, NULL);
}

static int select_set(struct ul2tp *u, const struct ul2tp_session_key *key,
                      struct session_select *s)
{
	*s = (struct session_select){
		.by_ifname = key->ifname,
		.conn_id = key->tunnel_id,
		.session_id = key->session_id,
	};
	if (!params_string(s->ifname, sizeof(s->ifname), key->ifname))
		return connection_fail(u, -EINVAL, "name", "name is longer than %d octets",
		                       IFNAMSIZ - 1);
	return 0;
}

int ul2tp_session_delete(struct ul2tp *u, const struct ul2tp_session_key *key)
{
	struct session_select s;
	struct request r;
	int err = select_set(u, key, &s);

	if (err < 0)
		return err;
	err = request_begin(&r, u, FAMILY_L2TP, L2TP_CMD_SESSION_DELETE, false);
	if (err < 0)
		return err;
	session_select_put(&r.attributes, &s);
	return request_run(&r, NULL, NULL);
}

static int label_change(struct ul2tp *u, const struct session_select *select, const char *label)
{
	struct ul2tp_session_set set = { .select = *select, .has_label = true };
	struct request r;
	int err;

	if (!params_string(set.label, sizeof(set.label), label))
		return connection_fail(u, -EINVAL, "label", "label is longer than %d octets",
		                       UL2TP_LABEL_MAX);
	err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_SESSION_SET, false);
	if (err < 0)
		return err;
	ul2tp_session_set_put(&r.attributes, &set);
	return request_run(&r, NULL, NULL);
}

int ul2tp_session_set(struct ul2tp *u, const struct ul2tp_session_key *key,
                      const struct ul2tp_session_change *given)
{
	PARAMS_COPY(struct ul2tp_session_change, c, given);
	struct session_modify modify = {
		.has_recv_seq = c.has_recv_seq,
		.has_send_seq = c.has_send_seq,
		.has_lns_mode = c.has_lns_mode,
		.has_recv_timeout = c.has_reorder_timeout,
		.recv_seq = c.recv_seq,
		.send_seq = c.send_seq,
		.lns_mode = c.lns_mode,
		.recv_timeout_ms = c.reorder_timeout_ms,
	};
	struct session_select select;
	struct request r;
	int err = params_check(u, given, given->size, sizeof(c));

	if (err == 0)
		err = select_set(u, key, &select);
	if (err < 0)
		return err;
	/* The label first: it is what a kernel refuses, and then nothing has changed. */
	if (c.label) {
		err = label_change(u, &select, c.label);
		if (err < 0)
			return err;
	}
	if (!c.has_recv_seq && !c.has_send_seq && !c.has_lns_mode && !c.has_reorder_timeout)
		return 0;
	err = request_begin(&r, u, FAMILY_L2TP, L2TP_CMD_SESSION_MODIFY, false);
	if (err < 0)
		return err;
	session_select_put(&r.attributes, &select);
	session_modify_put(&r.attributes, &modify);
	return request_run(&r, NULL, NULL);
}

struct listing {
	bool daemon; /* answers are of the family ul2tp */
	bool found;
	ul2tp_session_fn *fn; /* NULL: just keep it */
	void *arg;
};

static int take_session(struct ul2tp *u, const struct nl_message *m, void *arg)
{
	struct listing *l = arg;
	struct reader attributes;

	if (answer_attributes(m, &attributes) < 0 ||
	    session_view_read(attributes, l->daemon, &u->session) < 0)
		return connection_fail(u, -EBADMSG, "", "an answer that is no session");
	l->found = true;
	return l->fn ? l->fn(&u->session.session, l->arg) : 0;
}

static const struct get_commands get = {
	.l2tp = L2TP_CMD_SESSION_GET,
	.ul2tp = UL2TP_CMD_SESSION_GET,
	.public = UL2TP_CMD_V2_SESSION_GET,
};

static int run(struct request *r, struct listing *l)
{
	l->daemon = r->family == FAMILY_UL2TP;
	return request_run(r, take_session, l);
}

int ul2tp_session_get(struct ul2tp *u, const struct ul2tp_session_key *key, unsigned int flags,
                      const struct ul2tp_session **ret)
{
	struct session_select select;
	struct listing l = { 0 };
	struct request r;
	int err = select_set(u, key, &select);

	if (err < 0)
		return err;
	err = request_begin_get(&r, u, &get, flags, false);
	if (err < 0)
		return err;
	if (r.family == FAMILY_UL2TP)
		ul2tp_session_get_put(&r.attributes, &select);
	else
		session_select_put(&r.attributes, &select);
	err = run(&r, &l);
	if (err < 0)
		return err;
	if (!l.found)
		return connection_fail(u, -EBADMSG, "", "the answer has no session in it");
	*ret = &u->session.session;
	return 0;
}

int ul2tp_session_list(struct ul2tp *u, unsigned int flags, ul2tp_session_fn *fn, void *arg)
{
	struct listing l = { .fn = fn, .arg = arg };
	struct request r;
	int err = request_begin_get(&r, u, &get, flags, true);

	return err < 0 ? err : run(&r, &l);
}
