/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_options.c - options and ioctls of stand-ins for L2TP/IP sockets
 *
 * What concerns receiving is the stand-in's own, natively. What decides how packets leave is set there too, so that
 * getsockopt() tells it, and at ul2tpd's, which sends.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "launcher/caller.h"
#include "launcher/ip_stand_in.h"
#include "launcher/netns_socket.h"

#define PROTOCOL_L2TP 115

static struct ip_stand_in *stand_in_of(struct object *o)
{
	return container_of(o, struct ip_stand_in, object);
}

enum option_how {
	HOW_NATIVE = 0, /* the stand-in's own */
	HOW_BOTH,
	HOW_BOTH_ADMIN, /* ... with CAP_NET_ADMIN */
	HOW_DEVICE,     /* of the program's namespace */
};

/* clang-format off */
static const struct option_row {
	int level, option;
	enum option_how how;
} options[] = {
	{ SOL_SOCKET,   SO_BROADCAST,        HOW_BOTH },
	{ SOL_SOCKET,   SO_DONTROUTE,        HOW_BOTH },
	{ SOL_SOCKET,   SO_SNDBUF,           HOW_BOTH },
	{ SOL_SOCKET,   SO_MARK,             HOW_BOTH_ADMIN },
	{ SOL_SOCKET,   SO_PRIORITY,         HOW_BOTH_ADMIN },
	{ SOL_SOCKET,   SO_BINDTODEVICE,     HOW_DEVICE },
	{ SOL_SOCKET,   SO_BINDTOIFINDEX,    HOW_DEVICE },
	{ IPPROTO_IP,   IP_TOS,              HOW_BOTH },
	{ IPPROTO_IP,   IP_TTL,              HOW_BOTH },
	{ IPPROTO_IP,   IP_MTU_DISCOVER,     HOW_BOTH },
	{ IPPROTO_IP,   IP_MULTICAST_TTL,    HOW_BOTH },
	{ IPPROTO_IP,   IP_MULTICAST_LOOP,   HOW_BOTH },
	{ IPPROTO_IP,   IP_FREEBIND,         HOW_BOTH },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS,   HOW_BOTH },
	{ IPPROTO_IPV6, IPV6_TCLASS,         HOW_BOTH },
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER,   HOW_BOTH },
	{ IPPROTO_IPV6, IPV6_DONTFRAG,       HOW_BOTH },
	{ IPPROTO_IPV6, IPV6_MULTICAST_HOPS, HOW_BOTH },
	{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP, HOW_BOTH },
	{ IPPROTO_IPV6, IPV6_FREEBIND,       HOW_BOTH },
};
/* clang-format on */

static enum option_how how_of(int level, int option)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].level == level && options[i].option == option)
			return options[i].how;
	return HOW_NATIVE;
}

static int set_here(struct trap *t, const struct ip_stand_in *s, int level, int option,
                    const void *value, socklen_t len)
{
	AUTO_FD fd = trap_descriptor_of(t, &s->object, (int)trap_argument(t, 0));

	if (fd < 0)
		return fd;
	return setsockopt(fd, level, option, value, len) < 0 ? -errno : 0;
}

static int set(struct trap *t, struct ip_stand_in *s, enum option_how how)
{
	int level = (int)trap_argument(t, 1), option = (int)trap_argument(t, 2);
	int len = (int)trap_argument(t, 4), err;
	char value[UL2TP_IP_OPTION_MAX] = { 0 };

	if (len < 0)
		return -EINVAL;
	if (len > (int)sizeof(value))
		len = sizeof(value); /* as the kernel, which reads what it needs */
	err = trap_read(t, trap_argument(t, 3), value, (size_t)len);
	if (err < 0)
		return err;
	if (how == HOW_BOTH_ADMIN && !caller_is_admin(t, s->netns))
		return -EPERM;
	if (how != HOW_DEVICE) {
		err = set_here(t, s, level, option, value, (socklen_t)len);
		if (err < 0)
			return err;
	}
	err = ip_link_option(s, level, option, value, (size_t)len);
	if (!err && how == HOW_DEVICE && option == SO_BINDTODEVICE) {
		memset(s->facts.device, 0, sizeof(s->facts.device));
		memcpy(s->facts.device, value, strnlen(value, sizeof(s->facts.device) - 1));
		ip_remember(s, false);
	}
	return err;
}

/* IPS-53: there are no levels but those of sockets and of the two IPs. */
static bool is_known_level(int level)
{
	return level == SOL_SOCKET || level == IPPROTO_IP || level == IPPROTO_IPV6;
}

void ip_setsockopt(struct trap *t, struct object *o)
{
	int level = (int)trap_argument(t, 1);
	enum option_how how = how_of(level, (int)trap_argument(t, 2));

	if (!is_known_level(level))
		trap_fail(t, -ENOPROTOOPT);
	else if (how == HOW_NATIVE)
		trap_continue(t);
	else
		trap_result(t, set(t, stand_in_of(o), how));
}

static int write_device(struct trap *t, const struct ip_stand_in *s)
{
	uint32_t len = (uint32_t)strlen(s->facts.device);

	return trap_write_sized(t, trap_argument(t, 3), trap_argument(t, 4), s->facts.device,
	                        len ? len + 1 : 0);
}

/* A name of L2TP/IP as UDP has it: as long as there is no connection id, and here without a port. */
static socklen_t name_of_udp(struct sockaddr_storage *to, const uint8_t *name, int family)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	if (family == AF_INET6) {
		memcpy(v6, name, sizeof(*v6));
		v6->sin6_port = 0;
		return sizeof(*v6);
	}
	memcpy(v4, name, sizeof(*v4));
	v4->sin_port = 0;
	return sizeof(*v4);
}

/* UDP's, with the same two ends, in the program's namespace; -errno */
static int twin_connect(const struct ip_stand_in *s, int fd)
{
	const struct ip_facts *f = &s->facts;
	struct sockaddr_storage name;
	socklen_t len = name_of_udp(&name, f->bound, f->family);

	if (f->device[0] &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, f->device, sizeof(f->device)) < 0)
		return -errno;
	if (f->bound_len && bind(fd, (struct sockaddr *)&name, len) < 0)
		return -errno;
	len = name_of_udp(&name, f->peer, f->family);
	return connect(fd, (struct sockaddr *)&name, len) < 0 ? -errno : 0;
}

/* The stand-in has no route to anywhere. */
static int write_mtu(struct trap *t, const struct ip_stand_in *s, int level, int option)
{
	socklen_t len = sizeof(int);
	AUTO_FD fd = -1;
	int mtu;

	if (!s->facts.peer_len)
		return -ENOTCONN;
	fd = netns_socket(s->launcher, s->netns, s->facts.family, SOCK_DGRAM, 0);
	if (fd < 0)
		return fd;
	if (twin_connect(s, fd) < 0 || getsockopt(fd, level, option, &mtu, &len) < 0)
		return -ENOTCONN; /* as where the route has gone */
	return trap_write_option(t, trap_argument(t, 3), trap_argument(t, 4), mtu);
}

static bool is_mtu(int level, int option, int family)
{
	return family == AF_INET6 ? level == IPPROTO_IPV6 && option == IPV6_MTU
	                          : level == IPPROTO_IP && option == IP_MTU;
}

void ip_getsockopt(struct trap *t, struct object *o)
{
	int level = (int)trap_argument(t, 1), option = (int)trap_argument(t, 2);
	int family = stand_in_of(o)->facts.family;

	if (!is_known_level(level))
		trap_fail(t, family == AF_INET6 ? -ENOPROTOOPT : -EOPNOTSUPP);
	else if (is_mtu(level, option, family))
		trap_result(t, write_mtu(t, stand_in_of(o), level, option));
	else if (level == SOL_SOCKET && option == SO_PROTOCOL)
		trap_result(t, trap_write_option(t, trap_argument(t, 3), trap_argument(t, 4),
		                                 PROTOCOL_L2TP));
	else if (level == SOL_SOCKET && option == SO_BINDTODEVICE)
		trap_result(t, write_device(t, stand_in_of(o)));
	else
		trap_continue(t);
}

/* --- ioctl --- */

/* Of the interfaces' ioctls those that have all their arguments in a struct ifreq. */
static bool is_reading(unsigned long number)
{
	switch (number) {
	case SIOCGIFNAME:
	case SIOCGIFFLAGS:
	case SIOCGIFADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFMETRIC:
	case SIOCGIFMTU:
	case SIOCGIFHWADDR:
	case SIOCGIFINDEX:
	case SIOCGIFTXQLEN:
		return true;
	default:
		return false;
	}
}

static bool is_writing(unsigned long number)
{
	switch (number) {
	case SIOCSIFFLAGS:
	case SIOCSIFADDR:
	case SIOCSIFDSTADDR:
	case SIOCSIFBRDADDR:
	case SIOCSIFNETMASK:
	case SIOCSIFMTU:
		return true;
	default:
		return false;
	}
}

/* In the program's namespace, where its interfaces are. */
static int interface_ioctl(struct trap *t, const struct ip_stand_in *s, unsigned long number)
{
	uint64_t address = trap_argument(t, 2);
	struct ifreq request;
	AUTO_FD fd = netns_socket(t->launcher, s->netns, AF_INET, SOCK_DGRAM, 0);
	int err = fd < 0 ? fd : trap_read(t, address, &request, sizeof(request));

	if (err < 0)
		return err;
	if (is_writing(number) && !caller_is_admin(t, s->netns))
		return -EPERM;
	if (ioctl(fd, number, &request) < 0)
		return -errno;
	return trap_write(t, address, &request, sizeof(request));
}

void ip_ioctl(struct trap *t, struct object *o)
{
	unsigned long number = (uint32_t)trap_argument(t, 1);

	if (is_reading(number) || is_writing(number))
		trap_result(t, interface_ioctl(t, stand_in_of(o), number));
	else
		trap_continue(t);
}
