/* SPDX-License-Identifier: BSD-2-Clause */
/* twin_socket.c - see twin_socket.h */
#include "keeper/twin_socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "keeper/endpoint_socket.h"

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62 /* Linux 5.0 */
#endif

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int get_int(int fd, int level, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, option, &value, &len) < 0 ? -1 : value;
}

/* A raw socket that was "disconnected" is out of the table by which packets are given out, for good; so it
 * costs nothing when they arrive. Should a kernel think otherwise, the filter drops them. */
static int receive_nothing(int fd)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &drop };
	union address none = { .any.sa_family = AF_UNSPEC };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return -errno;
	return connect(fd, &none.any, sizeof(none.v6)) < 0 ? -errno : 0;
}

/* IPS-42: linux/l2tp sends with DF where a raw socket would fragment. */
static int refuse_to_fragment(int fd)
{
	if (get_int(fd, IPPROTO_IP, IP_MTU_DISCOVER) != IP_PMTUDISC_WANT)
		return 0;
	return set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
}

static int fragment(int fd, const struct endpoint_params *p)
{
	if (p->local.any.sa_family == AF_INET6)
		return set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
	return set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
}

int twin_socket(const struct endpoint_params *p, enum twin_kind kind, struct extack *ea)
{
	AUTO_FD fd = socket(p->local.any.sa_family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	                    IPPROTO_L2TP);
	int err;

	if (fd < 0)
		return extack_fail(ea, -errno, 0, "the system makes no raw socket");
	err = receive_nothing(fd);
	if (!err && kind == TWIN_DATA)
		err = fragment(fd, p);
	else if (!err && p->local.any.sa_family == AF_INET)
		err = refuse_to_fragment(fd);
	if (err < 0)
		return extack_fail(ea, err, 0, "the system refuses an option of the socket");
	return TAKE_FD(fd);
}

int twin_bind(int fd, const union address *local, struct extack *ea)
{
	int device = get_int(fd, SOL_SOCKET, SO_BINDTOIFINDEX);
	int err = bind(fd, &local->any, address_len(local)) < 0 ? -errno : 0;

	if (err < 0) /* the scope of a link-local address may have become the device */
		set_int(fd, SOL_SOCKET, SO_BINDTOIFINDEX, device > 0 ? device : 0);
	return err < 0 ? extack_fail(ea, err, 0, "the system refuses the local address") : 0;
}

int twin_connect(int fd, const union address *peer, struct extack *ea)
{
	socklen_t len = peer->any.sa_family == AF_UNSPEC ? sizeof(peer->v6) : address_len(peer);

	if (!connect(fd, &peer->any, len))
		return 0;
	return extack_fail(ea, -errno, 0, "the system refuses the remote address");
}

int twin_names(int fd, struct keeper_socket_names *ret)
{
	socklen_t len = sizeof(ret->local);
	int ifindex = get_int(fd, SOL_SOCKET, SO_BINDTOIFINDEX);

	memset(ret, 0, sizeof(*ret));
	if (getsockname(fd, &ret->local.any, &len) < 0)
		return -errno;
	ret->ifindex = ifindex > 0 ? (uint32_t)ifindex : 0;
	return 0;
}

/* clang-format off */
static const struct option_row {
	int level, option;
	bool admin; /* needs CAP_NET_ADMIN, as in the kernel or more strictly */
} options[] = {
	{ SOL_SOCKET,   SO_BROADCAST,         false },
	{ SOL_SOCKET,   SO_DONTROUTE,         false },
	{ SOL_SOCKET,   SO_SNDBUF,            false },
	{ SOL_SOCKET,   SO_MARK,              true },
	{ SOL_SOCKET,   SO_PRIORITY,          true },
	{ SOL_SOCKET,   SO_BINDTODEVICE,      true },
	{ SOL_SOCKET,   SO_BINDTOIFINDEX,     true },
	{ IPPROTO_IP,   IP_TOS,               false },
	{ IPPROTO_IP,   IP_TTL,               false },
	{ IPPROTO_IP,   IP_MTU_DISCOVER,      false },
	{ IPPROTO_IP,   IP_MULTICAST_TTL,     false },
	{ IPPROTO_IP,   IP_MULTICAST_LOOP,    false },
	{ IPPROTO_IP,   IP_MULTICAST_IF,      false },
	{ IPPROTO_IP,   IP_FREEBIND,          false },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS,    false },
	{ IPPROTO_IPV6, IPV6_TCLASS,          false },
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER,    false },
	{ IPPROTO_IPV6, IPV6_DONTFRAG,        false },
	{ IPPROTO_IPV6, IPV6_MULTICAST_HOPS,  false },
	{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP,  false },
	{ IPPROTO_IPV6, IPV6_MULTICAST_IF,    false },
	{ IPPROTO_IPV6, IPV6_FREEBIND,        false },
};
/* clang-format on */

static const struct option_row *find_option(const struct keeper_socket_option *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].level == o->level && options[i].option == o->option)
			return &options[i];
	return NULL;
}

int twin_option(int fd, const struct keeper_socket_option *o, bool admin)
{
	const struct option_row *row = find_option(o);

	if (!row)
		return -ENOPROTOOPT;
	if (row->admin && !admin)
		return -EPERM;
	if (o->len > sizeof(o->value))
		return -EINVAL;
	if (setsockopt(fd, o->level, o->option, o->value, o->len) < 0)
		return -errno;
	if (o->level == IPPROTO_IP && o->option == IP_MTU_DISCOVER)
		return refuse_to_fragment(fd);
	return 0;
}
