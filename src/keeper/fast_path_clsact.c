/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_clsact.c - see fast_path_clsact.h */
#include "keeper/fast_path_clsact.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "keeper/link.h"

#define PRIORITY      0xffffu /* the last there can be */
#define HANDLE        1u
#define NAME          "ul2tp-fast"
#define REQUEST_BYTES 512

static uint32_t parent_of(enum fast_hook hook)
{
	return TC_H_MAKE(TC_H_CLSACT,
	                 hook == FAST_HOOK_INGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
}

static struct nlmsghdr *request_begin(char *buffer, uint16_t type, uint16_t flags,
                                      const struct tcmsg *what)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(nlh, sizeof(*tc));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	*tc = *what;
	return nlh;
}

static struct tcmsg clsact_of(int ifindex)
{
	return (struct tcmsg){
		.tcm_ifindex = ifindex,
		.tcm_parent = TC_H_CLSACT,
		.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
	};
}

static struct tcmsg filter_of(int ifindex, enum fast_hook hook)
{
	return (struct tcmsg){
		.tcm_ifindex = ifindex,
		.tcm_parent = parent_of(hook),
		.tcm_handle = HANDLE,
		.tcm_info = TC_H_MAKE(PRIORITY << 16, htons(ETH_P_ALL)),
	};
}

static bool is_down(int route, int ifindex)
{
	struct ifreq r = { .ifr_ifindex = ifindex };

	return ioctl(route, SIOCGIFNAME, &r) == 0 && ioctl(route, SIOCGIFFLAGS, &r) == 0 &&
	       !(r.ifr_flags & IFF_UP);
}

int clsact_make(int route, int ifindex)
{
	char buffer[REQUEST_BYTES];
	const struct tcmsg tc = clsact_of(ifindex);
	struct nlmsghdr *nlh = request_begin(buffer, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &tc);

	if (!is_down(route, ifindex))
		return -EBUSY;
	mnl_attr_put_strz(nlh, TCA_KIND, "clsact");
	return link_request(route, nlh);
}

int clsact_put(int route, int ifindex, enum fast_hook hook, int program)
{
	char buffer[REQUEST_BYTES];
	const struct tcmsg tc = filter_of(ifindex, hook);
	struct nlmsghdr *nlh =
		request_begin(buffer, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, &tc);
	struct nlattr *options;

	mnl_attr_put_strz(nlh, TCA_KIND, "bpf");
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	mnl_attr_put_u32(nlh, TCA_BPF_FD, (uint32_t)program);
	mnl_attr_put_strz(nlh, TCA_BPF_NAME, NAME);
	mnl_attr_put_u32(nlh, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(nlh, options);
	return link_request(route, nlh);
}

int clsact_take(int route, int ifindex, enum fast_hook hook)
{
	char buffer[REQUEST_BYTES];
	const struct tcmsg tc = filter_of(ifindex, hook);
	struct nlmsghdr *nlh = request_begin(buffer, RTM_DELTFILTER, 0, &tc);

	mnl_attr_put_strz(nlh, TCA_KIND, "bpf");
	return link_request(route, nlh);
}
