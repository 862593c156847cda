/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_socket_place.c - what an L2TP/IP socket stands on: its twin, the endpoint that all share, and the place that it takes
 * among the namespace's; see ip_socket.h */
#include <string.h>

#include "path/dataplane_private.h"
#include "path/ip_socket.h"

/* Not before it is needed: whoever may not use the socket may still have one. */
int ip_socket_need_sending(struct ip_socket *s, struct extack *ea)
{
	struct endpoint_params params = endpoint_params_of_all_ip(s->family);
	int err;

	if (s->sending)
		return 0;
	params.flags = ENDPOINT_TWIN;
	err = endpoint_new(s->dataplane->keeper, s->client, &params, &s->sending, ea);
	if (err < 0)
		return err;
	s->sending->ip_socket = s;
	s->sending->users = 1; /* we: no tunnel releases it */
	return 0;
}

int ip_socket_need_receiving(struct ip_socket *s, struct extack *ea)
{
	struct endpoint_params all = endpoint_params_of_all_ip(s->family);
	struct endpoint *e = netns_endpoint(s->netns, &all);
	int err = 0;

	if (s->receiving)
		return 0;
	if (!e)
		err = dataplane_endpoint_open(s->dataplane, s->netns, s->client, &all, SPREAD_NOT,
		                              &e, ea);
	if (err < 0)
		return err;
	s->receiving = e;
	e->users++;
	return 0;
}

struct ip_place ip_socket_place(const struct ip_socket *s)
{
	struct ip_place place = { .local = s->names.local, .ifindex = s->names.ifindex };

	if (s->connected && s->family == AF_INET) {
		place.peer.v4.sin_family = AF_INET;
		place.peer.v4.sin_addr = s->peer.v4;
	} else if (s->connected) {
		place.peer.v6.sin6_family = AF_INET6;
		place.peer.v6.sin6_addr = s->peer.v6;
	}
	return place;
}

/* An IP tunnel without a program has a socket too, bound to its id (TUN-11). */
static bool tunnel_conflicts(const struct netns *ns, int family, uint32_t conn_id,
                             const struct ip_place *place)
{
	const struct tunnel *t = netns_tunnel(ns, conn_id);
	struct ip_place taken = { 0 };

	if (!t || endpoint_is_udp(t->endpoint) || t->endpoint->ip_socket ||
	    t->record->source.any.sa_family != family)
		return false;
	taken.local = t->record->source;
	return ip_place_fits(&taken, place);
}

bool ip_socket_conflict(const struct netns *ns, const struct ip_socket *but, int family,
                        uint32_t conn_id, const struct ip_place *place)
{
	list_for_each (node, &ns->ip_sockets) {
		const struct ip_socket *s = list_entry(node, struct ip_socket, in_netns);
		struct ip_place taken;

		if (s == but || !s->bound || s->family != family || s->conn_id != conn_id)
			continue;
		taken = ip_socket_place(s);
		if (ip_place_fits(&taken, place))
			return true;
	}
	return tunnel_conflicts(ns, family, conn_id, place);
}

/* As the system takes it: no port. */
union address ip_socket_address(const struct ip_name *name)
{
	union address a;

	memset(&a, 0, sizeof(a));
	a.any.sa_family = name->family;
	if (name->family == AF_INET6) {
		a.v6.sin6_addr = name->v6;
		a.v6.sin6_flowinfo = name->flow_info;
		a.v6.sin6_scope_id = name->scope_id;
	} else if (name->family == AF_INET) {
		a.v4.sin_addr = name->v4;
	}
	return a;
}
