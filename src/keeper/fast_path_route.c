/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_route.c - see fast_path_route.h */
#include "keeper/fast_path_route.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_arp.h>
#include <linux/lwtunnel.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/host_source.h"

#define BUFFER_OCTETS 4096
#define HOP_LIMIT     "/proc/sys/net/ipv6/conf/%s/hop_limit" /* of the namespace the thread is in */

static void put_address(struct nlmsghdr *nlh, uint16_t type, const union address *a)
{
	if (a->any.sa_family == AF_INET6)
		mnl_attr_put(nlh, type, sizeof(a->v6.sin6_addr), &a->v6.sin6_addr);
	else
		mnl_attr_put(nlh, type, sizeof(a->v4.sin_addr), &a->v4.sin_addr);
}

static uint32_t interface_of(const struct fast_asker *asker)
{
	if (asker->device || asker->peer.any.sa_family != AF_INET6)
		return (uint32_t)asker->device;
	return asker->peer.v6.sin6_scope_id;
}

static struct nlmsghdr *question(char *buffer, const struct fast_asker *asker, bool from)
{
	const union address *local = &asker->local, *peer = &asker->peer;
	bool v6 = peer->any.sa_family == AF_INET6;
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(nlh, sizeof(*route));

	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	route->rtm_family = (uint8_t)peer->any.sa_family;
	route->rtm_dst_len = v6 ? 128 : 32;
	route->rtm_tos = v6 ? 0 : asker->tos & 0x1c;
	put_address(nlh, RTA_DST, peer);
	if (from) {
		route->rtm_src_len = route->rtm_dst_len;
		put_address(nlh, RTA_SRC, local);
	}
	if (interface_of(asker))
		mnl_attr_put_u32(nlh, RTA_OIF, interface_of(asker));
	mnl_attr_put_u32(nlh, RTA_MARK, asker->mark);
	mnl_attr_put_u8(nlh, RTA_IP_PROTO, IPPROTO_UDP);
	mnl_attr_put_u16(nlh, RTA_SPORT, v6 ? local->v6.sin6_port : local->v4.sin_port);
	mnl_attr_put_u16(nlh, RTA_DPORT, v6 ? peer->v6.sin6_port : peer->v4.sin_port);
	return nlh;
}

/* Without a router it is the peer itself. */
static void hop_of_peer(const union address *peer, struct fast_hop *hop)
{
	hop->family = peer->any.sa_family;
	if (hop->family == AF_INET6)
		memcpy(hop->address, &peer->v6.sin6_addr, sizeof(peer->v6.sin6_addr));
	else
		memcpy(hop->address, &peer->v4.sin_addr, sizeof(peer->v4.sin_addr));
}

static void take_metrics(struct reader metrics, struct fast_route *ret)
{
	struct host_attr a;

	while (host_attr_next(&metrics, &a)) {
		uint32_t value = read_u32_host(&a.value);

		if (a.value.failed)
			continue;
		if (a.type == RTAX_MTU)
			ret->mtu_bytes = value;
		if (a.type == RTAX_HOPLIMIT)
			ret->hop_limit = (uint8_t)value;
	}
}

/* A router's address; RTA_VIA has a family in front, which may be another than the peer's. */
static bool take_gateway(struct host_attr *a, struct fast_hop *hop)
{
	if (a->type == RTA_VIA)
		hop->family = read_u16_host(&a->value);
	read_copy(&a->value, hop->address, hop->family == AF_INET6 ? 16 : 4);
	return !a->value.failed;
}

static bool take_attribute(struct host_attr *a, struct fast_route *ret)
{
	switch (a->type) {
	case RTA_ENCAP_TYPE:
		ret->encapsulates = read_u16_host(&a->value) != LWTUNNEL_ENCAP_NONE;
		return !a->value.failed;
	case RTA_OIF:
		ret->ifindex = (int)read_u32_host(&a->value);
		return !a->value.failed;
	case RTA_GATEWAY:
	case RTA_VIA:
		return take_gateway(a, &ret->hop);
	case RTA_METRICS:
		take_metrics(a->value, ret);
		return true;
	default:
		return true;
	}
}

/* Leaves in @answer the attributes. */
static int read_type(struct reader *answer, uint8_t *type)
{
	struct nlmsghdr header;
	struct rtmsg route;
	int err;

	read_copy(answer, &header, sizeof(header));
	if (answer->failed || header.nlmsg_len < sizeof(header))
		return -EPROTO;
	*answer = read_sub(answer, header.nlmsg_len - sizeof(header));
	if (header.nlmsg_type == NLMSG_ERROR) {
		err = (int)read_u32_host(answer);
		return !answer->failed && err < 0 ? err : -EPROTO;
	}
	read_copy(answer, &route, sizeof(route));
	if (answer->failed || header.nlmsg_type != RTM_NEWROUTE)
		return -EPROTO;
	*type = route.rtm_type;
	return 0;
}

int fast_route_read(struct reader answer, struct fast_route *ret)
{
	struct host_attr a;
	uint8_t type;
	int err = read_type(&answer, &type);

	if (err < 0)
		return err;
	if (type != RTN_UNICAST)
		return -EOPNOTSUPP;
	while (host_attr_next(&answer, &a))
		if (!take_attribute(&a, ret))
			return -EPROTO;
	/* What the route puts around a packet, or a program of its own sees, we do not. */
	if (ret->encapsulates)
		return -EOPNOTSUPP;
	return ret->ifindex > 0 ? 0 : -ENETUNREACH;
}

/* The smaller of the interface's MTU and the route's. */
static int interface_look(int socket, struct fast_route *ret)
{
	struct ifreq r = { .ifr_ifindex = ret->ifindex };

	if (ioctl(socket, SIOCGIFNAME, &r) < 0 || ioctl(socket, SIOCGIFHWADDR, &r) < 0)
		return -errno;
	if (r.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return -EOPNOTSUPP;
	memcpy(ret->mac, r.ifr_hwaddr.sa_data, sizeof(ret->mac));
	if (ioctl(socket, SIOCGIFMTU, &r) < 0)
		return -errno;
	if (!ret->mtu_bytes || ret->mtu_bytes > (uint32_t)r.ifr_mtu)
		ret->mtu_bytes = (uint32_t)r.ifr_mtu;
	return 0;
}

/* Of the interface, where the route has none of its own: what the system writes into packets. */
static int hop_limit_look(struct fast_route *ret)
{
	char path[sizeof(HOP_LIMIT) + IF_NAMESIZE], name[IF_NAMESIZE], value[16];
	AUTO_FD fd = -1;
	ssize_t len;

	if (ret->hop_limit)
		return 0;
	if (!if_indextoname((unsigned int)ret->ifindex, name))
		return -errno;
	snprintf(path, sizeof(path), HOP_LIMIT, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, value, sizeof(value) - 1);
	if (len <= 0)
		return len < 0 ? -errno : -EIO;
	value[len] = '\0';
	ret->hop_limit = (uint8_t)strtoul(value, NULL, 10);
	return 0;
}

/* @buffer: the question, then the answer. Return: its length; -errno. */
static ssize_t exchange(int fd, char *buffer, const struct nlmsghdr *nlh)
{
	ssize_t len;

	if (send(fd, nlh, nlh->nlmsg_len, 0) < 0)
		return -errno;
	len = recv(fd, buffer, BUFFER_OCTETS, 0);
	return len < 0 ? -errno : len;
}

static int ask(int fd, const struct fast_asker *asker, bool from, struct fast_route *ret)
{
	_Alignas(struct nlmsghdr) char buffer[BUFFER_OCTETS];
	ssize_t len = exchange(fd, buffer, question(buffer, asker, from));

	if (len < 0)
		return (int)len;
	*ret = (struct fast_route){ 0 };
	hop_of_peer(&asker->peer, &ret->hop);
	return fast_route_read(reader_over(buffer, (size_t)len), ret);
}

static int peer_is_ours(int fd, const struct fast_asker *asker)
{
	_Alignas(struct nlmsghdr) char buffer[BUFFER_OCTETS];
	ssize_t len = exchange(fd, buffer, question(buffer, asker, false));
	struct reader answer = reader_over(buffer, len < 0 ? 0 : (size_t)len);
	uint8_t type;

	if (len < 0)
		return (int)len;
	if (read_type(&answer, &type) < 0)
		return -EADDRNOTAVAIL;
	return type == RTN_LOCAL || type == RTN_ANYCAST ? 0 : -EADDRNOTAVAIL;
}

/* Whether what comes for this address is for this host. Of IPv4 the route says it: the system gives none from a foreign
 * address; of IPv6 it does. */
static int address_is_ours(int fd, const struct fast_asker *asker)
{
	bool narrow = IN6_IS_ADDR_LINKLOCAL(&asker->local.v6.sin6_addr);
	struct fast_asker back = { .peer = asker->local,
		                   .device = narrow ? (int)interface_of(asker) : 0 };
	int err = peer_is_ours(fd, &back);

	if (err == 0 || narrow || !asker->device)
		return err;
	/* A VRF has addresses of its own. */
	back.device = asker->device;
	return peer_is_ours(fd, &back);
}

/* The most specific route may lead out of another interface, which a socket that is bound does not take. Of IPv6 the
 * system then says which it takes if it is not told from where. */
static bool leads_elsewhere(const struct fast_asker *asker, const struct fast_route *route)
{
	return asker->device && asker->device != route->ifindex &&
	       asker->peer.any.sa_family == AF_INET6;
}

int fast_route(int fd, const struct fast_asker *asker, struct fast_route *ret)
{
	int err = ask(fd, asker, true, ret);

	if (err == 0 && leads_elsewhere(asker, ret))
		err = ask(fd, asker, false, ret);
	if (err == 0)
		err = interface_look(fd, ret);
	if (err == 0 && asker->peer.any.sa_family == AF_INET6)
		err = address_is_ours(fd, asker);
	if (err == 0 && asker->peer.any.sa_family == AF_INET6)
		err = hop_limit_look(ret);
	return err;
}
