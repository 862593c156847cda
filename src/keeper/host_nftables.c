/* SPDX-License-Identifier: BSD-2-Clause */
/* host_nftables.c - see host_nftables.h
 *
 * Chains are asked for, not rules: there are far fewer of them, and a base chain says how many rules it has (its use
 * count, since nothing may jump to it). Changes of sets, whose elements come and go by the thousand, need no new look.
 */
#include "keeper/host_nftables.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "keeper/kernel_module.h"

#define MODULE        "nf_tables"
#define MODULE_SOURCE "nfnetlink"

#define FAMILY_INET   1 /* NFPROTO_* */
#define FAMILY_IPV4   2
#define FAMILY_NETDEV 5
#define FAMILY_IPV6   10
#define HOOK_INGRESS  5 /* NF_INET_INGRESS: of a device, in family inet */

void host_nftables_open(struct host_nftables *n)
{
	const int groups[] = { NFNLGRP_NFTABLES };

	*n = (struct host_nftables){ 0 };
	host_source_open(&n->source, NETLINK_NETFILTER, MODULE_SOURCE, groups, ARRAY_SIZE(groups));
}

void host_nftables_close(struct host_nftables *n)
{
	host_source_close(&n->source);
}

static void take_news(void *arg, uint16_t type, struct reader *payload)
{
	struct host_nftables *n = arg;

	(void)payload;
	switch (type & 0xff) {
	case NFT_MSG_NEWSETELEM:
	case NFT_MSG_DELSETELEM:
	case NFT_MSG_NEWOBJ:
	case NFT_MSG_DELOBJ:
		return;
	default:
		n->source.stale = true;
	}
}

void host_nftables_news(struct host_nftables *n)
{
	host_source_news(&n->source, take_news, n);
}

bool host_nftables_look(struct host_nftables *n)
{
	if (n->source.absent && !kernel_module_is_absent(MODULE_SOURCE)) {
		host_nftables_open(n);
		return true;
	}
	if (n->absent && !kernel_module_is_absent(MODULE)) {
		n->absent = false;
		n->source.stale = true;
	}
	return false;
}

/* A chain as the kernel tells of it. */
struct chain {
	uint8_t family;
	bool base;
	uint32_t hook, policy, rules;
	struct reader device, devices; /* value of NFTA_HOOK_DEV; attributes of NFTA_HOOK_DEVS */
};

static void hook_read(struct chain *c, struct reader *attributes)
{
	struct host_attr a;

	c->base = true;
	while (host_attr_next(attributes, &a)) {
		if (a.type == NFTA_HOOK_HOOKNUM)
			c->hook = read_u32(&a.value);
		else if (a.type == NFTA_HOOK_DEV)
			c->device = a.value;
		else if (a.type == NFTA_HOOK_DEVS)
			c->devices = a.value;
	}
}

static struct chain chain_read(struct reader *payload)
{
	struct chain c = { .policy = NF_ACCEPT };
	struct host_attr a;

	c.family = read_u8(payload);
	read_skip(payload, sizeof(struct nfgenmsg) - 1);
	while (host_attr_next(payload, &a)) {
		if (a.type == NFTA_CHAIN_HOOK)
			hook_read(&c, &a.value);
		else if (a.type == NFTA_CHAIN_POLICY)
			c.policy = read_u32(&a.value);
		else if (a.type == NFTA_CHAIN_USE)
			c.rules = read_u32(&a.value);
	}
	return c;
}

static void device_add(struct nft_summary *s, const struct reader *name)
{
	size_t len = strnlen((const char *)name->at, read_left(name));

	if (len == 0 || len >= IFNAMSIZ || s->count == NFT_DEVICES_MAX) {
		s->any_device = true;
		return;
	}
	memset(s->devices[s->count], 0, IFNAMSIZ);
	memcpy(s->devices[s->count++], name->at, len);
}

/* A list may hold beginnings of names, in newer kernels: then it may mean any. */
static void devices_add(struct nft_summary *s, struct chain *c)
{
	struct host_attr a;

	if (read_left(&c->device) == 0 && read_left(&c->devices) == 0)
		s->any_device = true;
	if (read_left(&c->device))
		device_add(s, &c->device);
	while (host_attr_next(&c->devices, &a)) {
		if (a.type == NFTA_DEVICE_NAME)
			device_add(s, &a.value);
		else
			s->any_device = true;
	}
}

static void take_chain(void *arg, uint16_t type, struct reader *payload)
{
	struct host_nftables *n = arg;
	struct chain c;

	if ((type & 0xff) != NFT_MSG_NEWCHAIN)
		return;
	c = chain_read(payload);
	if (!c.base || (c.rules == 0 && c.policy == NF_ACCEPT))
		return;
	if (c.family == FAMILY_NETDEV || (c.family == FAMILY_INET && c.hook == HOOK_INGRESS)) {
		devices_add(&n->summary, &c);
	} else if (c.hook != NF_INET_FORWARD) {
		n->summary.v4 |= c.family == FAMILY_IPV4 || c.family == FAMILY_INET;
		n->summary.v6 |= c.family == FAMILY_IPV6 || c.family == FAMILY_INET;
	}
}

int host_nftables_read(struct host_nftables *n)
{
	struct {
		struct nlmsghdr header;
		struct nfgenmsg message;
	} request = { .header = { .nlmsg_len = sizeof(request),
		                  .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN },
		      .message = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 } };
	int err;

	n->summary = (struct nft_summary){ 0 };
	err = host_source_ask(&n->source, &request.header, NLM_F_DUMP, take_chain, n);
	if (err == -E2BIG) {
		n->summary.v4 = n->summary.v6 = n->summary.any_device = true;
		return 0;
	}
	/* Nobody answers for it, so there are no rules, until it is loaded. */
	n->absent = (err == -EINVAL || err == -EOPNOTSUPP) && kernel_module_is_absent(MODULE);
	return n->absent ? 0 : err;
}

bool host_nftables_applies(const struct host_nftables *n, int family)
{
	return family == AF_INET6 ? n->summary.v6 : n->summary.v4;
}

bool host_nftables_applies_to_device(const struct host_nftables *n, const char *device)
{
	if (n->summary.any_device)
		return true;
	for (uint32_t i = 0; i < n->summary.count; i++)
		if (strncmp(n->summary.devices[i], device, IFNAMSIZ) == 0)
			return true;
	return false;
}
