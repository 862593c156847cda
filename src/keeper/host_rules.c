/* SPDX-License-Identifier: BSD-2-Clause */
/* host_rules.c - see host_rules.h */
#include "keeper/host_rules.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "keeper/host_flow.h"

#define RULES_MAX     4096
#define PRIORITY_MAIN 32766

/* Ports in host order, both ends included; the widest range is no condition. */
struct port_range {
	uint16_t first, last;
};

struct routing_rule {
	uint8_t family;
	uint8_t from[HOST_ADDRESS_BYTES], to[HOST_ADDRESS_BYTES];
	uint8_t from_bits, to_bits;
	uint8_t protocol; /* 0: any */
	uint8_t action;
	bool invert, other_interface, vrf;
	bool narrowed; /* by what a usual rule has not */
	uint32_t priority, table, mark, mark_mask;
	struct port_range from_ports, to_ports;
};

void host_rules_close(struct host_rules *r)
{
	free(r->rules);
	*r = (struct host_rules){ 0 };
}

static struct port_range range_read(struct reader *value)
{
	struct port_range range;

	range.first = read_u16_host(value);
	range.last = read_u16_host(value);
	return value->failed ? (struct port_range){ 0, UINT16_MAX } : range;
}

/* An address may be longer or shorter than we think; the prefix then is whatever its zeros say. */
static void address_read(uint8_t to[HOST_ADDRESS_BYTES], struct reader *value)
{
	size_t len = read_left(value);

	read_copy(value, to, len < HOST_ADDRESS_BYTES ? len : HOST_ADDRESS_BYTES);
}

static void attribute_take(struct routing_rule *rule, struct host_attr *a)
{
	switch (a->type) {
	case FRA_SRC:
		address_read(rule->from, &a->value);
		break;
	case FRA_DST:
		address_read(rule->to, &a->value);
		break;
	case FRA_PRIORITY:
		rule->priority = read_u32_host(&a->value);
		break;
	case FRA_TABLE:
		rule->table = read_u32_host(&a->value);
		break;
	case FRA_FWMARK:
		rule->mark = read_u32_host(&a->value);
		break;
	case FRA_FWMASK:
		rule->mark_mask = read_u32_host(&a->value);
		break;
	case FRA_IP_PROTO:
		rule->protocol = read_u8(&a->value);
		break;
	case FRA_SPORT_RANGE:
		rule->from_ports = range_read(&a->value);
		break;
	case FRA_DPORT_RANGE:
		rule->to_ports = range_read(&a->value);
		break;
	case FRA_IIFNAME:
		rule->other_interface = !host_attr_is(a, "lo");
		rule->narrowed = true;
		break;
	case FRA_L3MDEV:
		rule->vrf = read_u8(&a->value) != 0;
		break;
	case FRA_PROTOCOL:
	case FRA_PAD:
	case FRA_FLOW:
		break;
	case FRA_SUPPRESS_PREFIXLEN:
	case FRA_SUPPRESS_IFGROUP:
		rule->narrowed |= read_u32_host(&a->value) != UINT32_MAX;
		break;
	default:
		rule->narrowed = true;
	}
}

static struct routing_rule rule_read(struct reader *payload)
{
	struct routing_rule rule = { .from_ports = { 0, UINT16_MAX },
		                     .to_ports = { 0, UINT16_MAX } };
	struct fib_rule_hdr header;
	struct host_attr a;

	read_copy(payload, &header, sizeof(header));
	rule.family = header.family;
	rule.from_bits = header.src_len;
	rule.to_bits = header.dst_len;
	rule.action = header.action;
	rule.table = header.table;
	rule.narrowed = header.tos != 0;
	rule.invert = header.flags & FIB_RULE_INVERT;
	while (host_attr_next(payload, &a))
		attribute_take(&rule, &a);
	/* A mask of zero and a mark is an exact match, in the words of old programs. */
	if (rule.mark && !rule.mark_mask)
		rule.mark_mask = UINT32_MAX;
	return rule;
}

/* Whether it selects all, by @priority in table @table. */
static bool is_usual(const struct routing_rule *rule, uint32_t priority, uint32_t table)
{
	return rule->priority == priority && rule->table == table && !rule->narrowed &&
	       !rule->invert && !rule->vrf && rule->action == FR_ACT_TO_TBL && !rule->from_bits &&
	       !rule->to_bits && !rule->protocol && !rule->mark && !rule->mark_mask &&
	       rule->from_ports.first == 0 && rule->from_ports.last == UINT16_MAX &&
	       rule->to_ports.first == 0 && rule->to_ports.last == UINT16_MAX;
}

static void rule_keep(struct host_rules *r, const struct routing_rule *rule)
{
	if (r->count == r->room) {
		uint32_t room = r->room ? r->room * 2 : 8;
		struct routing_rule *grown =
			r->count < RULES_MAX ? realloc(r->rules, room * sizeof(*grown)) : NULL;

		if (!grown) {
			r->too_many = true;
			return;
		}
		r->rules = grown;
		r->room = room;
	}
	r->rules[r->count++] = *rule;
}

static void take_rule(void *arg, uint16_t type, struct reader *payload)
{
	struct host_rules *r = arg;
	struct routing_rule rule;

	if (type != RTM_NEWRULE)
		return;
	rule = rule_read(payload);
	if (is_usual(&rule, 0, RT_TABLE_LOCAL)) {
		if (rule.family == AF_INET6)
			r->local_v6 = true;
		else
			r->local_v4 = true;
		return;
	}
	if (!is_usual(&rule, PRIORITY_MAIN, RT_TABLE_MAIN) &&
	    !is_usual(&rule, PRIORITY_MAIN + 1, RT_TABLE_DEFAULT))
		rule_keep(r, &rule);
}

static int family_read(struct host_rules *r, struct host_source *route, uint8_t family)
{
	struct {
		struct nlmsghdr header;
		struct fib_rule_hdr rule;
	} request = { .header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETRULE },
		      .rule = { .family = family } };
	int err = host_source_ask(route, &request.header, NLM_F_DUMP, take_rule, r);

	/* A kernel without policy routing, or without the family, has none. */
	if (err == -EOPNOTSUPP || err == -EAFNOSUPPORT) {
		r->local_v4 |= family == AF_INET;
		r->local_v6 |= family == AF_INET6;
		return 0;
	}
	return err;
}

int host_rules_read(struct host_rules *r, struct host_source *route)
{
	int err;

	r->count = 0;
	r->too_many = r->local_v4 = r->local_v6 = false;
	err = family_read(r, route, AF_INET);
	if (err == 0)
		err = family_read(r, route, AF_INET6);
	if (err == -E2BIG) {
		r->too_many = true;
		return 0;
	}
	return err;
}

static bool port_fits(uint16_t port, struct port_range range)
{
	return port >= range.first && port <= range.last;
}

static bool rule_fits(const struct routing_rule *rule, const struct outer_flow *flow)
{
	if (rule->family != flow_family(flow))
		return false;
	if (rule->invert)
		return true;
	if (rule->other_interface || rule->vrf)
		return false;
	return (flow->mark & rule->mark_mask) == rule->mark &&
	       (rule->protocol == 0 || rule->protocol == IPPROTO_UDP) &&
	       port_fits(address_port(&flow->local), rule->from_ports) &&
	       port_fits(address_port(&flow->peer), rule->to_ports) &&
	       prefix_holds(rule->from, rule->from_bits, &flow->local) &&
	       prefix_holds(rule->to, rule->to_bits, &flow->peer);
}

bool host_rules_apply(const struct host_rules *r, const struct outer_flow *flow)
{
	if (r->too_many || !(flow_family(flow) == AF_INET6 ? r->local_v6 : r->local_v4))
		return true;
	for (uint32_t i = 0; i < r->count; i++)
		if (rule_fits(&r->rules[i], flow))
			return true;
	return false;
}
