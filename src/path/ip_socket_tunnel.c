/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_socket_tunnel.c - the tunnel on a program's L2TP/IP socket (TUN-20 to TUN-26, TUN-44, TUN-45)
 *
 * It receives by the endpoint that all of the namespace share, as any data of protocol 115, and sends by the second of
 * the socket's twins, which has the addresses and options of the first.
 */
#include <errno.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "encap/address.h"
#include "path/dataplane_private.h"
#include "path/intake.h"
#include "path/ip_socket.h"
#include "path/sender.h"

struct ip_socket *ip_socket_of(const struct dataplane *dp, int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	struct ordered_node *node;

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) < 0 || !cookie)
		return NULL;
	for (node = ordered_from(&dp->netns_by_cookie, 0); node;
	     node = ordered_from(&dp->netns_by_cookie, node->key + 1)) {
		const struct netns *ns = container_of(node, struct netns, by_cookie);

		list_for_each (at, &ns->ip_sockets)
			if (list_entry(at, struct ip_socket, in_netns)->cookie == cookie)
				return list_entry(at, struct ip_socket, in_netns);
	}
	return NULL;
}

int ip_socket_endpoint(struct ip_socket *s, const struct netns *ns, uint16_t encap,
                       struct endpoint **ret, struct extack *ea)
{
	int err;

	if (s->netns != ns)
		return extack_fail(ea, -EINVAL, L2TP_ATTR_FD,
		                   "the socket is of another network namespace");
	if (encap != L2TP_ENCAPTYPE_IP)
		return extack_fail(ea, -EPROTONOSUPPORT, L2TP_ATTR_FD,
		                   "an L2TP/IP socket carries tunnels of encap ip");
	if (s->sending && s->sending->tunnel)
		return extack_fail(ea, -EBUSY, L2TP_ATTR_FD, "the socket has a tunnel already");
	err = ip_socket_need_sending(s, ea);
	if (!err)
		err = ip_socket_need_receiving(s, ea);
	if (err < 0)
		return err;
	s->sending->intake = s->receiving->intake;
	*ret = s->sending;
	return 0;
}

void ip_socket_ends(const struct ip_socket *s, struct tunnel_ends *ret)
{
	static const union l2tp_address none;

	*ret = (struct tunnel_ends){ .source = s->names.local, .connected = s->connected };
	ret->source.any.sa_family = (sa_family_t)s->family; /* also while it is not bound */
	ret->peer = s->connected ? ip_socket_address(&s->peer) : address_make(s->family, &none, 0);
}

static void take_ends(const struct ip_socket *s, struct tunnel_record *record)
{
	struct tunnel_ends ends;

	ip_socket_ends(s, &ends);
	record->source = ends.source;
	record->peer = ends.peer;
	record->peer_known = ends.connected;
}

/* While no worker sends for it, and none counts by its peer. */
void ip_socket_tunnel_moved(struct ip_socket *s)
{
	struct tunnel *t = s->sending ? s->sending->tunnel : NULL;

	if (!t)
		return;
	list_for_each (node, &t->sessions)
		dataplane_sending_stop(list_entry(node, struct session, in_tunnel));
	dataplane_wait(s->dataplane);
	intake_tunnel_remove(s->sending->intake, t);
	take_ends(s, t->record);
	intake_tunnel_add(s->sending->intake, t);
	list_for_each (node, &t->sessions)
		dataplane_sending_start(list_entry(node, struct session, in_tunnel));
	dataplane_wait(s->dataplane);
}
