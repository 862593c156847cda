/* SPDX-License-Identifier: BSD-2-Clause */
/* host_xfrm.c - see host_xfrm.h */
#include "keeper/host_xfrm.h"

#include <errno.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "keeper/host_flow.h"
#include "keeper/kernel_module.h"

#define RULES_MAX 8192

#define MODULE     "xfrm_user"
#define MODULE_KEY "af_key"

/* A policy's selector. Ports in host order. */
struct xfrm_rule {
	uint8_t from[HOST_ADDRESS_BYTES], to[HOST_ADDRESS_BYTES];
	uint8_t from_bits, to_bits;
	uint8_t family; /* AF_UNSPEC: any */
	uint8_t protocol;
	uint8_t direction; /* XFRM_POLICY_IN or XFRM_POLICY_OUT */
	uint16_t from_port, from_port_mask, to_port, to_port_mask;
	uint32_t mark, mark_mask;
};

void host_xfrm_open(struct host_xfrm *x)
{
	/* A policy that expires is told to another group than one that is removed. */
	const int groups[] = { XFRMNLGRP_POLICY, XFRMNLGRP_EXPIRE };

	*x = (struct host_xfrm){ 0 };
	host_source_open(&x->source, NETLINK_XFRM, MODULE, groups, ARRAY_SIZE(groups));
	if (x->source.absent && !kernel_module_is_absent(MODULE_KEY))
		x->source.err = -EPROTONOSUPPORT;
}

bool host_xfrm_look(struct host_xfrm *x)
{
	if (!x->source.absent ||
	    (kernel_module_is_absent(MODULE) && kernel_module_is_absent(MODULE_KEY)))
		return false;
	host_xfrm_open(x);
	return true;
}

void host_xfrm_close(struct host_xfrm *x)
{
	host_source_close(&x->source);
	free(x->rules);
	x->rules = NULL;
	x->count = x->room = 0;
}

static void take_news(void *arg, uint16_t type, struct reader *payload)
{
	struct host_xfrm *x = arg;

	(void)payload;
	if (type != XFRM_MSG_EXPIRE)
		x->source.stale = true;
}

void host_xfrm_news(struct host_xfrm *x)
{
	host_source_news(&x->source, take_news, x);
}

static struct xfrm_rule *rule_new(struct host_xfrm *x)
{
	if (x->count == x->room) {
		uint32_t room = x->room ? x->room * 2 : 16;
		struct xfrm_rule *grown =
			x->count < RULES_MAX ? realloc(x->rules, room * sizeof(*grown)) : NULL;

		if (!grown) {
			x->too_many = true;
			return NULL;
		}
		x->rules = grown;
		x->room = room;
	}
	return &x->rules[x->count++];
}

/* What a policy has beside its selector. */
struct xfrm_more {
	struct xfrm_mark mark;
	uint32_t if_id;
};

static struct xfrm_more more_of(struct reader *attributes)
{
	struct xfrm_more more = { 0 };
	struct host_attr a;

	while (host_attr_next(attributes, &a)) {
		if (a.type == XFRMA_MARK)
			read_copy(&a.value, &more.mark, sizeof(more.mark));
		if (a.type == XFRMA_IF_ID)
			more.if_id = read_u32_host(&a.value);
	}
	return more;
}

static void take_policy(void *arg, uint16_t type, struct reader *payload)
{
	struct host_xfrm *x = arg;
	struct xfrm_userpolicy_info policy;
	struct xfrm_rule *rule;
	struct xfrm_more more;

	read_copy(payload, &policy, sizeof(policy));
	if (payload->failed || type != XFRM_MSG_NEWPOLICY)
		return;
	/* Others are of forwarded packets, or of one socket that is not ours. */
	if (policy.dir != XFRM_POLICY_IN && policy.dir != XFRM_POLICY_OUT)
		return;
	more = more_of(payload);
	/* It is about what comes and goes by a virtual interface of IPsec's alone, which no fast path goes by. */
	if (more.if_id)
		return;
	rule = rule_new(x);
	if (!rule)
		return;
	*rule = (struct xfrm_rule){
		.from_bits = policy.sel.prefixlen_s,
		.to_bits = policy.sel.prefixlen_d,
		.family = (uint8_t)policy.sel.family,
		.protocol = policy.sel.proto,
		.direction = policy.dir,
		.from_port = ntohs(policy.sel.sport),
		.from_port_mask = ntohs(policy.sel.sport_mask),
		.to_port = ntohs(policy.sel.dport),
		.to_port_mask = ntohs(policy.sel.dport_mask),
		.mark = more.mark.v,
		.mark_mask = more.mark.m,
	};
	memcpy(rule->from, &policy.sel.saddr, sizeof(rule->from));
	memcpy(rule->to, &policy.sel.daddr, sizeof(rule->to));
}

static void take_default(void *arg, uint16_t type, struct reader *payload)
{
	struct host_xfrm *x = arg;
	struct xfrm_userpolicy_default all;

	read_copy(payload, &all, sizeof(all));
	if (type == XFRM_MSG_GETDEFAULT || type == XFRM_MSG_SETDEFAULT)
		x->block = payload->failed || all.in == XFRM_USERPOLICY_BLOCK ||
		           all.out == XFRM_USERPOLICY_BLOCK;
}

static int default_read(struct host_xfrm *x)
{
	struct {
		struct nlmsghdr header;
		struct xfrm_userpolicy_default all;
	} request = { .header = { .nlmsg_len = sizeof(request),
		                  .nlmsg_type = XFRM_MSG_GETDEFAULT } };
	int err = host_source_ask(&x->source, &request.header, NLM_F_ACK, take_default, x);

	/* Before Linux 5.15 there is none: what no policy matches passes. */
	return err == -EINVAL ? 0 : err;
}

int host_xfrm_read(struct host_xfrm *x)
{
	struct {
		struct nlmsghdr header;
		struct xfrm_userpolicy_id id;
	} request = { .header = { .nlmsg_len = sizeof(request),
		                  .nlmsg_type = XFRM_MSG_GETPOLICY } };
	int err;

	x->count = 0;
	x->block = x->too_many = false;
	err = host_source_ask(&x->source, &request.header, NLM_F_DUMP, take_policy, x);
	if (err == -E2BIG) {
		x->too_many = true;
		err = 0;
	}
	return err < 0 ? err : default_read(x);
}

static bool port_fits(uint16_t port, uint16_t want, uint16_t mask)
{
	return ((port ^ want) & mask) == 0;
}

static bool selector_matches(const struct xfrm_rule *r, const union address *from,
                             const union address *to)
{
	if (r->family != AF_UNSPEC && r->family != from->any.sa_family)
		return false;
	return (r->protocol == 0 || r->protocol == IPPROTO_UDP) &&
	       port_fits(address_port(from), r->from_port, r->from_port_mask) &&
	       port_fits(address_port(to), r->to_port, r->to_port_mask) &&
	       prefix_holds(r->from, r->from_bits, from) && prefix_holds(r->to, r->to_bits, to);
}

static bool rule_matches(const struct xfrm_rule *r, const struct outer_flow *flow)
{
	/* The mark of what comes in is anybody's. */
	if (r->direction == XFRM_POLICY_IN)
		return selector_matches(r, &flow->peer, &flow->local);
	return (flow->mark & r->mark_mask) == r->mark &&
	       selector_matches(r, &flow->local, &flow->peer);
}

bool host_xfrm_applies(const struct host_xfrm *x, const struct outer_flow *flow)
{
	if (x->block || x->too_many)
		return true;
	for (uint32_t i = 0; i < x->count; i++)
		if (rule_matches(&x->rules[i], flow))
			return true;
	return false;
}
