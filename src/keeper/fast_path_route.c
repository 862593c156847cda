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
#include "base/reader.h"

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

static int take_metric(const struct nlattr *attr, void *data)
{
	struct fast_route *ret = data;

	if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return MNL_CB_OK;
	if (mnl_attr_get_type(attr) == RTAX_MTU)
		ret->mtu_bytes = mnl_attr_get_u32(attr);
	if (mnl_attr_get_type(attr) == RTAX_HOPLIMIT)
		ret->hop_limit = (uint8_t)mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

/* A router's address; RTA_VIA has a family in front, which may be another than the peer's. */
static void take_gateway(const struct nlattr *attr, struct fast_hop *hop)
{
	struct reader r = reader_over(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));

	if (mnl_attr_get_type(attr) == RTA_VIA)
		hop->family = read_u16_host(&r);
	read_copy(&r, hop->address, hop->family == AF_INET6 ? 16 : 4);
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

static int take_attribute(const struct nlattr *attr, void *data)
{
	struct fast_route *ret = data;

	if (mnl_attr_get_type(attr) == RTA_ENCAP_TYPE && mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
		ret->encapsulates = mnl_attr_get_u16(attr) != LWTUNNEL_ENCAP_NONE;
	if (mnl_attr_get_type(attr) == RTA_OIF && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		ret->ifindex = (int)mnl_attr_get_u32(attr);
	if (mnl_attr_get_type(attr) == RTA_GATEWAY || mnl_attr_get_type(attr) == RTA_VIA)
		take_gateway(attr, &ret->hop);
	if (mnl_attr_get_type(attr) == RTA_METRICS)
		mnl_attr_parse_nested(attr, take_metric, data);
	return MNL_CB_OK;
}

static int take_answer(const char *buffer, size_t len, struct fast_route *ret)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buffer;
	const struct rtmsg *route;

	if (!mnl_nlmsg_ok(nlh, (int)len))
		return -EPROTO;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);

		return error->error ? error->error : -EPROTO;
	}
	route = mnl_nlmsg_get_payload(nlh);
	if (route->rtm_type != RTN_UNICAST)
		return -EOPNOTSUPP;
	mnl_attr_parse(nlh, sizeof(*route), take_attribute, ret);
	/* What the route puts around a packet, or a program of its own sees, we do not. */
	if (ret->encapsulates)
		return -EOPNOTSUPP;
	return ret->ifindex ? 0 : -ENETUNREACH;
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
	return take_answer(buffer, (size_t)len, ret);
}

static int peer_is_ours(int fd, const struct fast_asker *asker)
{
	_Alignas(struct nlmsghdr) char buffer[BUFFER_OCTETS];
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buffer;
	const struct rtmsg *route;
	ssize_t len = exchange(fd, buffer, question(buffer, asker, false));

	if (len < 0)
		return (int)len;
	if (!mnl_nlmsg_ok(nlh, (int)len) || nlh->nlmsg_type != RTM_NEWROUTE)
		return -EADDRNOTAVAIL;
	route = mnl_nlmsg_get_payload(nlh);
	return route->rtm_type == RTN_LOCAL || route->rtm_type == RTN_ANYCAST ? 0 : -EADDRNOTAVAIL;
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
