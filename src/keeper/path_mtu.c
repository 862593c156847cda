/* SPDX-License-Identifier: BSD-2-Clause */
/* path_mtu.c - see path_mtu.h */
#include "keeper/path_mtu.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "keeper/endpoint_socket.h"

uint32_t path_mtu_of(int fd, sa_family_t family)
{
	socklen_t len = sizeof(int);
	int mtu = 0;
	int err = family == AF_INET6 ? getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &len)
	                             : getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len);

	return err < 0 || mtu < 0 ? 0 : (uint32_t)mtu;
}

/* Whether the endpoint's address is that which the route chooses, and so path_socket() has. */
static bool is_chosen(const struct endpoint_params *p, const union address *peer)
{
	struct endpoint_params any = *p;
	union address source = { 0 };
	socklen_t len = sizeof(source);
	AUTO_FD fd = -1;

	any.local = (union address){ .any.sa_family = p->local.any.sa_family };
	if (address_is_same(&any.local, &p->local))
		return true;
	fd = route_socket(&any, NULL);
	return fd >= 0 && connect(fd, &peer->any, address_len(peer)) == 0 &&
	       getsockname(fd, &source.any, &len) == 0 && address_is_same(&source, &p->local);
}

uint32_t path_mtu(const struct endpoint_params *p, int fd, const union address *peer,
                  uint32_t route)
{
	AUTO_FD asker = path_socket(p, fd);
	uint32_t mtu;

	if (asker < 0 || connect(asker, &peer->any, address_len(peer)) < 0)
		return route;
	mtu = path_mtu_of(asker, peer->any.sa_family);
	if (!mtu || mtu == route || (p->protocol == IPPROTO_UDP && !is_chosen(p, peer)))
		return route;
	return mtu;
}
