/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_tunnel.c - tunnels come and go; see dataplane.h */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "encap/address.h"
#include "path/dataplane_private.h"
#include "path/intake.h"
#include "path/ip_socket.h"
#include "path/ppp_end.h"
#include "path/receiver.h"
#include "path/sender.h"

/* What the records cost us; interfaces and sockets are the system's and not in it. */
#define TUNNEL_KIB                                                                                 \
	((uint32_t)((sizeof(struct tunnel) + sizeof(struct tunnel_record) + 1023) / 1024))

static bool is_udp(const struct tunnel_create *params)
{
	return params->encap == L2TP_ENCAPTYPE_UDP;
}

/* NL-43: a negative descriptor means none, and no addresses. */
static int check_params(struct tunnel_create *params, struct extack *ea)
{
	if (params->has_fd) {
		params->family = AF_INET;
		params->local = params->peer = (union l2tp_address){ 0 };
		params->local_port = params->peer_port = 0;
	}
	if (params->family != AF_INET6)
		return 0;
	if (IN6_IS_ADDR_V4MAPPED(&params->local.v6))
		return extack_fail(ea, -EINVAL, L2TP_ATTR_IP6_SADDR,
		                   "local is an IPv4 address written as IPv6, give it as IPv4");
	if (IN6_IS_ADDR_V4MAPPED(&params->peer.v6))
		return extack_fail(ea, -EINVAL, L2TP_ATTR_IP6_DADDR,
		                   "remote is an IPv4 address written as IPv6, give it as IPv4");
	return 0;
}

static struct endpoint_params endpoint_params_of(const struct ul2tp_tunnel_create *params)
{
	const struct tunnel_create *p = &params->l2tp;
	struct endpoint_params e;

	memset(&e, 0, sizeof(e));
	e.local = address_make(p->family, &p->local, is_udp(p) ? p->local_port : 0);
	e.protocol = is_udp(p) ? IPPROTO_UDP : PROTOCOL_L2TP;
	if (is_udp(p) && p->family == AF_INET && p->checksum)
		e.flags |= ENDPOINT_CHECKSUM_TX;
	if (is_udp(p) && p->family == AF_INET6 && p->zero_checksum6_tx)
		e.flags |= ENDPOINT_ZERO_CHECKSUM6_TX;
	if (is_udp(p) && p->family == AF_INET6 && p->zero_checksum6_rx)
		e.flags |= ENDPOINT_ZERO_CHECKSUM6_RX;
	e.tos = params->options.tos;
	e.ttl = params->options.ttl;
	e.mark = params->options.mark;
	memcpy(e.device, params->options.device, sizeof(e.device));
	return e;
}

/* One that is open already is shared, but not to the same peer. */
static int get_endpoint(struct dataplane *dp, struct netns *ns, uint32_t client,
                        const struct ul2tp_tunnel_create *params, const union address *peer,
                        struct endpoint **ret, struct extack *ea)
{
	struct endpoint_params wanted = endpoint_params_of(params);
	bool alone = dp->options.quirks.kernels_way[QUIRK_CONNECTED] && is_udp(&params->l2tp);
	struct endpoint *e;

	if (alone && address_port(peer)) /* TUN-10, TUN-16 */
		wanted.peer = *peer;
	e = alone ? NULL : netns_endpoint(ns, &wanted);
	/* IP tunnels are told apart by their ids (TUN-11). */
	if (e && is_udp(&params->l2tp) && intake_tunnel_to(e->intake, peer))
		return extack_fail(ea, -EADDRINUSE, 0,
		                   "another tunnel has this local address and port, and this peer");
	if (!e)
		return dataplane_endpoint_open(dp, ns, client, &wanted,
		                               dataplane_spread_wish(params->l2tp.version), ret,
		                               ea);
	*ret = e;
	return 0;
}

static bool is_managed(const struct tunnel_create *params)
{
	return params->has_fd && params->fd >= 0;
}

static int get_managed(struct dataplane *dp, struct netns *ns, uint32_t client,
                       const struct tunnel_create *params, int fd, struct endpoint **ret,
                       struct extack *ea)
{
	uint8_t protocol = is_udp(params) ? IPPROTO_UDP : PROTOCOL_L2TP;
	struct ip_socket *s;
	int err;

	if (fd < 0)
		return extack_fail(ea, -EBADF, L2TP_ATTR_FD,
		                   "no descriptor came with the request (SCM_RIGHTS)");
	if (!ppp_end_check(fd, NULL))
		return extack_fail(ea, -EPROTONOSUPPORT, L2TP_ATTR_FD,
		                   "the descriptor is that of a PPPoL2TP socket");
	s = ip_socket_of(dp, fd);
	if (s)
		return ip_socket_endpoint(s, ns, params->encap, ret, ea);
	err = endpoint_managed_new(dp->keeper, client, fd, (int)params->fd,
	                           ns->index % dp->worker_count, protocol, ret, ea);
	if (err < 0)
		return err;
	err = dataplane_endpoint_start(dp, ns, *ret, SPREAD_NOT, ea);
	if (err < 0)
		dataplane_endpoint_release(dp, *ret);
	return err;
}

/* UDP without destination port stays unconnected (TUN-10, TUN-14). */
static bool is_connected(const struct tunnel_create *p)
{
	return !is_udp(p) || p->peer_port;
}

/* To connect to no address means this host, over IPv4 by the address that the socket is bound to (NL-43). */
static union address peer_of(const struct tunnel_create *p)
{
	static const union l2tp_address none;
	union address peer;

	if (!is_connected(p))
		return address_make(p->family, &none, 0);
	peer = address_make(p->family, &p->peer, is_udp(p) ? p->peer_port : 0);
	if (address_unspecified(&peer)) {
		if (p->family == AF_INET6)
			peer.v6.sin6_addr = in6addr_loopback;
		else if (p->local.v4.s_addr)
			peer.v4.sin_addr = p->local.v4;
		else
			peer.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
	return peer;
}

/* IPS-11. What else is no address of this host, bind() knows. */
static int check_local(const struct tunnel_create *p, struct extack *ea)
{
	if (!is_udp(p) && p->family == AF_INET6 && IN6_IS_ADDR_MULTICAST(&p->local.v6))
		return extack_fail(ea, -EADDRNOTAVAIL, L2TP_ATTR_IP6_SADDR,
		                   "local is a multicast address");
	return 0;
}

/* IPS-20, IPS-21 */
static int check_peer(const struct tunnel_create *p, struct extack *ea)
{
	bool multicast = p->family == AF_INET6 ? IN6_IS_ADDR_MULTICAST(&p->peer.v6)
	                                       : IN_MULTICAST(ntohl(p->peer.v4.s_addr));

	if (!is_udp(p) && multicast)
		return extack_fail(ea, -EINVAL,
		                   p->family == AF_INET6 ? L2TP_ATTR_IP6_DADDR : L2TP_ATTR_IP_DADDR,
		                   "remote is a multicast address");
	return 0;
}

static struct tunnel_record *take_record(struct dataplane *dp, uint32_t *index)
{
	struct tunnel_record *record;

	*index = free_list_take(&dp->free_tunnels);
	if (*index == FREE_LIST_NONE)
		return NULL;
	record = records_tunnel(dp->records, *index);
	memset((void *)record, 0, sizeof(*record));
	record->state = RECORD_BUILDING;
	if (*index >= dp->records->tunnels_used)
		dp->records->tunnels_used = *index + 1;
	return record;
}

static void give_record(struct dataplane *dp, uint32_t index)
{
	records_tunnel(dp->records, index)->state = RECORD_FREE;
	free_list_give(&dp->free_tunnels, index);
}

static uint8_t peer_check_of(const struct dataplane *dp, const struct ul2tp_tunnel_options *options)
{
	if (options->has_peer_check)
		return options->peer_check;
	return dp->options.quirks.kernels_way[QUIRK_DATA_BY_IDS] ? UL2TP_PEER_CHECK_IDS
	                                                         : UL2TP_PEER_CHECK_SOCKET;
}

static void fill_record(const struct dataplane *dp, struct tunnel_record *r, uint32_t netns_index,
                        const struct ul2tp_tunnel_create *params, const struct endpoint *e,
                        const struct tunnel_ends *ends)
{
	const struct tunnel_create *p = &params->l2tp;

	r->endpoint = e->at.slot;
	r->netns = e->at.netns;
	r->netns_index = netns_index;
	r->fd = is_managed(p) ? p->fd : -1;
	r->conn_id = p->conn_id;
	r->peer_conn_id = p->peer_conn_id;
	r->version = p->version;
	r->encap = (uint8_t)p->encap;
	r->peer_check = peer_check_of(dp, &params->options);
	r->peer_known = ends->connected;
	r->source = ends->source;
	r->peer = ends->peer;
	r->created_s = (uint64_t)time(NULL);
	memcpy(r->label, params->options.label, sizeof(params->options.label));
}

/* The source is what getsockname() of the connected socket would say. */
static int choose_ends(struct dataplane *dp, const struct endpoint *e,
                       const struct tunnel_create *p, struct tunnel_ends *ret, struct extack *ea)
{
	uint32_t mtu;
	union address source;
	int err;

	if (endpoint_is_managed(e)) {
		dataplane_managed_ends(e, ret);
		return 0;
	}
	if (e->ip_socket) {
		ip_socket_ends(e->ip_socket, ret);
		return 0;
	}
	*ret = (struct tunnel_ends){
		.source = e->at.params.local,
		.peer = peer_of(p),
		.connected = is_connected(p),
	};
	if (!ret->connected)
		return 0;
	err = keeper_route(dp->keeper, e->at.slot, &ret->peer, &source, &mtu, ea);
	if (err < 0)
		return err;
	if (address_unspecified(&ret->source)) {
		union l2tp_address ip = address_ip(&source);

		ret->source = address_make(p->family, &ip, address_port(&e->at.params.local));
	}
	return 0;
}

static void log_tunnel(const char *event, const struct tunnel *t)
{
	char local[ADDRESS_TEXT_MAX], peer[ADDRESS_TEXT_MAX];
	const struct tunnel_record *r = t->record;

	log_event(LOG_NOTICE, event,
	          "tunnel=%u peer_tunnel=%u version=%u encap=%s local=%s peer=%s netns=%llu",
	          r->conn_id, r->peer_conn_id, r->version,
	          r->encap == L2TP_ENCAPTYPE_UDP ? "udp" : "ip", address_text(&r->source, local),
	          address_text(&r->peer, peer), (unsigned long long)r->netns.cookie);
}

bool dataplane_tunnel_start(struct tunnel *t)
{
	if (!tunnel_insert(t))
		return false;
	t->endpoint->tunnel = t;
	intake_tunnel_add(t->endpoint->intake, t);
	t->netns->usage.values[UL2TP_LIMIT_MEMORY_KIB] += TUNNEL_KIB;
	return true;
}

/* TUN-11: the socket of an IP tunnel is bound to its id, beside those of programs. */
static int check_binding(const struct netns *ns, const struct endpoint *e,
                         const struct tunnel_create *p, struct extack *ea)
{
	struct ip_place place = { .local = e->at.params.local };

	if (is_udp(p) || e->ip_socket ||
	    !ip_socket_conflict(ns, NULL, p->family, p->conn_id, &place))
		return 0;
	return extack_fail(ea, -EADDRINUSE, L2TP_ATTR_CONN_ID,
	                   "a program's L2TP/IP socket is bound to id %u", p->conn_id);
}

static int make_tunnel(struct dataplane *dp, struct netns *ns, struct endpoint *e,
                       const struct ul2tp_tunnel_create *params, struct tunnel **ret,
                       struct extack *ea)
{
	struct tunnel_record *record;
	struct tunnel_ends ends;
	struct tunnel *t;
	uint32_t index;
	int err = check_binding(ns, e, &params->l2tp, ea);

	if (!err)
		err = choose_ends(dp, e, &params->l2tp, &ends, ea);
	if (err < 0)
		return err;
	record = take_record(dp, &index);
	if (!record)
		return -ENOSPC;
	fill_record(dp, record, ns->index, params, e, &ends);
	t = tunnel_new(ns, index, record, e);
	if (!t) {
		give_record(dp, index);
		return -ENOMEM;
	}
	dataplane_tunnel_start(
		t); /* the id was free when we began, and nobody else makes tunnels */
	atomic_store(&record->state, RECORD_LIVE);
	*ret = t;
	return 0;
}

static int get_own(struct dataplane *dp, struct netns *ns, uint32_t client,
                   struct ul2tp_tunnel_create *params, struct endpoint **ret, struct extack *ea)
{
	int err = check_params(&params->l2tp, ea);
	union address peer;

	if (!err)
		err = check_local(&params->l2tp, ea);
	if (err < 0)
		return err;
	peer = peer_of(&params->l2tp);
	err = get_endpoint(dp, ns, client, params, &peer, ret, ea);
	if (err < 0)
		return err;
	err = check_peer(&params->l2tp, ea); /* connect() comes after bind() (TUN-11) */
	if (err < 0)
		dataplane_endpoint_release(dp, *ret);
	return err;
}

/* Before anything is made, so that it is not the lack of a socket that is reported. */
static int check_room(const struct dataplane *dp, const struct netns *ns, struct extack *ea)
{
	int err = netns_may_add(ns, UL2TP_LIMIT_TUNNELS, 1, ea);

	if (!err)
		err = netns_may_add(ns, UL2TP_LIMIT_MEMORY_KIB, TUNNEL_KIB, ea);
	if (!err && !dp->free_tunnels.count)
		err = extack_fail(ea, -ENOSPC, 0,
		                  "ul2tpd was started for at most %u tunnels (--max-tunnels)",
		                  dp->records->max_tunnels);
	return err;
}

int dataplane_tunnel_add(struct dataplane *dp, struct netns *ns, uint32_t client,
                         const struct ul2tp_tunnel_create *asked, int fd, struct tunnel **ret,
                         struct extack *ea)
{
	struct ul2tp_tunnel_create params = *asked;
	struct endpoint *e;
	int err;

	if (netns_tunnel(ns, params.l2tp.conn_id))
		return extack_fail(ea, -EEXIST, L2TP_ATTR_CONN_ID, "there is a tunnel %u already",
		                   params.l2tp.conn_id);
	err = check_room(dp, ns, ea);
	if (err < 0)
		return err;
	err = is_managed(&params.l2tp) ? get_managed(dp, ns, client, &params.l2tp, fd, &e, ea)
	                               : get_own(dp, ns, client, &params, &e, ea);
	if (err < 0)
		return err;
	err = make_tunnel(dp, ns, e, &params, ret, ea);
	if (err < 0) {
		dataplane_endpoint_release(dp, e);
		return err;
	}
	log_tunnel("tunnel-created", *ret);
	dataplane_trace_tunnel(dp, UL2TP_TRACE_REGISTER_TUNNEL, *ret);
	return 0;
}

static void remove_sessions(struct dataplane *dp, struct tunnel *t)
{
	list_for_each (node, &t->sessions) {
		struct session *s = list_entry(node, struct session, in_tunnel);

		atomic_store(&s->record->state, RECORD_GOING);
		dataplane_trace_session(dp, UL2TP_TRACE_DELETE_SESSION, s);
		dataplane_fast_forget(dp, s->index);
		dataplane_divert_remove(dp, s);
		receiver_detach(s->receiver);
		dataplane_sending_stop(s);
	}
	dataplane_wait(dp); /* once for all of them */
	list_for_each_safe (node, &t->sessions)
		dataplane_session_finish(dp, list_entry(node, struct session, in_tunnel));
}

void dataplane_tunnel_remove(struct dataplane *dp, struct tunnel *t)
{
	struct endpoint *e = t->endpoint;
	struct netns *ns = t->netns;

	atomic_store(&t->record->state, RECORD_GOING);
	log_tunnel("tunnel-removed", t);
	dataplane_trace_tunnel(dp, UL2TP_TRACE_DELETE_TUNNEL, t);
	remove_sessions(dp, t);
	intake_tunnel_remove(e->intake, t);
	ns->usage.values[UL2TP_LIMIT_MEMORY_KIB] -= TUNNEL_KIB;
	dataplane_netns_hold(ns);
	tunnel_remove(t);
	e->tunnel = NULL;
	dataplane_endpoint_release(dp, e);
	dataplane_trace_tunnel(dp, UL2TP_TRACE_FREE_TUNNEL, t);
	give_record(dp, t->index);
	tunnel_free(t);
	dataplane_netns_release(dp, ns);
}
