/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_socket.c - connect() of a PPPoL2TP socket, and its name; see ppp_socket.h
 *
 * One call can make a tunnel, a session and a channel. What it made is removed again when a later step fails (PX-23).
 */
#include "path/ppp_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "encap/address.h"
#include "path/channel.h"
#include "path/dataplane_private.h"
#include "path/ip_socket.h"
#include "path/ppp_record.h"
#include "wire/data_header.h"

/* PX-13: a tunnel's own socket, which shows the hidden session 0. */
static bool is_management(const struct ppp_name *n)
{
	return !n->session_id && !n->peer_session_id;
}

static int read_name(struct reader *octets, struct ppp_name *ret, struct extack *ea)
{
	size_t len = read_left(octets);

	if (ppp_name_read(read_bytes(octets, len), len, ret) < 0)
		return extack_fail(ea, -EINVAL, 0, "the name has %zu octets, not 38, 46, 50 or 58",
		                   len);
	if (ret->protocol != PPP_NAME_PROTOCOL)
		return extack_fail(ea, -EINVAL, 0, "sa_protocol is %u, not 1 (PX_PROTO_OL2TP)",
		                   ret->protocol);
	if (!ret->conn_id)
		return extack_fail(ea, -EINVAL, 0, "s_tunnel is 0");
	return 0;
}

static bool is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

/* PX-29. The keeper compares the namespace of a program's socket with the caller's. A descriptor that is none is refused as
 * that, and so is a PPPoL2TP socket, wherever the pair was made; one of an L2TP/IP socket stands for what is in the namespace
 * that we know. */
static int check_netns(const struct ppp_file *f, const struct ppp_caller *caller, int fd,
                       struct extack *ea)
{
	if (caller->netns == f->netns || !is_socket(fd) || ip_socket_of(f->dp, fd) ||
	    !ppp_end_check(fd, NULL))
		return 0;
	return extack_fail(ea, -EINVAL, 0,
	                   "the socket is of another network namespace than its caller");
}

static int make_tunnel(struct ppp_file *f, const struct ppp_caller *caller,
                       const struct ppp_name *n, int fd, struct tunnel **ret, struct extack *ea)
{
	struct ul2tp_tunnel_create params = {
		.l2tp = { .conn_id = n->conn_id,
		          .peer_conn_id = n->peer_conn_id,
		          .version = n->version,
		          .encap = L2TP_ENCAPTYPE_UDP,
		          .has_fd = true,
		          .fd = n->fd },
	};
	int err;

	if (n->fd < 0)
		return extack_fail(ea, -EBADF, 0, "there is no tunnel %u, and fd is %d", n->conn_id,
		                   n->fd);
	err = check_netns(f, caller, fd, ea);
	if (err < 0)
		return err;
	return dataplane_tunnel_add(f->dp, f->netns, caller->client, &params, fd, ret, ea);
}

/* PX-13 to PX-15 */
static int get_tunnel(struct ppp_file *f, const struct ppp_caller *caller, const struct ppp_name *n,
                      int fd, struct tunnel **ret, bool *made, struct extack *ea)
{
	int err;

	*made = false;
	*ret = netns_tunnel(f->netns, n->conn_id);
	if (*ret)
		return 0;
	if (!is_management(n))
		return extack_fail(ea, -ENOENT, 0, "there is no tunnel %u here", n->conn_id);
	err = make_tunnel(f, caller, n, fd, ret, ea);
	*made = !err;
	return err;
}

/* PX-24. Its sessions send to the id from now on. */
static void give_peer_id(struct dataplane *dp, struct tunnel *t, uint32_t peer_conn_id)
{
	if (t->record->peer_conn_id || !peer_conn_id)
		return;
	t->record->peer_conn_id = peer_conn_id;
	list_for_each (node, &t->sessions)
		sender_peer_changed(list_entry(node, struct session, in_tunnel)->sender);
	dataplane_wait(dp);
}

static int check_session(const struct session *s, struct extack *ea)
{
	const struct session_record *r = s->record;

	if (r->pw_type != L2TP_PWTYPE_PPP) /* PX-18 */
		return extack_fail(ea, -EPROTOTYPE, 0, "session %u is not for PPP", r->session_id);
	if (s->channel) /* PX-19 */
		return extack_fail(ea, -EEXIST, 0, "session %u has a socket already",
		                   r->session_id);
	return 0;
}

/* PX-20, Q-26 */
static int make_session(struct ppp_file *f, const struct ppp_caller *caller, struct tunnel *t,
                        const struct ppp_name *n, pid_t pid, struct session **ret,
                        struct extack *ea)
{
	struct session_create params = {
		.conn_id = t->record->conn_id,
		.session_id = n->session_id,
		.peer_session_id = n->peer_session_id,
		.pw_type = L2TP_PWTYPE_PPP,
		.l2spec_type = L2TP_L2SPECTYPE_NONE,
	};
	int err = dataplane_session_add(f->dp, t, caller->client, &params, "", ret, ea);

	if (!err)
		(*ret)->record->owner = (uint32_t)pid;
	return err;
}

/* PX-17 to PX-22 */
static int attach(struct ppp_file *f, const struct ppp_caller *caller, struct tunnel *t,
                  const struct ppp_name *n, pid_t pid, struct extack *ea)
{
	struct session *s = netns_session(f->netns, t, n->session_id); /* PX-33 */
	bool made = !s;
	int err;

	if (made)
		ppp_record_connecting(f, t, n->session_id);
	err = s ? check_session(s, ea) : make_session(f, caller, t, n, pid, &s, ea);
	/* One that the launcher made for a program has the launcher's own number, which it tells better now. */
	if (!err && s->record->owner == (uint32_t)caller->pid)
		s->record->owner = (uint32_t)pid;
	if (!err) {
		ppp_end_empty(&f->end); /* nothing can be sent before */
		err = channel_new(f, s, &f->channel);
		if (err < 0 && made)
			dataplane_session_remove(f->dp, s);
	}
	ppp_record_update(f);
	return err;
}

int ppp_socket_connect(struct ppp_file *f, const struct ppp_caller *caller, struct reader name,
                       pid_t pid, int fd, struct extack *ea)
{
	struct tunnel *t = NULL;
	struct ppp_name n;
	bool made = false;
	int err = read_name(&name, &n, ea);

	if (!err)
		err = get_tunnel(f, caller, &n, fd, &t, &made, ea);
	if (err < 0)
		return err;
	if (f->channel) { /* PX-16, PX-60 */
		err = extack_fail(ea, -EBUSY, 0, "the socket is connected already");
	} else {
		give_peer_id(f->dp, t, n.peer_conn_id);
		err = attach(f, caller, t, &n, pid, ea);
	}
	if (err < 0 && made)
		dataplane_tunnel_remove(f->dp, t);
	return err;
}

/* As the tunnel's socket has it: that of an IPv6 socket can be an IPv4 address written as IPv6. */
static void put_peer(struct ppp_name *n, const struct tunnel *t)
{
	const union address *peer = &t->record->peer;

	if (!n->ipv6) {
		n->peer.v4 = (struct sockaddr_in){ .sin_family = AF_INET };
		if (!t->record->peer_known || peer->any.sa_family != AF_INET)
			return;
		n->peer.v4.sin_addr = peer->v4.sin_addr;
		n->peer.v4.sin_port = htons(address_port(peer));
		return;
	}
	n->peer.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
	if (!t->record->peer_known)
		return;
	n->peer.v6.sin6_port = htons(address_port(peer));
	if (peer->any.sa_family == AF_INET6) {
		n->peer.v6.sin6_addr = peer->v6.sin6_addr;
	} else {
		n->peer.v6.sin6_addr.s6_addr[10] = n->peer.v6.sin6_addr.s6_addr[11] = 0xff;
		memcpy(&n->peer.v6.sin6_addr.s6_addr[12], &peer->v4.sin_addr, 4);
	}
}

int ppp_socket_name(const struct ppp_file *f, uint8_t name[PPP_NAME_MAX], struct extack *ea)
{
	const struct session *s = f->channel ? f->channel->session : NULL;
	const struct tunnel *t;
	struct ppp_name n;

	if (!f->channel)
		return extack_fail(ea, -ENOTCONN, 0, "the socket is not connected");
	if (!s)
		return extack_fail(ea, -EBADF, 0, "the socket's session has been deleted");
	t = s->tunnel;
	n = (struct ppp_name){
		.version = tunnel_is_v2(t) ? 2 : 3,
		.ipv6 = t->endpoint->at.params.local.any.sa_family == AF_INET6,
		.family = PPP_NAME_FAMILY,
		.protocol = PPP_NAME_PROTOCOL,
		.pid = (int32_t)s->record->owner,
		.fd = t->record->fd,
		.conn_id = t->record->conn_id,
		.session_id = s->record->session_id,
		.peer_conn_id = t->record->peer_conn_id,
		.peer_session_id = s->record->peer_session_id,
	};
	put_peer(&n, t);
	return (int)ppp_name_write(&n, name);
}
