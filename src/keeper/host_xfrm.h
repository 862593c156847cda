/* SPDX-License-Identifier: BSD-2-Clause */
/* host_xfrm.h - the IPsec policies of a network namespace
 *
 * Policies for packets that come in and that leave; not for those that are forwarded, which a tunnel's are not. A
 * policy that would let its packets pass in clear counts as any other, and so does one for a certain interface; one for
 * a certain if_id does not: it is of packets that go through an xfrm interface, which has no fast path.
 *
 * A kernel that has not loaded what policies are told by has none: only PF_KEY, which tells nobody, makes any without it.
 */
#ifndef UL2TP_KEEPER_HOST_XFRM_H
#define UL2TP_KEEPER_HOST_XFRM_H

#include "keeper/host_source.h"
#include "keeper/host_watch.h"

struct xfrm_rule;

struct host_xfrm {
	struct host_source source;
	struct xfrm_rule *rules;
	uint32_t count, room;
	bool too_many; /* to keep them: in doubt, each flow is matched */
	bool block;    /* what no policy matches is blocked */
};

/** host_xfrm_open() - while in the namespace */
void host_xfrm_open(struct host_xfrm *x);
void host_xfrm_close(struct host_xfrm *x);

/** host_xfrm_look() - what was not loaded may be now: nothing else tells. While in the namespace
 * Return: whether it is, and .source is another */
bool host_xfrm_look(struct host_xfrm *x);

/** host_xfrm_news() - .source.news is readable */
void host_xfrm_news(struct host_xfrm *x);

/** host_xfrm_read() - all policies anew. Return: 0; else they are in doubt */
int host_xfrm_read(struct host_xfrm *x);

/** host_xfrm_applies() - a policy can match @flow, in either direction */
bool host_xfrm_applies(const struct host_xfrm *x, const struct outer_flow *flow);

#endif
