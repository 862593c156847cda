/* SPDX-License-Identifier: BSD-2-Clause */
/* route.c - see route.h */
#include "keeper/route.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "keeper/link.h"

#define REQUEST_BYTES 256

static struct nlmsghdr *request_begin(char *buffer, uint16_t type, uint16_t flags, int ifindex,
                                      const struct prefix *to)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(nlh, sizeof(*route));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	route->rtm_family = to->family;
	route->rtm_dst_len = to->bits;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = ROUTE_PROTOCOL;
	route->rtm_scope = to->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	route->rtm_type = RTN_UNICAST;
	mnl_attr_put(nlh, RTA_DST, prefix_octets(to->family), to->octets);
	mnl_attr_put_u32(nlh, RTA_OIF, (uint32_t)ifindex);
	return nlh;
}

int route_add(int socket, int ifindex, const struct prefix *to, bool replace)
{
	char buffer[REQUEST_BYTES];
	uint16_t flags = (uint16_t)(NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL));

	return link_request(socket, request_begin(buffer, RTM_NEWROUTE, flags, ifindex, to));
}

int route_remove(int socket, int ifindex, const struct prefix *to)
{
	char buffer[REQUEST_BYTES];

	return link_request(socket, request_begin(buffer, RTM_DELROUTE, 0, ifindex, to));
}
