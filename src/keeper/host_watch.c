/* SPDX-License-Identifier: BSD-2-Clause */
/* host_watch.c - see host_watch.h
 *
 * Each part of the picture is read when the watch begins and again after the kernel has told of a change; only
 * queueing disciplines and interfaces are followed message by message, for there are as many as sessions. Reading takes
 * at most a tenth of the keeper's time: what is read slowly is in doubt until its turn comes.
 */
#include "keeper/host_watch.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/host_devices.h"
#include "keeper/host_flow.h"
#include "keeper/host_iptables.h"
#include "keeper/host_nftables.h"
#include "keeper/host_rules.h"
#include "keeper/host_source.h"
#include "keeper/host_xfrm.h"

#define EVENTS_MAX    32
#define ROUTE_TELL_MS 100 /* changes of routes are told together */

enum part { PART_XFRM, PART_NFTABLES, PART_LINKS, PART_ROUTES, PARTS };

struct host_watch;

/* What an epoll event leads to. */
struct watch_part {
	struct host_watch *watch;
	enum part part;
};

struct host_watch {
	struct list in_all;
	struct netns_id netns;
	uint32_t users;
	struct watch_part parts[PARTS];
	struct host_xfrm xfrm;
	struct host_nftables nftables;
	struct host_iptables iptables;
	struct host_source links; /* interfaces, queueing disciplines, filters, rules */
	struct host_rules rules;
	bool rules_stale;
	struct host_devices devices;
	struct host_source routes;
	uint64_t routes_ms; /* when to tell of changed routes; 0: they have not */
	bool dropped;
	bool doubted; /* a verdict was FAST_IN_DOUBT: is to be asked for again */
	bool changed; /* to be told */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void watch_close(struct host_watch *w)
{
	host_xfrm_close(&w->xfrm);
	host_nftables_close(&w->nftables);
	host_iptables_close(&w->iptables);
	host_rules_close(&w->rules);
	host_devices_close(&w->devices);
	host_source_close(&w->links);
	host_source_close(&w->routes);
	w->dropped = true;
}

static void host_watch_free(struct host_watch *w)
{
	if (!w)
		return;
	list_remove(&w->in_all);
	if (!w->dropped)
		watch_close(w);
	free(w);
}
DEFINE_AUTO(host_watch)

void host_watches_open(struct host_watches *w, const struct netns_home *home)
{
	*w = (struct host_watches){ .home = home,
		                    .epoll = epoll_create1(EPOLL_CLOEXEC),
		                    .look_ms = UINT64_MAX };
	list_init(&w->all);
}

void host_watches_close(struct host_watches *w)
{
	list_for_each_safe (node, &w->all)
		host_watch_free(list_entry(node, struct host_watch, in_all));
	own_programs_release(&w->own);
	if (w->epoll >= 0)
		close(w->epoll);
	w->epoll = -1;
}

void host_watches_own(struct host_watches *w, uint32_t program_id)
{
	own_programs_add(&w->own, program_id);
}

void host_watches_disown(struct host_watches *w, uint32_t program_id)
{
	own_programs_remove(&w->own, program_id);
}

static struct host_watch *find(const struct host_watches *all, struct netns_id netns)
{
	list_for_each (node, &all->all) {
		struct host_watch *w = list_entry(node, struct host_watch, in_all);

		if (w->netns.cookie == netns.cookie)
			return w;
	}
	return NULL;
}

static bool is_unwatchable(const struct host_watch *w)
{
	return w->dropped || w->xfrm.source.err || w->nftables.source.err || w->links.err ||
	       w->routes.err;
}

/* Be in its namespace until netns_go_home(). */
static int enter(const struct host_watches *all, const struct host_watch *w)
{
	AUTO_FD netns = -1;

	if (w->netns.cookie == all->home->id.cookie)
		return 0;
	netns = netns_of_socket(w->links.ask);
	return netns < 0 ? netns : netns_go(netns);
}

static void leave(const struct host_watches *all, const struct host_watch *w)
{
	if (w->netns.cookie != all->home->id.cookie)
		netns_go_home(all->home);
}

static void links_open(struct host_watch *w)
{
	const int links[] = { RTNLGRP_LINK, RTNLGRP_TC, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE };
	const int routes[] = { RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_NEXTHOP,
		               RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR };

	host_source_open(&w->links, NETLINK_ROUTE, links, ARRAY_SIZE(links));
	host_source_open(&w->routes, NETLINK_ROUTE, routes, ARRAY_SIZE(routes));
	w->routes.stale = false;
	w->rules_stale = true;
}

static int parts_listen(struct host_watches *all, struct host_watch *w)
{
	const int news[PARTS] = {
		[PART_XFRM] = w->xfrm.source.news,
		[PART_NFTABLES] = w->nftables.source.news,
		[PART_LINKS] = w->links.news,
		[PART_ROUTES] = w->routes.news,
	};

	for (enum part i = 0; i < PARTS; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &w->parts[i] };

		w->parts[i] = (struct watch_part){ .watch = w, .part = i };
		if (news[i] >= 0 && epoll_ctl(all->epoll, EPOLL_CTL_ADD, news[i], &event) < 0)
			return -errno;
	}
	return 0;
}

static void read_xfrm(struct host_watch *w, uint64_t now)
{
	if (!host_source_is_due(&w->xfrm.source, now))
		return;
	host_source_was_read(&w->xfrm.source, host_xfrm_read(&w->xfrm), now, now_ms());
	w->changed = true;
}

static void read_nftables(struct host_watch *w, uint64_t now)
{
	struct nft_summary was = w->nftables.summary;

	if (!host_source_is_due(&w->nftables.source, now))
		return;
	host_source_was_read(&w->nftables.source, host_nftables_read(&w->nftables), now, now_ms());
	w->changed |= memcmp(&was, &w->nftables.summary, sizeof(was)) != 0;
}

/* One source, two parts: who lost news lost those of both. */
static void read_links(struct host_watch *w, uint64_t now)
{
	int err;

	w->rules_stale |= w->links.stale;
	if (w->links.err || now < w->links.read_after_ms || !w->rules_stale)
		return;
	err = host_rules_read(&w->rules, &w->links);
	w->rules_stale = err < 0;
	if (err == 0 && w->links.stale)
		err = host_devices_read(&w->devices);
	host_source_was_read(&w->links, err, now, now_ms());
	w->links.stale = err < 0;
	w->changed = true;
}

static bool is_in_doubt(const struct host_watch *w)
{
	return w->xfrm.source.stale || w->nftables.source.stale || w->links.stale || w->rules_stale;
}

/* Read what is stale and may be read now. Whether there is something to tell. */
static bool refresh(struct host_watch *w, uint64_t now)
{
	bool doubt;

	if (is_unwatchable(w))
		return false;
	read_xfrm(w, now);
	read_nftables(w, now);
	read_links(w, now);
	if (w->routes_ms && now >= w->routes_ms) {
		w->routes_ms = 0;
		w->changed = true;
	}
	w->changed |= w->devices.changed;
	w->devices.changed = false;
	/* Those who were told what is in doubt are told when it no longer is; and the other way round. */
	doubt = is_in_doubt(w);
	w->changed |= doubt != w->doubted || is_unwatchable(w);
	w->doubted = doubt;
	return w->changed;
}

static uint64_t earliest(const struct host_watch *w, uint64_t until)
{
	const struct host_source *sources[] = { &w->xfrm.source, &w->nftables.source, &w->links };

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if ((sources[i]->stale || (sources[i] == &w->links && w->rules_stale)) &&
		    sources[i]->read_after_ms < until)
			until = sources[i]->read_after_ms;
	if (w->routes_ms && w->routes_ms < until)
		until = w->routes_ms;
	return until;
}

static void plan(struct host_watches *all)
{
	all->look_ms = UINT64_MAX;
	list_for_each (node, &all->all) {
		const struct host_watch *w = list_entry(node, struct host_watch, in_all);

		if (is_unwatchable(w))
			continue;
		if (all->next_look_ms < all->look_ms)
			all->look_ms = all->next_look_ms;
		all->look_ms = earliest(w, all->look_ms);
	}
}

/* Whoever is told may release any watch: begin anew after each. */
static void tell(struct host_watches *all)
{
	bool told;

	do {
		told = false;
		list_for_each (node, &all->all) {
			struct host_watch *w = list_entry(node, struct host_watch, in_all);

			if (!w->changed)
				continue;
			w->changed = false;
			told = true;
			if (all->changed)
				all->changed(all->arg, w->netns);
			break;
		}
	} while (told);
	plan(all);
}

static struct host_watch *watch_new(struct netns_id netns)
{
	struct host_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	*w = (struct host_watch){ .netns = netns, .users = 1 };
	list_init(&w->in_all);
	return w;
}

int host_watch_use(struct host_watches *all, struct netns_id netns)
{
	AUTO(host_watch) struct host_watch *w = NULL;
	struct host_watch *found = find(all, netns);
	uint64_t now = now_ms();

	if (found) {
		found->users++;
		return 0;
	}
	w = watch_new(netns);
	if (!w)
		return -ENOMEM;
	host_xfrm_open(&w->xfrm);
	host_nftables_open(&w->nftables);
	host_iptables_open(&w->iptables);
	links_open(w);
	host_devices_open(&w->devices, &w->links, &all->own);
	if (parts_listen(all, w) < 0)
		watch_close(w);
	refresh(w, now);
	w->changed = false;
	if (list_empty(&all->all))
		all->next_look_ms = now + HOST_WATCH_LOOK_MS;
	list_append(&all->all, &w->in_all);
	TAKE(w);
	plan(all);
	return 0;
}

void host_watch_release(struct host_watches *all, struct netns_id netns)
{
	struct host_watch *w = find(all, netns);

	if (!w || --w->users > 0)
		return;
	host_watch_free(w);
	plan(all);
}

void host_watch_drop(struct host_watches *all, struct netns_id netns)
{
	struct host_watch *w = find(all, netns);

	if (!w || w->dropped)
		return;
	watch_close(w);
	plan(all);
}

static void take_link_news(void *arg, uint16_t type, struct reader *payload)
{
	struct host_watch *w = arg;

	if (type == RTM_NEWRULE || type == RTM_DELRULE)
		w->rules_stale = true;
	else
		host_devices_take(&w->devices, type, payload);
}

static void take_route_news(void *arg, uint16_t type, struct reader *payload)
{
	(void)arg;
	(void)type;
	(void)payload;
}

static void news(const struct watch_part *p, uint64_t now)
{
	struct host_watch *w = p->watch;

	switch (p->part) {
	case PART_XFRM:
		host_xfrm_news(&w->xfrm);
		break;
	case PART_NFTABLES:
		host_nftables_news(&w->nftables);
		break;
	case PART_LINKS:
		host_source_news(&w->links, take_link_news, w);
		break;
	default:
		host_source_news(&w->routes, take_route_news, w);
		w->routes.stale = false;
		if (!w->routes_ms)
			w->routes_ms = now + ROUTE_TELL_MS;
	}
}

void host_watches_ready(struct host_watches *all, uint64_t now)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(all->epoll, events, EVENTS_MAX, 0);

	for (int i = 0; i < count; i++)
		news(events[i].data.ptr, now);
	list_for_each (node, &all->all)
		refresh(list_entry(node, struct host_watch, in_all), now);
	tell(all);
}

static void look(struct host_watches *all, struct host_watch *w)
{
	if (is_unwatchable(w) || enter(all, w) < 0)
		return;
	host_nftables_look(&w->nftables);
	w->changed |= host_iptables_look(&w->iptables);
	host_devices_look(&w->devices);
	leave(all, w);
}

void host_watches_look(struct host_watches *all, uint64_t now)
{
	bool all_of_them = now >= all->next_look_ms;

	list_for_each (node, &all->all) {
		struct host_watch *w = list_entry(node, struct host_watch, in_all);

		if (all_of_them)
			look(all, w);
		refresh(w, now);
	}
	if (all_of_them)
		all->next_look_ms = now + HOST_WATCH_LOOK_MS;
	tell(all);
}

/* What its two interfaces say. @in_vrf is set on FAST_USED only. */
static enum fast_reason devices_verdict(struct host_watch *w, int device, int underlay,
                                        bool *in_vrf)
{
	struct host_device session;
	const struct host_device *at = host_device_get(&w->devices, device, true);

	if (!at)
		return FAST_IN_DOUBT;
	session = *at;
	at = host_device_get(&w->devices, underlay, false);
	if (!at)
		return FAST_IN_DOUBT;
	*in_vrf = at->in_vrf;
	if (session.gone)
		return FAST_NO_DEVICE;
	if (at->gone)
		return FAST_NO_ROUTE;
	if (at->enslaved && !at->in_vrf)
		return FAST_UNDERLAY_KIND;
	if (session.root)
		return FAST_DEVICE_QDISC;
	if (session.ingress_filter || session.egress_filter || session.egress_program ||
	    session.xdp)
		return FAST_DEVICE_FILTER;
	if (at->ingress_filter || at->ingress_program || at->xdp)
		return FAST_UNDERLAY_INGRESS;
	if (host_nftables_applies_to_device(&w->nftables, session.name) ||
	    host_nftables_applies_to_device(&w->nftables, at->name))
		return FAST_NETFILTER;
	return FAST_USED;
}

static enum fast_reason verdict(const struct host_watches *all, struct host_watch *w,
                                const struct outer_flow *flow, int device, int underlay)
{
	enum fast_reason reason;
	bool in_vrf = false;

	if (host_xfrm_applies(&w->xfrm, flow))
		return FAST_XFRM;
	if (host_nftables_applies(&w->nftables, flow_family(flow)) ||
	    host_iptables_applies(&w->iptables, flow_family(flow)))
		return FAST_NETFILTER;
	if (enter(all, w) < 0)
		return FAST_UNWATCHABLE;
	reason = devices_verdict(w, device, underlay, &in_vrf);
	leave(all, w);
	if (reason == FAST_USED && host_rules_apply(&w->rules, flow, in_vrf))
		return FAST_POLICY_RULE;
	return reason;
}

enum fast_reason host_watch_verdict(struct host_watches *all, struct netns_id netns,
                                    const struct outer_flow *flow, int device, int underlay)
{
	struct host_watch *w = find(all, netns);
	enum fast_reason reason;

	if (!w || is_unwatchable(w))
		return FAST_UNWATCHABLE;
	if (is_in_doubt(w))
		reason = FAST_IN_DOUBT;
	else
		reason = verdict(all, w, flow, device, underlay);
	if (reason != FAST_IN_DOUBT)
		return reason;
	/* To be asked again, at the next look at the latest. */
	w->doubted = true;
	return FAST_IN_DOUBT;
}
