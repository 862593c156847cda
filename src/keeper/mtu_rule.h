/* SPDX-License-Identifier: BSD-2-Clause */
/* mtu_rule.h - what MTU a session's interface gets, from that of the path its packets take
 *
 * The engine knows what a packet of the session needs around it, the keeper asks for the path while it makes the
 * interface; so one request does.
 */
#ifndef UL2TP_KEEPER_MTU_RULE_H
#define UL2TP_KEEPER_MTU_RULE_H

#include <stdint.h>

#define MTU_RULE_MAX 65535

struct mtu_rule {
	uint32_t overhead_bytes;  /* that packets of the interface get around them */
	uint32_t otherwise_bytes; /* the MTU where no path says more */
};

/** mtu_rule_apply() - @path_mtu: of the route to the peer; 0: not known */
static inline uint32_t mtu_rule_apply(const struct mtu_rule *rule, uint32_t path_mtu)
{
	if (!path_mtu || path_mtu < rule->overhead_bytes ||
	    path_mtu - rule->overhead_bytes > MTU_RULE_MAX)
		return rule->otherwise_bytes;
	return path_mtu - rule->overhead_bytes;
}

#endif
