/* SPDX-License-Identifier: BSD-2-Clause */
/* host_picture.h - what is configured in one network namespace, and what follows from it for a session
 *
 * All parts together: policies, rules, queueing disciplines, filters. Owned by a watch (host_watch.h), which waits for
 * news and says which namespace it is in.
 */
#ifndef UL2TP_KEEPER_HOST_PICTURE_H
#define UL2TP_KEEPER_HOST_PICTURE_H

#include "keeper/host_devices.h"
#include "keeper/host_iptables.h"
#include "keeper/host_hooks.h"
#include "keeper/host_nftables.h"
#include "keeper/host_rules.h"
#include "keeper/host_source.h"
#include "keeper/host_watch.h"
#include "keeper/host_xfrm.h"

enum picture_part { PICTURE_XFRM, PICTURE_NFTABLES, PICTURE_LINKS, PICTURE_ROUTES, PICTURE_PARTS };

struct host_picture {
	struct host_xfrm xfrm;
	struct host_nftables nftables;
	struct host_iptables iptables;
	struct host_hooks *hooks;      /* not ours */
	struct host_hooks_here hooked; /* of BPF, on netfilter itself */
	bool socket_lookup;            /* a BPF program chooses the socket for what comes */
	struct host_source links;      /* interfaces, queueing disciplines, filters, rules */
	struct host_rules rules;
	bool rules_stale;
	struct host_devices devices;
	struct host_source routes;
	uint64_t routes_ms;     /* when to tell of changed routes; 0: they have not */
	bool routes_changed;    /* to be told */
	struct host_news later; /* to be told when it is ... */
	uint64_t later_ms;      /* 0: nothing is */
	bool doubted;           /* somebody was told FAST_IN_DOUBT, and is to ask again */
	bool changed;           /* to be told; whoever does makes it false */
};

/** host_picture_open() - while in the namespace; nothing is read yet */
void host_picture_open(struct host_picture *p, const struct own_programs *own,
                       struct host_hooks *hooks);
void host_picture_close(struct host_picture *p);

/** host_picture_lacks() - a part of it that can not be had here, in words; NULL: none. @err: receives why, -errno */
const char *host_picture_lacks(const struct host_picture *p, int *err);
bool host_picture_is_lacking(const struct host_picture *p);

/** host_picture_fd() - readable when there are news of a part; -1: none. Borrowed */
int host_picture_fd(const struct host_picture *p, enum picture_part part);

/** host_picture_socket() - one in its namespace, by which to enter it. Borrowed */
int host_picture_socket(const struct host_picture *p);

/** host_picture_news() - take them in; what they make stale is read by host_picture_refresh() */
void host_picture_news(struct host_picture *p, enum picture_part part, uint64_t now_ms);

/** host_picture_refresh() - read what is stale and may be read now. Return: whether there is something to tell */
bool host_picture_refresh(struct host_picture *p, uint64_t now_ms);

/** host_picture_take_news() - what is to be told, once. Return: whether there is anything */
bool host_picture_take_news(struct host_picture *p, struct host_news *ret);

/** host_picture_due() - when host_picture_refresh() has something to do, if before @until; else that */
uint64_t host_picture_due(const struct host_picture *p, uint64_t until);

/** host_picture_look() - at what the kernel does not tell of. Call while in the namespace
 * Return: whether parts have news of their own since, which they had not: host_picture_fd() */
bool host_picture_look(struct host_picture *p);

/** host_picture_of_flow() - what stands against the fast path whatever interfaces the packets take; or FAST_USED */
enum fast_reason host_picture_of_flow(struct host_picture *p, const struct outer_flow *flow);

/** host_picture_of_devices() - likewise, for a session whose interfaces these are. Call while in the namespace */
enum fast_reason host_picture_of_devices(struct host_picture *p, const struct outer_flow *flow,
                                         int device, int underlay);

#endif
