/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_socket.c - what programs do with an L2TP/IP socket; see ip_socket.h */
#include "path/ip_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "encap/address.h"
#include "path/counter.h"
#include "path/dataplane_private.h"
#include "path/intake.h"
#include "path/ip_delivery.h"
#include "tunnel/accounts.h"

int ip_socket_open(struct dataplane *dp, struct netns *ns, uint32_t client,
                   const struct ul2tp_ip_socket_open *params, int delivery, struct ip_socket **ret,
                   struct extack *ea)
{
	struct ip_socket *s;
	int err;

	if (params->family != AF_INET && params->family != AF_INET6)
		return extack_fail(ea, -EAFNOSUPPORT, 0, "family is neither AF_INET nor AF_INET6");
	err = ip_delivery_socket_check(delivery, params->family);
	if (err < 0)
		return extack_fail(ea, err, 0,
		                   "the descriptor is no raw socket of IPPROTO_RAW of that family");
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->dataplane = dp;
	s->netns = ns;
	s->client = client;
	s->family = params->family;
	s->delivery = delivery;
	s->port = params->port;
	s->cookie = params->cookie;
	list_append(&ns->ip_sockets, &s->in_netns);
	*ret = s;
	return 0;
}

static void unbind(struct ip_socket *s)
{
	if (s->binding) {
		ip_binding_detach(s->binding);
		free(s->binding);
	}
	if (s->receiving) {
		s->receiving->users--;
		dataplane_endpoint_release(s->dataplane, s->receiving);
	}
	s->binding = NULL;
	s->receiving = NULL;
}

void ip_socket_free(struct ip_socket *s)
{
	if (!s)
		return;
	if (s->sending && s->sending->tunnel)
		dataplane_tunnel_remove(s->dataplane, s->sending->tunnel);
	unbind(s);
	if (s->sending)
		endpoint_free(s->sending);
	list_remove(&s->in_netns);
	close(s->delivery);
	free(s);
}

static int check_bind(const struct ip_socket *s, const struct ip_name *name, struct extack *ea)
{
	if (name->len < (s->family == AF_INET6 ? IP_NAME6_LEN : IP_NAME4_LEN))
		return extack_fail(ea, -EINVAL, 0, "the address is too short");
	if (name->family != s->family)
		return extack_fail(ea, -EINVAL, 0, "the address is of another family");
	if (s->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&name->v6))
		return extack_fail(ea, -EADDRNOTAVAIL, 0, "an IPv4 address written as IPv6");
	if (s->family == AF_INET6 && IN6_IS_ADDR_MULTICAST(&name->v6))
		return extack_fail(ea, -EADDRNOTAVAIL, 0, "a multicast address");
	if (s->bound)
		return extack_fail(ea, -EINVAL, 0, "the socket is bound already");
	return 0;
}

static int take_messages(struct ip_socket *s, struct extack *ea)
{
	int err = ip_socket_need_receiving(s, ea);
	struct ip_binding *b;

	if (err < 0)
		return err;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->worker = s->receiving->intake->worker;
	b->netns_index = s->netns->index;
	b->conn_id = s->conn_id;
	b->family = s->family;
	b->fd = s->delivery;
	b->port = s->port;
	b->place = ip_socket_place(s);
	s->binding = b;
	ip_binding_attach(b);
	return 0;
}

/* What a bind that comes to nothing leaves behind. Over IPv4 the kernel has taken the address by then. */
static void undo_bind(struct ip_socket *s)
{
	union address none;

	s->conn_id = 0;
	if (s->family != AF_INET6)
		return;
	memset(&none, 0, sizeof(none));
	none.any.sa_family = AF_INET6;
	keeper_socket_bind(s->dataplane->keeper, s->sending->at.slot, &none, &s->names, NULL);
}

int ip_socket_bind(struct ip_socket *s, struct reader octets, struct extack *ea)
{
	struct keeper_socket_names names;
	union address local;
	struct ip_name name;
	struct ip_place place;
	int err = ip_name_read(octets.at, read_left(&octets), &name);

	if (!err)
		err = check_bind(s, &name, ea);
	if (!err)
		err = ip_socket_need_sending(s, ea);
	if (err < 0)
		return err;
	local = ip_socket_address(&name);
	err = keeper_socket_bind(s->dataplane->keeper, s->sending->at.slot, &local, &names, ea);
	if (err < 0)
		return err;
	place = (struct ip_place){ .local = names.local, .ifindex = names.ifindex };
	s->names = names;
	s->conn_id = name.conn_id;
	if (ip_socket_conflict(s->netns, s, s->family, name.conn_id, &place))
		err = extack_fail(ea, -EADDRINUSE, 0, "connection id %u is taken at this address",
		                  name.conn_id);
	else
		err = take_messages(s, ea);
	if (err < 0) {
		undo_bind(s);
		return err;
	}
	s->bound = true;
	return 0;
}

/* The worker and the tunnel on it learn what changed. */
static void moved(struct ip_socket *s)
{
	struct ip_place place = ip_socket_place(s);

	if (s->binding)
		ip_binding_move(s->binding, &place);
	ip_socket_tunnel_moved(s);
}

/* IPS-22 */
static int disconnect(struct ip_socket *s, struct extack *ea)
{
	const union address none = { .any.sa_family = AF_UNSPEC };
	int err;

	if (!s->bound)
		return 0;
	err = keeper_socket_connect(s->dataplane->keeper, s->sending->at.slot, &none, &s->names,
	                            ea);
	if (err < 0)
		return err;
	s->connected = s->peer_has_port = false; /* IPv6 goes on telling the peer's name */
	moved(s);
	return 0;
}

/* In the kernel's order: IPv4 looks at the family last, IPv6 before all else. */
static int check_connect(const struct ip_socket *s, const struct ip_name *name, struct extack *ea)
{
	if (name->len < (s->family == AF_INET6 ? IP_NAME6_LEN : IP_NAME4_LEN))
		return extack_fail(ea, -EINVAL, 0, "the address is too short");
	if (s->family == AF_INET6 && name->family != AF_INET6)
		return extack_fail(ea, -EINVAL, 0, "the address is of another family");
	if (ip_name_is_multicast(name))
		return extack_fail(ea, -EINVAL, 0, "a multicast address");
	if (!s->bound)
		return extack_fail(ea, -EINVAL, 0, "the socket is not bound");
	if (name->family != s->family)
		return extack_fail(ea, -EAFNOSUPPORT, 0, "the address is of another family");
	return 0;
}

int ip_socket_connect(struct ip_socket *s, struct reader octets, struct extack *ea)
{
	union address peer;
	struct ip_name name;
	int err = ip_name_read(octets.at, read_left(&octets), &name);

	if (!err && name.family == AF_UNSPEC)
		return disconnect(s, ea);
	if (!err)
		err = check_connect(s, &name, ea);
	if (err < 0)
		return err;
	if (name.family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&name.v6))
		name.v6 = in6addr_loopback; /* as UDP over IPv6 takes it */
	peer = ip_socket_address(&name);
	err = keeper_socket_connect(s->dataplane->keeper, s->sending->at.slot, &peer, &s->names,
	                            ea);
	if (err < 0)
		return err;
	if (name.family == AF_INET && !name.v4.s_addr)
		name.v4 = s->names.local.v4.sin_addr; /* no address is one's own (NL-43) */
	s->connected = true;
	s->peer = name;
	s->peer_conn_id = name.conn_id;
	s->peer_has_port = name.unused != 0;
	moved(s);
	return 0;
}

int ip_socket_option(struct ip_socket *s, const struct ul2tp_ip_socket_option *option,
                     struct extack *ea)
{
	struct keeper_socket_option o = { .level = (int)option->level,
		                          .option = (int)option->option,
		                          .len = (uint32_t)read_left(&option->value) };
	int err;

	if (o.len > sizeof(o.value))
		return -EINVAL;
	if (o.len)
		memcpy(o.value, option->value.at, o.len);
	err = ip_socket_need_sending(s, ea);
	if (!err)
		err = keeper_socket_option(s->dataplane->keeper, s->sending->at.slot, &o, &s->names,
		                           ea);
	if (!err)
		moved(s);
	return err;
}

size_t ip_socket_name(const struct ip_socket *s, uint8_t octets[IP_NAME_MAX])
{
	const union address *local = &s->names.local;
	struct ip_name name = { .family = (uint16_t)s->family, .conn_id = s->conn_id };

	if (local->any.sa_family == AF_INET)
		name.v4 = local->v4.sin_addr;
	else if (local->any.sa_family == AF_INET6)
		name.v6 = local->v6.sin6_addr;
	if (s->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&name.v6))
		name.scope_id = s->names.ifindex;
	return ip_name_write(&name, octets);
}

size_t ip_socket_peer_name(const struct ip_socket *s, uint8_t octets[IP_NAME_MAX])
{
	struct ip_name name = { .family = (uint16_t)s->family,
		                .conn_id = s->peer_conn_id,
		                .v4 = s->peer.v4,
		                .v6 = s->peer.v6 };

	if (s->family == AF_INET6 ? !s->peer_conn_id : !s->peer_has_port)
		return 0;
	if (s->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&name.v6))
		name.scope_id = s->names.ifindex;
	return ip_name_write(&name, octets);
}

void ip_socket_accounts(const struct ip_socket *s, struct ul2tp_accounts *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->counters[UL2TP_COUNTER_TX_PACKETS] = s->sent;
	if (!s->binding)
		return;
	ret->counters[UL2TP_COUNTER_RX_PACKETS] = counter_read(&s->binding->received);
	accounts_rx_drops(&ret->rx_drops, s->receiving->intake->drops);
}
