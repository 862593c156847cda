/* SPDX-License-Identifier: BSD-2-Clause */
/* program_socket.c - see program_socket.h */
#include "keeper/program_socket.h"

#include <errno.h>
#include <linux/udp.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/endpoint_socket.h"
#include "keeper/netns.h"

#ifndef SOL_UDP
#define SOL_UDP 17
#endif

static int get_int(int fd, int level, int option, int *ret)
{
	socklen_t len = sizeof(*ret);

	*ret = 0;
	return getsockopt(fd, level, option, ret, &len) < 0 ? -errno : 0;
}

int program_socket_cookie(int fd, uint64_t *ret)
{
	socklen_t len = sizeof(*ret);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, ret, &len) < 0 ? -errno : 0;
}

static int check_kind(int fd, uint8_t protocol, struct extack *ea)
{
	int type, family, has;
	int err = get_int(fd, SOL_SOCKET, SO_TYPE, &type);

	if (err < 0)
		return err;
	if (type != SOCK_DGRAM)
		return extack_fail(ea, -EPROTONOSUPPORT, 0, "the socket is no datagram socket");
	err = get_int(fd, SOL_SOCKET, SO_DOMAIN, &family);
	if (err < 0)
		return err;
	if (family != AF_INET && family != AF_INET6)
		return extack_fail(ea, -EPROTONOSUPPORT, 0, "the socket is neither IPv4 nor IPv6");
	err = get_int(fd, SOL_SOCKET, SO_PROTOCOL, &has);
	if (err < 0)
		return err;
	if (has != protocol)
		return extack_fail(ea, -EPROTONOSUPPORT, 0,
		                   "the socket's protocol is %d, the tunnel's encap needs %u", has,
		                   protocol);
	return 0;
}

int program_socket_check(int fd, struct netns_id netns, uint8_t protocol, struct extack *ea)
{
	struct netns_id here;
	int err = netns_cookie(fd, &here);

	if (err == -ENOTSOCK || err == -EBADF)
		return extack_fail(ea, err, 0, "the descriptor is not a socket");
	if (err < 0)
		return err;
	if (here.cookie != netns.cookie)
		return extack_fail(ea, -EINVAL, 0,
		                   "the socket is of another network namespace than the request");
	return check_kind(fd, protocol, ea);
}

/* What a socket has that nobody set an option of. */
struct defaults {
	int ttl, hops;
};

static struct defaults defaults_read(int family)
{
	AUTO_FD fresh = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct defaults d = { 0 };

	if (fresh < 0)
		return d;
	get_int(fresh, IPPROTO_IP, IP_TTL, &d.ttl);
	if (family == AF_INET6)
		get_int(fresh, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &d.hops);
	return d;
}

/* 0: nobody set it. */
static int chosen(int fd, int level, int option, int by_default)
{
	int value;

	if (get_int(fd, level, option, &value) < 0 || value == by_default)
		return 0;
	return value;
}

static void read_v4_options(int fd, const struct defaults *d, int *tos, int *ttl)
{
	*tos = chosen(fd, IPPROTO_IP, IP_TOS, 0);
	*ttl = chosen(fd, IPPROTO_IP, IP_TTL, d->ttl);
}

static void read_options(int fd, struct program_socket *s)
{
	struct endpoint_params *p = &s->params;
	const struct defaults d = defaults_read(p->local.any.sa_family);
	socklen_t len = sizeof(p->device);
	int mark;

	read_v4_options(fd, &d, &s->v4_tos, &s->v4_ttl);
	if (p->local.any.sa_family == AF_INET6) {
		p->tos = (uint8_t)chosen(fd, IPPROTO_IPV6, IPV6_TCLASS, 0);
		p->ttl = (uint8_t)chosen(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, d.hops);
		if (chosen(fd, SOL_UDP, UDP_NO_CHECK6_TX, 0))
			p->flags |= ENDPOINT_ZERO_CHECKSUM6_TX;
		if (chosen(fd, SOL_UDP, UDP_NO_CHECK6_RX, 0))
			p->flags |= ENDPOINT_ZERO_CHECKSUM6_RX;
	} else {
		p->tos = (uint8_t)s->v4_tos;
		p->ttl = (uint8_t)s->v4_ttl;
		if (!chosen(fd, SOL_SOCKET, SO_NO_CHECK, 0))
			p->flags |= ENDPOINT_CHECKSUM_TX;
	}
	if (get_int(fd, SOL_SOCKET, SO_MARK, &mark) == 0)
		p->mark = (uint32_t)mark;
	get_int(fd, SOL_SOCKET, SO_PRIORITY, &s->priority);
	if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, p->device, &len) < 0)
		p->device[0] = '\0';
}

int program_socket_read(int fd, struct program_socket *ret)
{
	struct program_socket s;
	socklen_t len = sizeof(s.params.local), peer_len = sizeof(s.params.peer);
	struct stat st;
	int reuse, err;

	memset(&s, 0, sizeof(s));
	err = netns_cookie(fd, &s.netns);
	if (err == 0)
		err = program_socket_cookie(fd, &s.cookie);
	if (err < 0)
		return err;
	if (getsockname(fd, &s.params.local.any, &len) < 0)
		return -errno;
	if (getpeername(fd, &s.params.peer.any, &peer_len) < 0)
		memset(&s.params.peer, 0, sizeof(s.params.peer));
	s.params.protocol = IPPROTO_UDP;
	read_options(fd, &s);
	s.reuse_address = get_int(fd, SOL_SOCKET, SO_REUSEADDR, &reuse) == 0 && reuse;
	if (fstat(fd, &st) < 0)
		return -errno;
	s.ino = st.st_ino;
	s.owner = st.st_uid;
	memcpy(ret, &s, sizeof(s)); /* it is compared octet by octet */
	return 0;
}

void program_socket_quieten(int fd)
{
	const int off = 0;

	/* IPv4's option of an IPv6 socket, too, and not IPv6's: as the kernel. */
	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof(off));
}

bool address_is_mapped(const union address *a)
{
	return a->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr);
}

void address_unmap(union address *a)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	if (!address_is_mapped(a))
		return;
	v4.sin_port = a->v6.sin6_port;
	memcpy(&v4.sin_addr, &a->v6.sin6_addr.s6_addr[12], sizeof(v4.sin_addr));
	memset(a, 0, sizeof(*a));
	a->v4 = v4;
}
