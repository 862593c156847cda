/* SPDX-License-Identifier: BSD-2-Clause */
/* endpoint_socket.c - see endpoint_socket.h */
#include "keeper/endpoint_socket.h"

#include <errno.h>
#include <linux/udp.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

/* netinet/udp.h and linux/udp.h exclude each other. */
#ifndef SOL_UDP
#define SOL_UDP 17
#endif

#define BUFFER_BYTES (4 * 1024 * 1024)

#define UDP_FLAGS (ENDPOINT_CHECKSUM_TX | ENDPOINT_ZERO_CHECKSUM6_TX | ENDPOINT_ZERO_CHECKSUM6_RX)

socklen_t address_len(const union address *a)
{
	switch (a->any.sa_family) {
	case AF_INET:
		return sizeof(a->v4);
	case AF_INET6:
		return sizeof(a->v6);
	default:
		return 0;
	}
}

bool address_is_same(const union address *a, const union address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET6)
		return IN6_ARE_ADDR_EQUAL(&a->v6.sin6_addr, &b->v6.sin6_addr);
	return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

int endpoint_params_check(const struct endpoint_params *p, struct extack *ea)
{
	if (!address_len(&p->local))
		return extack_fail(ea, -EINVAL, 0, "local address is neither IPv4 nor IPv6");
	if (p->protocol != IPPROTO_UDP && p->protocol != IPPROTO_L2TP)
		return extack_fail(ea, -EINVAL, 0, "an endpoint is UDP or IP protocol 115");
	if (p->peer.any.sa_family != AF_UNSPEC &&
	    (p->protocol != IPPROTO_UDP || p->peer.any.sa_family != p->local.any.sa_family))
		return extack_fail(ea, -EINVAL, 0, "an endpoint can not be connected to this");
	if (p->flags & ~(p->protocol == IPPROTO_UDP ? UDP_FLAGS : UDP_FLAGS | ENDPOINT_TWIN) ||
	    !memchr(p->device, '\0', sizeof(p->device)))
		return extack_fail(ea, -EINVAL, 0, "not a local endpoint");
	return 0;
}

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* What decides where packets go and what stands in their outer header. */
static int set_path(int fd, const struct endpoint_params *p, struct extack *ea)
{
	bool v6 = p->local.any.sa_family == AF_INET6;
	int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	int err;

	if (p->device[0] && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, p->device,
	                               (socklen_t)strlen(p->device)) < 0)
		return extack_fail(ea, -errno, 0, "no device %s in this namespace", p->device);
	if (p->mark) {
		err = set_int(fd, SOL_SOCKET, SO_MARK, (int)p->mark);
		if (err < 0)
			return extack_fail(ea, err, 0, "ul2tpd may not set a mark");
	}
	if (p->tos) {
		err = set_int(fd, level, v6 ? IPV6_TCLASS : IP_TOS, p->tos);
		if (err < 0)
			return extack_fail(ea, err, 0, "the system refuses this tos");
	}
	if (p->ttl) {
		err = set_int(fd, level, v6 ? IPV6_UNICAST_HOPS : IP_TTL, p->ttl);
		if (err < 0)
			return extack_fail(ea, err, 0, "the system refuses this ttl");
	}
	return 0;
}

/* TX-2: never DF; the host fragments what is too large. */
static int set_fragmenting(int fd, const struct endpoint_params *p)
{
	if (p->local.any.sa_family == AF_INET6)
		return set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
	return set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
}

/* The FORCE variants pass the system's limit, and need CAP_NET_ADMIN in the initial user namespace. */
static void set_buffers(int fd)
{
	if (set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES) < 0)
		set_int(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
	if (set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES) < 0)
		set_int(fd, SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
}

/* The engine must know the local address of a packet to answer from it where the socket has none. */
static int set_packet_info(int fd, const struct endpoint_params *p)
{
	if (p->local.any.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&p->local.v6.sin6_addr)
		               ? set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
		               : 0;
	return p->local.v4.sin_addr.s_addr == INADDR_ANY ? set_int(fd, IPPROTO_IP, IP_PKTINFO, 1)
	                                                 : 0;
}

static int set_udp(int fd, const struct endpoint_params *p)
{
	int err = 0;

	if (p->local.any.sa_family == AF_INET6) {
		if (p->flags & ENDPOINT_ZERO_CHECKSUM6_TX)
			err = set_int(fd, SOL_UDP, UDP_NO_CHECK6_TX, 1);
		if (err == 0 && p->flags & ENDPOINT_ZERO_CHECKSUM6_RX)
			err = set_int(fd, SOL_UDP, UDP_NO_CHECK6_RX, 1);
	} else if (!(p->flags & ENDPOINT_CHECKSUM_TX)) {
		err = set_int(fd, SOL_SOCKET, SO_NO_CHECK, 1);
	}
	/* Linux before 5.0 has none; then each packet comes alone. */
	set_int(fd, SOL_UDP, UDP_GRO, 1);
	return err;
}

void endpoint_socket_plain(int fd)
{
	set_int(fd, SOL_UDP, UDP_GRO, 0);
}

static bool is_link_local(const union address *address)
{
	return address->any.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&address->v6.sin6_addr);
}

static const char *bind_words(int err, const struct endpoint_params *p)
{
	if (err == -EINVAL && is_link_local(&p->local))
		return "a link-local address needs dev, the interface that has it";
	switch (err) {
	case -EADDRINUSE:
		return "local address and port are in use by another program: \"ss -anup\" shows which";
	case -EADDRNOTAVAIL:
		return "local is not an address of this host in this namespace";
	case -EACCES:
		return "ul2tpd may not use this port";
	default:
		return "the system refuses the local address";
	}
}

static int bind_local(int fd, struct endpoint_params *p, struct extack *ea)
{
	socklen_t len = address_len(&p->local);

	if (bind(fd, &p->local.any, len) < 0) {
		int err = -errno;

		return extack_fail(ea, err, 0, "%s", bind_words(err, p));
	}
	if (p->protocol == IPPROTO_UDP && getsockname(fd, &p->local.any, &len) < 0)
		return -errno;
	return 0;
}

static int open_socket(const struct endpoint_params *p, int type, int protocol, bool v6_only,
                       struct extack *ea)
{
	AUTO_FD fd = socket(p->local.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	int err;

	if (fd < 0) {
		err = -errno;
		return extack_fail(ea, err, 0, "the system makes no such socket: %s",
		                   strerror(-err));
	}
	/* A raw socket has no choice of it. */
	if (p->local.any.sa_family == AF_INET6 && type == SOCK_DGRAM) {
		err = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6_only);
		if (err < 0)
			return err;
	}
	err = set_path(fd, p, ea);
	return err < 0 ? err : TAKE_FD(fd);
}

/* Not bound yet. */
static int receiving_socket(const struct endpoint_params *p, struct extack *ea)
{
	bool udp = p->protocol == IPPROTO_UDP;
	AUTO_FD fd = open_socket(p, udp ? SOCK_DGRAM : SOCK_RAW, p->protocol, true, ea);
	int err;

	if (fd < 0)
		return fd;
	err = set_fragmenting(fd, p);
	if (err == 0)
		err = set_packet_info(fd, p);
	if (err == 0 && udp)
		err = set_udp(fd, p);
	if (err < 0)
		return extack_fail(ea, err, 0, "the system refuses an option of the socket");
	set_buffers(fd);
	return TAKE_FD(fd);
}

int share_socket(const struct endpoint_params *p, struct extack *ea)
{
	struct endpoint_params same = *p;
	AUTO_FD fd = receiving_socket(p, ea);
	int err;

	if (fd < 0)
		return fd;
	err = set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (!err)
		err = bind_local(fd, &same, ea);
	return err < 0 ? err : TAKE_FD(fd);
}

int endpoint_socket(struct endpoint_params *p, struct extack *ea)
{
	bool udp = p->protocol == IPPROTO_UDP;
	AUTO_FD fd = receiving_socket(p, ea);
	int err;

	if (fd < 0)
		return fd;
	if (!udp && p->local.any.sa_family == AF_INET)
		p->local.v4.sin_port = 0;
	if (!udp && p->local.any.sa_family == AF_INET6)
		p->local.v6.sin6_port = 0;
	err = bind_local(fd, p, ea);
	if (!err && p->peer.any.sa_family != AF_UNSPEC &&
	    connect(fd, &p->peer.any, address_len(&p->peer)) < 0)
		err = extack_fail(ea, -errno, 0, "the system does not connect to this peer");
	return err < 0 ? err : TAKE_FD(fd);
}

int route_socket(const struct endpoint_params *p, struct extack *ea)
{
	AUTO_FD fd = open_socket(p, SOCK_DGRAM, IPPROTO_UDP, true, ea);
	union address local = p->local;

	if (fd < 0)
		return fd;
	if (local.any.sa_family == AF_INET6)
		local.v6.sin6_port = 0;
	else
		local.v4.sin_port = 0;
	if (bind(fd, &local.any, address_len(&local)) < 0)
		return extack_fail(ea, -errno, 0, "local is no longer an address of this host");
	return TAKE_FD(fd);
}

/* Addresses that nothing is ever received for: 0.0.0.0/8 ("this network") and 100::/64 (discard only). Each
 * endpoint takes its own, so that two on the same port do not collide. */
static union address bulk_address(const struct endpoint_params *p, uint32_t number)
{
	union address a = p->local;

	if (a.any.sa_family == AF_INET) {
		a.v4.sin_addr.s_addr = htonl(number % 0xfffffe + 1);
		return a;
	}
	a.v6.sin6_addr = (struct in6_addr){ .s6_addr = { 1 } };
	a.v6.sin6_addr.s6_addr32[3] = htonl(number + 1);
	a.v6.sin6_scope_id = 0;
	return a;
}

/* Two sockets may have one port if their addresses differ, unless one is the unspecified address; then both
 * must have SO_REUSEADDR, at the moment of the second bind. @main gets back what it had. */
static int bind_beside(int fd, int main, bool main_reuses, const union address *a)
{
	int err;

	set_int(main, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (a->any.sa_family == AF_INET6)
		set_int(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
	else
		set_int(fd, IPPROTO_IP, IP_FREEBIND, 1);
	err = bind(fd, &a->any, address_len(a)) < 0 ? -errno : 0;
	set_int(main, SOL_SOCKET, SO_REUSEADDR, main_reuses);
	return err;
}

/* UDP_SEGMENT is refused on a socket that sends no checksums. */
static bool sends_checksums(const struct endpoint_params *p)
{
	if (p->local.any.sa_family == AF_INET6)
		return !(p->flags & ENDPOINT_ZERO_CHECKSUM6_TX);
	return p->flags & ENDPOINT_CHECKSUM_TX;
}

int bulk_socket(const struct endpoint_params *p, int main, uint32_t number)
{
	union address a = bulk_address(p, number);
	AUTO_FD fd = -1;

	if (p->protocol != IPPROTO_UDP || sends_checksums(p))
		return -1;
	fd = open_socket(p, SOCK_DGRAM, IPPROTO_UDP, true, NULL);
	if (fd < 0 || set_fragmenting(fd, p) < 0 || set_int(fd, SOL_UDP, UDP_SEGMENT, 0) < 0)
		return -1;
	set_buffers(fd);
	if (bind_beside(fd, main, false, &a) < 0)
		return -1;
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 0); /* left on, strangers could join the port */
	return TAKE_FD(fd);
}

/* A multicast group for documentation. A socket that is bound to one has the port, but no source address of its own:
 * the route chooses one. It does not receive what comes for the endpoint, not even once it is connected. */
static union address path_address(const struct endpoint_params *p)
{
	union address a = p->local;

	if (a.any.sa_family == AF_INET) {
		a.v4.sin_addr.s_addr = htonl(0xe9fc0001); /* 233.252.0.1 */
		return a;
	}
	a.v6.sin6_addr = (struct in6_addr){ .s6_addr = { 0xff, 0x0e, [10] = 0x0d, 0xb8 } };
	a.v6.sin6_scope_id = 0;
	return a;
}

int path_socket(const struct endpoint_params *p, int main)
{
	bool udp = p->protocol == IPPROTO_UDP;
	union address a = udp ? path_address(p) : p->local;
	AUTO_FD fd = open_socket(p, udp ? SOCK_DGRAM : SOCK_RAW, p->protocol, true, NULL);
	int err;

	if (fd < 0)
		return fd;
	if (udp) {
		set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1); /* as spread.h has it */
		err = bind_beside(fd, main, false, &a);
	} else {
		err = bind(fd, &a.any, address_len(&a)) < 0 ? -errno : 0;
	}
	return err < 0 ? err : TAKE_FD(fd);
}

/* From the same ranges as bulk_address(), a part that it does not reach. IPv4-mapped where the program's socket is:
 * one that is bound to a real IPv6 address sends no IPv4. */
static union address transmit_address(const struct endpoint_params *p, uint32_t number)
{
	union address a = bulk_address(p, 0x800000 | (number & 0x7fffff));

	if (a.any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&p->local.v6.sin6_addr)) {
		a.v6.sin6_addr = p->local.v6.sin6_addr;
		a.v6.sin6_addr.s6_addr32[3] = htonl(0x800000 | (number & 0x7fffff));
	} else if (a.any.sa_family == AF_INET6) {
		a.v6.sin6_addr.s6_addr32[2] = htonl(1);
		a.v6.sin6_addr.s6_addr32[3] = htonl(number);
	}
	return a;
}

int transmit_socket(const struct endpoint_params *p, int beside, bool reuses, uid_t owner,
                    uint32_t number, struct extack *ea)
{
	union address a = transmit_address(p, number);
	uid_t self = (uid_t)setfsuid(owner); /* whose the socket is */
	AUTO_FD fd = open_socket(p, SOCK_DGRAM, IPPROTO_UDP, false, ea);
	int err;

	setfsuid(self);
	if (fd < 0)
		return fd;
	err = set_fragmenting(fd, p);
	if (err == 0 && !sends_checksums(p))
		err = a.any.sa_family == AF_INET6 ? set_int(fd, SOL_UDP, UDP_NO_CHECK6_TX, 1)
		                                  : set_int(fd, SOL_SOCKET, SO_NO_CHECK, 1);
	if (err < 0)
		return extack_fail(ea, err, 0, "the system refuses an option of the socket");
	set_buffers(fd);
	/* Programs put further sockets on the port, by either option, and ours must not be in their way. */
	set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	err = bind_beside(fd, beside, reuses, &a);
	if (err < 0)
		return extack_fail(
			ea, err, 0,
			"no socket that sends can stand beside the program's on its port");
	return TAKE_FD(fd);
}
