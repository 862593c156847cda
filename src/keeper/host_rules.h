/* SPDX-License-Identifier: BSD-2-Clause */
/* host_rules.h - the policy routing rules of a network namespace, but for the three that each has
 *
 * What a tunnel's packets look up when they leave is compared with each rule: addresses, mark, protocol, ports and the
 * interface they came in by, which is none. What a rule selects by besides is taken to fit. Packets that come in are not
 * compared: the table `local`, which the first rule looks up, knows them as ours.
 */
#ifndef UL2TP_KEEPER_HOST_RULES_H
#define UL2TP_KEEPER_HOST_RULES_H

#include "keeper/host_source.h"
#include "keeper/host_watch.h"

struct routing_rule;

struct host_rules {
	struct routing_rule *rules; /* but for the usual ones */
	uint32_t count, room;
	bool too_many;
	bool local_v4, local_v6; /* the rule that looks up `local` first is there */
};

void host_rules_close(struct host_rules *r);

/** host_rules_read() - all of them anew, by a source of NETLINK_ROUTE. Return: 0; else they are in doubt */
int host_rules_read(struct host_rules *r, struct host_source *route);

/** host_rules_apply() - a rule can apply to @flow, which leaves by a device that is in no VRF */
bool host_rules_apply(const struct host_rules *r, const struct outer_flow *flow);

#endif
