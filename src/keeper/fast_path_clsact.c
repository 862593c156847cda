/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_clsact.c - see fast_path_clsact.h */
#include "keeper/fast_path_clsact.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/link.h"

#define PRIORITY      0xffffu /* the last there can be */
#define HANDLE        1u
#define NAME          "ul2tp-fast" /* then the number of the process, by which what it left is known */
#define NAME_BYTES    32
#define REQUEST_BYTES 512
#define DUMP_BYTES    32768

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

int clsact_make(int route, int ifindex, bool *made)
{
	char buffer[REQUEST_BYTES];
	const struct tcmsg tc = clsact_of(ifindex);
	struct nlmsghdr *nlh = request_begin(buffer, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &tc);
	int err;

	mnl_attr_put_strz(nlh, TCA_KIND, "clsact");
	err = link_request(route, nlh);
	*made = err == 0;
	return err == -EEXIST ? 0 : err;
}

int clsact_put(int route, int ifindex, enum fast_hook hook, int program)
{
	char buffer[REQUEST_BYTES];
	const struct tcmsg tc = filter_of(ifindex, hook);
	struct nlmsghdr *nlh =
		request_begin(buffer, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, &tc);
	struct nlattr *options;
	char name[NAME_BYTES];

	snprintf(name, sizeof(name), NAME " %d", (int)getpid());
	mnl_attr_put_strz(nlh, TCA_KIND, "bpf");
	options = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	mnl_attr_put_u32(nlh, TCA_BPF_FD, (uint32_t)program);
	mnl_attr_put_strz(nlh, TCA_BPF_NAME, name);
	mnl_attr_put_u32(nlh, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(nlh, options);
	return link_request(route, nlh);
}

static int filter_remove(int route, int ifindex, enum fast_hook hook)
{
	char buffer[REQUEST_BYTES];
	const struct tcmsg tc = filter_of(ifindex, hook);
	struct nlmsghdr *nlh = request_begin(buffer, RTM_DELTFILTER, 0, &tc);

	mnl_attr_put_strz(nlh, TCA_KIND, "bpf");
	return link_request(route, nlh);
}

/* --- what is there ------------------------------------------------------------------------------------ */

/* Each message of an answer, which ends with NLMSG_DONE or NLMSG_ERROR. */
static int ask(int route, struct nlmsghdr *request, mnl_cb_t each, void *arg)
{
	AUTO_MEMORY char *buffer = malloc(DUMP_BYTES);
	int err = MNL_CB_OK;
	ssize_t len;

	if (!buffer)
		return -ENOMEM;
	if (send(route, request, request->nlmsg_len, 0) < 0)
		return -errno;
	while (err == MNL_CB_OK) {
		len = recv(route, buffer, DUMP_BYTES, 0);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -errno;
		err = mnl_cb_run(buffer, (size_t)len, 0, 0, each, arg);
	}
	return err < 0 ? -errno : 0;
}

static int count_filter(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(nlh);
	unsigned int *count = arg;

	/* Without a handle it is the place where filters may be. */
	*count += nlh->nlmsg_type == RTM_NEWTFILTER && tc->tcm_handle != 0;
	return MNL_CB_OK;
}

/* In doubt there are. */
static bool has_filters(int route, int ifindex, enum fast_hook hook)
{
	char buffer[REQUEST_BYTES];
	const struct tcmsg tc = { .tcm_ifindex = ifindex, .tcm_parent = parent_of(hook) };
	struct nlmsghdr *nlh = request_begin(buffer, RTM_GETTFILTER, NLM_F_DUMP, &tc);
	unsigned int count = 0;

	return ask(route, nlh, count_filter, &count) < 0 || count > 0;
}

void clsact_take_off(int route, int ifindex, enum fast_hook hook, bool made)
{
	char buffer[REQUEST_BYTES];
	const struct tcmsg tc = clsact_of(ifindex);
	struct nlmsghdr *nlh;

	if (filter_remove(route, ifindex, hook) < 0 || !made ||
	    has_filters(route, ifindex, FAST_HOOK_INGRESS) ||
	    has_filters(route, ifindex, FAST_HOOK_EGRESS))
		return;
	nlh = request_begin(buffer, RTM_DELQDISC, 0, &tc);
	mnl_attr_put_strz(nlh, TCA_KIND, "clsact");
	link_request(route, nlh);
}

/* --- what was left ------------------------------------------------------------------------------------ */

struct interfaces {
	int *at;
	size_t count, room;
};

static int take_interface(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(nlh);
	struct interfaces *i = arg;

	if (nlh->nlmsg_type != RTM_NEWQDISC || tc->tcm_parent != TC_H_CLSACT)
		return MNL_CB_OK;
	if (i->count == i->room) {
		size_t room = i->room ? i->room * 2 : 64;
		int *grown = realloc(i->at, room * sizeof(*grown));

		if (!grown)
			return MNL_CB_OK;
		i->at = grown;
		i->room = room;
	}
	i->at[i->count++] = tc->tcm_ifindex;
	return MNL_CB_OK;
}

/* Whether a filter of this name is of a process that has ended. */
static bool is_orphan(const struct nlattr *attr)
{
	char name[NAME_BYTES] = "";
	char *end;
	long pid;

	if (mnl_attr_get_payload_len(attr) >= sizeof(name))
		return false;
	memcpy(name, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	if (strncmp(name, NAME " ", strlen(NAME " ")) != 0)
		return false;
	pid = strtol(name + strlen(NAME " "), &end, 10);
	return *end == '\0' && pid > 0 && pid <= INT_MAX && kill((pid_t)pid, 0) < 0 &&
	       errno == ESRCH;
}

static int take_option(const struct nlattr *attr, void *arg)
{
	bool *left = arg;

	if (mnl_attr_get_type(attr) == TCA_BPF_NAME)
		*left = is_orphan(attr);
	return MNL_CB_OK;
}

static int take_attribute(const struct nlattr *attr, void *arg)
{
	if (mnl_attr_get_type(attr) == TCA_OPTIONS)
		mnl_attr_parse_nested(attr, take_option, arg);
	return MNL_CB_OK;
}

static int take_filter(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == RTM_NEWTFILTER && tc->tcm_handle == HANDLE &&
	    TC_H_MAJ(tc->tcm_info) == PRIORITY << 16)
		mnl_attr_parse(nlh, sizeof(*tc), take_attribute, arg);
	return MNL_CB_OK;
}

static bool is_left(int route, int ifindex)
{
	char buffer[REQUEST_BYTES];
	const struct tcmsg tc = { .tcm_ifindex = ifindex,
		                  .tcm_parent = parent_of(FAST_HOOK_INGRESS) };
	struct nlmsghdr *nlh = request_begin(buffer, RTM_GETTFILTER, NLM_F_DUMP, &tc);
	bool left = false;

	return ask(route, nlh, take_filter, &left) == 0 && left;
}

int clsact_sweep(int route)
{
	char buffer[REQUEST_BYTES];
	const struct tcmsg all = { 0 };
	struct nlmsghdr *nlh = request_begin(buffer, RTM_GETQDISC, NLM_F_DUMP, &all);
	struct interfaces interfaces = { 0 };
	int err = ask(route, nlh, take_interface, &interfaces), count = 0;

	for (size_t i = 0; err == 0 && i < interfaces.count; i++)
		if (is_left(route, interfaces.at[i]))
			count += filter_remove(route, interfaces.at[i], FAST_HOOK_INGRESS) == 0;
	free(interfaces.at);
	return err < 0 ? err : count;
}
