/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel.c - libul2tp: create, change, delete, get and list tunnels; see ul2tp.h */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/exchange.h"
#include "client/params.h"
#include "netlink/tunnel_message.h"
#include "netlink/ul2tp_tunnel_message.h"

static bool wants_daemon(const struct ul2tp_tunnel_params *p)
{
	return p->label || p->device || p->has_fwmark || p->has_tos || p->has_ttl ||
	       p->has_peer_check;
}

static void address_set(union l2tp_address *to, const struct ul2tp_address *from)
{
	if (from->family == AF_INET)
		to->v4 = from->v4;
	else
		to->v6 = from->v6;
}

static int create_set(struct ul2tp *u, const struct ul2tp_tunnel_params *p, struct tunnel_create *t)
{
	*t = (struct tunnel_create){
		.conn_id = p->tunnel_id,
		.peer_conn_id = p->peer_tunnel_id,
		.version = p->version ? p->version : 3,
		.encap = p->encap,
		.has_fd = p->has_fd,
		.fd = p->fd,
	};
	if (p->has_fd)
		return 0;

	if (p->local.family != p->peer.family)
		return connection_fail(u, -EINVAL, "remote",
		                       "remote and local are not of the same address family");
	if (p->local.family != AF_INET && p->local.family != AF_INET6)
		return connection_fail(u, -EINVAL, "local", "local is no IPv4 or IPv6 address");
	t->family = p->local.family;
	address_set(&t->local, &p->local);
	address_set(&t->peer, &p->peer);
	t->local_port = p->local.port;
	t->peer_port = p->peer.port;
	t->checksum = p->udp_csum;
	t->zero_checksum6_tx = p->udp6_no_csum_tx;
	t->zero_checksum6_rx = p->udp6_no_csum_rx;
	return 0;
}

static int options_set(struct ul2tp *u, const struct ul2tp_tunnel_params *p,
                       struct ul2tp_tunnel_options *o)
{
	*o = (struct ul2tp_tunnel_options){
		.mark = p->has_fwmark ? p->fwmark : 0,
		.tos = p->has_tos ? p->tos : 0,
		.ttl = p->has_ttl ? p->ttl : 0,
		.has_peer_check = p->has_peer_check,
		.peer_check = p->peer_check,
	};
	if (p->has_ttl && p->ttl == 0)
		return connection_fail(u, -EINVAL, "ttl", "ttl is 0: expected 1 to 255");
	if (!params_string(o->label, sizeof(o->label), p->label))
		return connection_fail(u, -EINVAL, "label", "label is longer than %d octets",
		                       UL2TP_LABEL_MAX);
	if (!params_string(o->device, sizeof(o->device), p->device))
		return connection_fail(u, -EINVAL, "dev", "dev is longer than %d octets",
		                       IFNAMSIZ - 1);
	return 0;
}

int ul2tp_tunnel_add(struct ul2tp *u, const struct ul2tp_tunnel_params *given)
{
	PARAMS_COPY(struct ul2tp_tunnel_params, p, given);
	struct ul2tp_tunnel_create t;
	bool daemon = wants_daemon(&p);
	struct request r;
	int err = params_check(u, given, given->size, sizeof(p));

	if (err == 0)
		err = create_set(u, &p, &t.l2tp);
	if (err < 0)
		return err;
	err = options_set(u, &p, &t.options);
	if (err < 0)
		return err;

	if (daemon)
		err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_TUNNEL_CREATE, false);
	else
		err = request_begin(&r, u, FAMILY_L2TP, L2TP_CMD_TUNNEL_CREATE, false);
	if (err < 0)
		return err;

	if (daemon)
		ul2tp_tunnel_create_put(&r.attributes, &t);
	else
		tunnel_create_put(&r.attributes, &t.l2tp);
	if (p.has_fd)
		r.fd = p.fd;
	return request_run(&r, NULL, NULL);
}

int ul2tp_tunnel_delete(struct ul2tp *u, uint32_t tunnel_id)
{
	struct request r;
	int err = request_begin(&r, u, FAMILY_L2TP, L2TP_CMD_TUNNEL_DELETE, false);

	if (err < 0)
		return err;
	tunnel_select_put(&r.attributes, tunnel_id);
	return request_run(&r, NULL, NULL);
}

int ul2tp_tunnel_socket_changed(struct ul2tp *u, int fd)
{
	struct request r;
	int err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_SOCKET_CHANGED, false);

	if (err < 0)
		return err;
	r.fd = fd;
	return request_run(&r, NULL, NULL);
}

int ul2tp_tunnel_set(struct ul2tp *u, uint32_t tunnel_id, const char *label, int peer_check)
{
	struct ul2tp_tunnel_set set = {
		.conn_id = tunnel_id,
		.has_label = label,
		.has_peer_check = peer_check >= 0,
		.peer_check = (uint8_t)(peer_check >= 0 ? peer_check : 0),
	};
	struct request r;
	int err;

	if (peer_check > UINT8_MAX)
		return connection_fail(u, -EINVAL, "peer_check", "no such peer_check");
	if (!params_string(set.label, sizeof(set.label), label))
		return connection_fail(u, -EINVAL, "label", "label is longer than %d octets",
		                       UL2TP_LABEL_MAX);
	err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_TUNNEL_SET, false);
	if (err < 0)
		return err;
	ul2tp_tunnel_set_put(&r.attributes, &set);
	return request_run(&r, NULL, NULL);
}

struct listing {
	bool daemon; /* answers are of the family ul2tp */
	bool found;
	ul2tp_tunnel_fn *fn; /* NULL: just keep it */
	void *arg;
};

static int take_tunnel(struct ul2tp *u, const struct nl_message *m, void *arg)
{
	struct listing *l = arg;
	struct reader attributes;

	if (answer_attributes(m, &attributes) < 0 ||
	    tunnel_view_read(attributes, l->daemon, &u->tunnel) < 0)
		return connection_fail(u, -EBADMSG, "", "an answer that is no tunnel");
	l->found = true;
	return l->fn ? l->fn(&u->tunnel.tunnel, l->arg) : 0;
}

static const struct get_commands get = {
	.l2tp = L2TP_CMD_TUNNEL_GET,
	.ul2tp = UL2TP_CMD_TUNNEL_GET,
	.public = UL2TP_CMD_V2_TUNNEL_GET,
};

static int run(struct request *r, struct listing *l)
{
	l->daemon = r->family == FAMILY_UL2TP;
	return request_run(r, take_tunnel, l);
}

int ul2tp_tunnel_get(struct ul2tp *u, uint32_t tunnel_id, unsigned int flags,
                     const struct ul2tp_tunnel **ret)
{
	struct listing l = { 0 };
	struct request r;
	int err = request_begin_get(&r, u, &get, flags, false);

	if (err < 0)
		return err;
	if (r.family == FAMILY_UL2TP)
		ul2tp_tunnel_get_put(&r.attributes, tunnel_id);
	else
		tunnel_select_put(&r.attributes, tunnel_id);
	err = run(&r, &l);
	if (err < 0)
		return err;
	if (!l.found)
		return connection_fail(u, -EBADMSG, "", "the answer has no tunnel in it");
	*ret = &u->tunnel.tunnel;
	return 0;
}

int ul2tp_tunnel_list(struct ul2tp *u, unsigned int flags, ul2tp_tunnel_fn *fn, void *arg)
{
	struct listing l = { .fn = fn, .arg = arg };
	struct request r;
	int err = request_begin_get(&r, u, &get, flags, true);

	return err < 0 ? err : run(&r, &l);
}
