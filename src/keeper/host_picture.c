/* SPDX-License-Identifier: BSD-2-Clause */
/* host_picture.c - see host_picture.h
 *
 * Each part is read at first and again after the kernel has told of a change; only queueing disciplines and interfaces
 * are followed message by message, for there are as many as sessions. Reading takes at most a tenth of the keeper's
 * time: what is read slowly is in doubt until its turn comes.
 */
#include "keeper/host_picture.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/monotonic.h"
#include "keeper/bpf.h"
#include "keeper/host_flow.h"

#define DUMPS   3   /* of disciplines, if interfaces go */
#define TELL_MS 100 /* changes of routes are told together, and what the group NETCONF tells of */

static void links_open(struct host_picture *p)
{
	const int links[] = { RTNLGRP_LINK, RTNLGRP_TC, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
		              RTNLGRP_IPV4_NETCONF };
	const int routes[] = { RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_NEXTHOP,
		               RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR };

	host_source_open(&p->links, NETLINK_ROUTE, NULL, links, ARRAY_SIZE(links));
	host_source_open(&p->routes, NETLINK_ROUTE, NULL, routes, ARRAY_SIZE(routes));
	p->routes.stale = false;
	p->rules_stale = true;
}

/* Of an older kernel, or one that does not say in which namespace a socket is, the rest can not be had either. */
static bool has_socket_lookup(const struct host_picture *p)
{
	AUTO_FD netns = netns_of_socket(host_picture_socket(p));
	int count = netns < 0 ? netns : bpf_programs(BPF_SK_LOOKUP, netns, 0);

	return count != 0 && count != -EINVAL;
}

void host_picture_open(struct host_picture *p, const struct own_programs *own,
                       struct host_hooks *hooks)
{
	*p = (struct host_picture){ .hooks = hooks };
	host_xfrm_open(&p->xfrm);
	host_nftables_open(&p->nftables);
	host_iptables_open(&p->iptables);
	links_open(p);
	host_devices_open(&p->devices, &p->links, own);
	host_hooks_look_here(p->hooks, &p->hooked);
	p->socket_lookup = has_socket_lookup(p);
}

void host_picture_close(struct host_picture *p)
{
	host_xfrm_close(&p->xfrm);
	host_nftables_close(&p->nftables);
	host_iptables_close(&p->iptables);
	host_rules_close(&p->rules);
	host_devices_close(&p->devices);
	host_source_close(&p->links);
	host_source_close(&p->routes);
}

const char *host_picture_lacks(const struct host_picture *p, int *err)
{
	const struct {
		const char *words;
		int err;
	} parts[] = {
		{ "IPsec policies (xfrm)", p->xfrm.source.err },
		{ "rules of netfilter", p->nftables.source.err },
		{ "interfaces and their queueing", p->links.err },
		{ "routes", p->routes.err },
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		*err = parts[i].err;
		if (*err)
			return parts[i].words;
	}
	return NULL;
}

bool host_picture_is_lacking(const struct host_picture *p)
{
	int err;

	return host_picture_lacks(p, &err);
}

int host_picture_fd(const struct host_picture *p, enum picture_part part)
{
	const int news[PICTURE_PARTS] = {
		[PICTURE_XFRM] = p->xfrm.source.news,
		[PICTURE_NFTABLES] = p->nftables.source.news,
		[PICTURE_LINKS] = p->links.news,
		[PICTURE_ROUTES] = p->routes.news,
	};

	return news[part];
}

int host_picture_socket(const struct host_picture *p)
{
	return p->links.ask;
}

static void read_xfrm(struct host_picture *p, uint64_t now)
{
	if (!host_source_is_due(&p->xfrm.source, now))
		return;
	host_source_was_read(&p->xfrm.source, host_xfrm_read(&p->xfrm), now, monotonic_ms());
	p->changed = true;
}

static void read_nftables(struct host_picture *p, uint64_t now)
{
	struct nft_summary was = p->nftables.summary;

	if (!host_source_is_due(&p->nftables.source, now))
		return;
	host_source_was_read(&p->nftables.source, host_nftables_read(&p->nftables), now,
	                     monotonic_ms());
	p->changed |= memcmp(&was, &p->nftables.summary, sizeof(was)) != 0;
}

/* The kernel sends all values (NETCONFA_FORWARDING among them) for an interface that is new or renamed, and rp_filter
 * alone when it is written. A new interface: sessions that go through it hear of it by group LINK and read its
 * rp_filter then; but a session whose own interface was away in another namespace hears of its return only here. A
 * written rp_filter: it matters to sockets that are bound to an interface (fast_path_decide.c), so only where tunnels
 * go through; scripts write it on the interfaces of sessions, too. */
static void take_netconf(struct host_picture *p, struct reader *payload)
{
	bool reverse_path = false, everything = false;
	int32_t ifindex = 0;
	struct host_attr a;

	read_skip(payload, NLMSG_ALIGN(sizeof(struct netconfmsg)));
	while (host_attr_next(payload, &a)) {
		if (a.type == NETCONFA_IFINDEX)
			ifindex = (int32_t)read_u32_host(&a.value);
		reverse_path |= a.type == NETCONFA_RP_FILTER;
		everything |= a.type == NETCONFA_FORWARDING;
	}
	if (!reverse_path)
		return;
	if (everything)
		p->later.arrived = true;
	else if (ifindex == NETCONFA_IFINDEX_ALL || host_device_is_underlay(&p->devices, ifindex))
		p->later.all = true;
	else
		return;
	if (!p->later_ms)
		p->later_ms = monotonic_ms() + TELL_MS;
}

static void take_link_news(void *arg, uint16_t type, struct reader *payload)
{
	struct host_picture *p = arg;

	if (type == RTM_NEWRULE || type == RTM_DELRULE)
		p->rules_stale = true;
	else if (type == RTM_NEWNETCONF)
		take_netconf(p, payload);
	else
		host_devices_take(&p->devices, type, payload);
}

/* A dump of disciplines comes in pieces. With each interface that goes between two of them one that is there is left out, and
 * nothing but the news tells. So what goes is looked for after each, and what one has left out the next has, as a rule: there
 * are only some, or it would never end where interfaces come and go all the time. */
static int devices_read(struct host_picture *p)
{
	int err = 0;

	host_devices_doubt(&p->devices);
	p->links.stale = p->devices.went = false;
	for (unsigned int i = 0; i < DUMPS && err == 0; i++) {
		err = host_devices_read(&p->devices);
		host_source_news(&p->links, take_link_news, p);
		if (!p->devices.went)
			break;
		p->devices.went = false;
	}
	/* News were lost once more, or there was no memory for what came. */
	return err == 0 && p->links.stale ? -ENOBUFS : err;
}

/* Links and rules come by one source: news that were lost may have been of either. */
static void read_links(struct host_picture *p, uint64_t now)
{
	int err;

	p->rules_stale |= p->links.stale;
	if (p->links.err || now < p->links.read_after_ms || !p->rules_stale)
		return;
	err = host_rules_read(&p->rules, &p->links);
	p->rules_stale = err < 0;
	if (err == 0 && p->links.stale)
		err = devices_read(p);
	host_source_was_read(&p->links, err, now, monotonic_ms());
	p->links.stale = err < 0;
	p->changed = true;
}

static bool is_in_doubt(const struct host_picture *p)
{
	return p->xfrm.source.stale || p->nftables.source.stale || p->links.stale || p->rules_stale;
}

bool host_picture_refresh(struct host_picture *p, uint64_t now)
{
	bool doubt;

	if (host_picture_is_lacking(p))
		return false;
	read_xfrm(p, now);
	read_nftables(p, now);
	read_links(p, now);
	if (p->routes_ms && now >= p->routes_ms) {
		p->routes_ms = 0;
		p->routes_changed = true;
	}
	if (p->later_ms && now >= p->later_ms) {
		p->changed |= p->later.all;
		p->devices.news.arrived |= p->later.arrived;
		p->later = (struct host_news){ 0 };
		p->later_ms = 0;
	}
	/* Whoever was told FAST_IN_DOUBT is told when the doubt is over, and whoever got a verdict when a doubt
	 * begins. */
	doubt = is_in_doubt(p);
	p->changed |= doubt != p->doubted || host_picture_is_lacking(p);
	p->doubted = doubt;
	return p->changed || p->routes_changed || p->devices.news.all || p->devices.news.arrived ||
	       p->devices.news.count;
}

bool host_picture_take_news(struct host_picture *p, struct host_news *ret)
{
	*ret = p->devices.news;
	ret->all |= p->changed;
	ret->routes = p->routes_changed;
	p->changed = p->routes_changed = false;
	p->devices.news = (struct host_news){ 0 };
	return ret->all || ret->routes || ret->arrived || ret->count;
}

uint64_t host_picture_due(const struct host_picture *p, uint64_t until)
{
	const struct host_source *sources[] = { &p->xfrm.source, &p->nftables.source, &p->links };

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if ((sources[i]->stale || (sources[i] == &p->links && p->rules_stale)) &&
		    sources[i]->read_after_ms < until)
			until = sources[i]->read_after_ms;
	if (p->routes_ms && p->routes_ms < until)
		until = p->routes_ms;
	if (p->later_ms && p->later_ms < until)
		until = p->later_ms;
	return until;
}

static void take_route_news(void *arg, uint16_t type, struct reader *payload)
{
	(void)arg;
	(void)type;
	(void)payload;
}

void host_picture_news(struct host_picture *p, enum picture_part part, uint64_t now)
{
	switch (part) {
	case PICTURE_XFRM:
		host_xfrm_news(&p->xfrm);
		break;
	case PICTURE_NFTABLES:
		host_nftables_news(&p->nftables);
		break;
	case PICTURE_LINKS:
		host_source_news(&p->links, take_link_news, p);
		break;
	default:
		host_source_news(&p->routes, take_route_news, p);
		p->routes.stale = false;
		if (!p->routes_ms)
			p->routes_ms = now + TELL_MS;
	}
}

bool host_picture_look(struct host_picture *p)
{
	bool was = p->socket_lookup, opened;

	opened = host_xfrm_look(&p->xfrm);
	opened |= host_nftables_look(&p->nftables);
	p->changed |= opened;
	p->changed |= host_iptables_look(&p->iptables);
	p->changed |= host_hooks_look_here(p->hooks, &p->hooked);
	p->socket_lookup = has_socket_lookup(p);
	p->changed |= p->socket_lookup != was;
	host_devices_look(&p->devices);
	return opened;
}

enum fast_reason host_picture_of_flow(struct host_picture *p, const struct outer_flow *flow)
{
	if (is_in_doubt(p)) {
		p->doubted = true;
		return FAST_IN_DOUBT;
	}
	if (host_xfrm_applies(&p->xfrm, flow))
		return FAST_XFRM;
	if (host_nftables_applies(&p->nftables, flow_family(flow)) ||
	    host_iptables_applies(&p->iptables, flow_family(flow)) ||
	    host_hooks_apply(&p->hooked, flow_family(flow)))
		return FAST_NETFILTER;
	return p->socket_lookup ? FAST_SOCKET_LOOKUP : FAST_USED;
}

/* What its two interfaces say. Through a VRF packets pass its own interface and what is configured there. */
static enum fast_reason devices_verdict(struct host_picture *p, int device, int underlay)
{
	struct host_device session;
	const struct host_device *at = host_device_get(&p->devices, device, true);

	if (!at)
		return FAST_IN_DOUBT;
	session = *at;
	at = host_device_get(&p->devices, underlay, false);
	if (!at)
		return FAST_IN_DOUBT;
	if (session.gone)
		return FAST_NO_DEVICE;
	if (session.down)
		return FAST_DEVICE_DOWN;
	if (at->gone)
		return FAST_NO_ROUTE;
	if (at->enslaved)
		return at->in_vrf ? FAST_VRF : FAST_UNDERLAY_KIND;
	if (session.root)
		return FAST_DEVICE_QDISC;
	if (session.ingress_filter || session.egress_filter || session.egress_program ||
	    session.xdp)
		return FAST_DEVICE_FILTER;
	if (session.promiscuous && !session.enslaved)
		return FAST_PROMISCUOUS;
	if (at->ingress_filter || at->ingress_program || at->xdp)
		return FAST_UNDERLAY_INGRESS;
	if (host_nftables_applies_to_device(&p->nftables, session.name) ||
	    host_nftables_applies_to_device(&p->nftables, at->name))
		return FAST_NETFILTER;
	return FAST_USED;
}

enum fast_reason host_picture_of_devices(struct host_picture *p, const struct outer_flow *flow,
                                         int device, int underlay)
{
	enum fast_reason reason = devices_verdict(p, device, underlay);

	/* To be asked again, at the next look at the latest. */
	p->doubted |= reason == FAST_IN_DOUBT;
	if (reason == FAST_USED && host_rules_apply(&p->rules, flow))
		return FAST_POLICY_RULE;
	return reason;
}
