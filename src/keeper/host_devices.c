/* SPDX-License-Identifier: BSD-2-Clause */
/* host_devices.c - see host_devices.h
 *
 * The kernel dumps the disciplines of all interfaces or none (asked for one, older kernels tell everybody who listens),
 * so they are read once and then followed. An interface of which nothing is special and nobody asked is not kept.
 */
#include "keeper/host_devices.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "keeper/device_programs.h"

#ifndef RTEXT_FILTER_SKIP_STATS
#define RTEXT_FILTER_SKIP_STATS (1 << 3)
#endif

#define LOOK_TURNS 16
#define LOOK_LINKS (HOST_LOOK_DEVICES / LOOK_TURNS)

#define CLSACT_INGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define CLSACT_EGRESS  TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)

void host_devices_open(struct host_devices *d, struct host_source *route,
                       const struct own_programs *own)
{
	*d = (struct host_devices){ .route = route, .own = own };
	list_init(&d->all);
}

static void device_forget(struct host_devices *d, struct host_device *device)
{
	buckets_remove(&d->table, &device->node);
	list_remove(&device->in_all);
	free(device);
}

void host_devices_close(struct host_devices *d)
{
	list_for_each_safe (node, &d->all)
		device_forget(d, list_entry(node, struct host_device, in_all));
	buckets_release(&d->table);
}

static struct host_device *device_find(const struct host_devices *d, int ifindex)
{
	uint64_t hash = hash_u64((uint64_t)ifindex, 0);

	for (struct bucket_node *n = buckets_first(&d->table, hash); n; n = buckets_next(n)) {
		struct host_device *device = container_of(n, struct host_device, node);

		if (device->ifindex == ifindex)
			return device;
	}
	return NULL;
}

/* That of a session concerns nobody else, however many there are. */
static void device_tell(struct host_devices *d, const struct host_device *device)
{
	struct host_news *news = &d->news;

	if (!device->tracked)
		return;
	for (uint32_t i = 0; i < news->count; i++)
		if (news->devices[i] == device->ifindex)
			return;
	if (device->is_underlay || news->count == ARRAY_SIZE(news->devices))
		news->all = true;
	else
		news->devices[news->count++] = device->ifindex;
}

static struct host_device *device_find_or_new(struct host_devices *d, int ifindex)
{
	struct host_device *device = device_find(d, ifindex);

	if (device)
		return device;
	device = calloc(1, sizeof(*device));
	if (!device)
		return NULL;
	device->ifindex = ifindex;
	buckets_insert(&d->table, &device->node, hash_u64((uint64_t)ifindex, 0));
	list_append(&d->all, &device->in_all);
	return device;
}

static bool has_attribute(struct reader attributes, uint16_t one, uint16_t other)
{
	struct host_attr a;

	while (host_attr_next(&attributes, &a))
		if (a.type == one || a.type == other)
			return true;
	return false;
}

static void qdisc_take(struct host_devices *d, bool is_new, const struct tcmsg *tc,
                       const struct reader *attributes)
{
	struct host_device *device =
		is_new ? device_find_or_new(d, tc->tcm_ifindex) : device_find(d, tc->tcm_ifindex);

	if (!device) {
		/* Out of memory: in doubt. What goes and was not known does not matter. */
		d->route->stale |= is_new;
		return;
	}
	if (tc->tcm_parent == TC_H_ROOT && is_new) {
		device->root = tc->tcm_handle;
	} else if (tc->tcm_parent == TC_H_ROOT && device->root == tc->tcm_handle) {
		device->root = 0;
	} else if (tc->tcm_parent == TC_H_INGRESS) {
		device->ingress = is_new;
		device->shared_filters =
			is_new && has_attribute(*attributes, TCA_INGRESS_BLOCK, TCA_EGRESS_BLOCK);
		/* With nothing in it, it changes nothing: ours is made for each busy session. */
		if (is_new && !device->shared_filters)
			return;
		device->stale = true;
		device->lost |= !is_new;
	}
	device_tell(d, device);
}

static void take_qdisc(struct host_devices *d, uint16_t type, struct reader *payload)
{
	struct tcmsg tc;

	read_copy(payload, &tc, sizeof(tc));
	/* Defaults have no handle. */
	if (payload->failed || tc.tcm_handle == 0 ||
	    (tc.tcm_parent != TC_H_ROOT && tc.tcm_parent != TC_H_INGRESS))
		return;
	qdisc_take(d, type == RTM_NEWQDISC, &tc, payload);
}

static void device_touch(struct host_devices *d, int ifindex)
{
	struct host_device *device = device_find(d, ifindex);

	if (!device || !device->tracked)
		return;
	device->stale = true;
	device_tell(d, device);
}

static bool filter_is_foreign(struct reader attributes, uint32_t handle,
                              const struct own_programs *own)
{
	struct host_attr a, option;
	bool bpf = false, ours = false;

	while (host_attr_next(&attributes, &a)) {
		if (a.type == TCA_KIND)
			bpf = host_attr_is(&a, "bpf");
		if (a.type != TCA_OPTIONS)
			continue;
		while (host_attr_next(&a.value, &option))
			if (option.type == TCA_BPF_ID)
				ours = own_programs_have(own, read_u32_host(&option.value));
	}
	/* Without a handle it is the place where such filters may be. */
	return !bpf || (handle != 0 && !ours);
}

/* One of ours that has come is no change, one that has gone is. */
static void take_filter_news(struct host_devices *d, uint16_t type, struct reader *payload)
{
	struct host_device *device;
	struct tcmsg tc;
	bool ours;

	read_copy(payload, &tc, sizeof(tc));
	if (payload->failed)
		return;
	ours = (type == RTM_NEWTFILTER || type == RTM_DELTFILTER) && tc.tcm_handle != 0 &&
	       !filter_is_foreign(*payload, tc.tcm_handle, d->own);
	device = device_find(d, tc.tcm_ifindex);
	if (!device || (ours && type == RTM_NEWTFILTER))
		return;
	device->lost |= type != RTM_NEWTFILTER;
	device_touch(d, tc.tcm_ifindex);
}

static void take_link(struct host_devices *d, uint16_t type, struct reader *payload)
{
	struct ifinfomsg link;
	struct host_device *device;

	read_copy(payload, &link, sizeof(link));
	if (payload->failed)
		return;
	/* A port that leaves its bridge is a DELLINK of that family. */
	if (type == RTM_NEWLINK || link.ifi_family != AF_UNSPEC) {
		device_touch(d, link.ifi_index);
		return;
	}
	d->went = true;
	device = device_find(d, link.ifi_index);
	if (!device)
		return;
	device_tell(d, device);
	device_forget(d, device);
}

void host_devices_take(struct host_devices *d, uint16_t type, struct reader *payload)
{
	switch (type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		take_link(d, type, payload);
		return;
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
		take_qdisc(d, type, payload);
		return;
	case RTM_NEWTFILTER:
	case RTM_DELTFILTER:
	case RTM_NEWCHAIN:
	case RTM_DELCHAIN:
		take_filter_news(d, type, payload);
		return;
	default:
		return;
	}
}

static void take_dumped_qdisc(void *arg, uint16_t type, struct reader *payload)
{
	if (type == RTM_NEWQDISC)
		take_qdisc(arg, type, payload);
}

void host_devices_doubt(struct host_devices *d)
{
	d->news.all = true;
	list_for_each_safe (node, &d->all) {
		struct host_device *device = list_entry(node, struct host_device, in_all);

		device->root = 0;
		device->ingress = device->shared_filters = false;
		device->stale = device->lost = true;
		if (!device->tracked)
			device_forget(d, device);
	}
}

int host_devices_read(struct host_devices *d)
{
	struct {
		struct nlmsghdr header;
		struct tcmsg tc;
	} request = { .header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETQDISC } };

	return host_source_ask(d->route, &request.header, NLM_F_DUMP, take_dumped_qdisc, d);
}

static void linkinfo_take(struct host_device *device, struct reader attributes)
{
	struct host_attr a;

	while (host_attr_next(&attributes, &a))
		if (a.type == IFLA_INFO_SLAVE_KIND)
			device->in_vrf = host_attr_is(&a, "vrf");
}

static bool xdp_is_foreign(struct reader attributes, const struct own_programs *own)
{
	bool attached = false, foreign = false, named = false;
	struct host_attr a;

	while (host_attr_next(&attributes, &a)) {
		if (a.type == IFLA_XDP_ATTACHED) {
			attached = read_u8(&a.value) != XDP_ATTACHED_NONE;
		} else if (a.type >= IFLA_XDP_PROG_ID && a.type <= IFLA_XDP_HW_PROG_ID) {
			named = true;
			foreign |= !own_programs_have(own, read_u32_host(&a.value));
		}
	}
	return attached && (foreign || !named);
}

struct reading {
	struct host_devices *devices;
	struct host_device *device;
	bool foreign;
};

static void take_own_link(void *arg, uint16_t type, struct reader *payload)
{
	struct reading *r = arg;
	struct host_device *device = r->device;
	struct ifinfomsg link;
	struct host_attr a;

	if (type != RTM_NEWLINK)
		return;
	read_copy(payload, &link, sizeof(link));
	device->gone = payload->failed;
	device->down = !(link.ifi_flags & IFF_UP);
	while (host_attr_next(payload, &a)) {
		if (a.type == IFLA_IFNAME && read_left(&a.value) <= IFNAMSIZ) {
			memset(device->name, 0, sizeof(device->name));
			memcpy(device->name, a.value.at, read_left(&a.value));
			device->name[IFNAMSIZ - 1] = '\0';
		} else if (a.type == IFLA_MASTER) {
			device->enslaved = true;
		} else if (a.type == IFLA_PROMISCUITY) {
			device->promiscuous = read_u32_host(&a.value) != 0;
		} else if (a.type == IFLA_LINKINFO) {
			linkinfo_take(device, a.value);
		} else if (a.type == IFLA_XDP) {
			device->xdp = xdp_is_foreign(a.value, r->devices->own);
		}
	}
}

static int link_read(struct host_devices *d, struct host_device *device)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
		struct nlattr mask_header;
		uint32_t mask;
	} request = { .header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETLINK },
		      .link = { .ifi_index = device->ifindex },
		      .mask_header = { .nla_len = NLA_HDRLEN + sizeof(uint32_t),
		                       .nla_type = IFLA_EXT_MASK },
		      .mask = RTEXT_FILTER_SKIP_STATS };
	struct reading r = { .devices = d, .device = device };
	int err;

	device->gone = true;
	device->enslaved = device->in_vrf = device->promiscuous = device->xdp = false;
	err = host_source_ask(d->route, &request.header, NLM_F_ACK, take_own_link, &r);
	return err == -ENODEV ? 0 : err;
}

static void take_filter(void *arg, uint16_t type, struct reader *payload)
{
	struct reading *r = arg;
	struct tcmsg tc;

	if (type != RTM_NEWTFILTER)
		return;
	read_copy(payload, &tc, sizeof(tc));
	r->foreign |=
		payload->failed || filter_is_foreign(*payload, tc.tcm_handle, r->devices->own);
}

static int filters_read(struct host_devices *d, struct host_device *device, uint32_t parent,
                        bool *ret)
{
	struct {
		struct nlmsghdr header;
		struct tcmsg tc;
	} request = { .header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETTFILTER },
		      .tc = { .tcm_ifindex = device->ifindex, .tcm_parent = parent } };
	struct reading r = { .devices = d, .device = device };
	int err = 0;

	if (device->ingress && !device->shared_filters)
		err = host_source_ask(d->route, &request.header, NLM_F_DUMP, take_filter, &r);
	*ret = r.foreign || device->shared_filters || err == -E2BIG;
	return err == -E2BIG ? 0 : err;
}

static int programs_read(struct host_devices *d, struct host_device *device)
{
	int err = 0;

	if (device->is_session)
		err = device_programs(device->ifindex, false, d->own, &device->egress_program);
	if (err == 0 && device->is_underlay)
		err = device_programs(device->ifindex, true, d->own, &device->ingress_program);
	return err == -ENODEV ? 0 : err;
}

static int device_read(struct host_devices *d, struct host_device *device)
{
	int err = link_read(d, device);

	if (err == 0)
		err = filters_read(d, device, CLSACT_INGRESS, &device->ingress_filter);
	if (err == 0)
		err = filters_read(d, device, CLSACT_EGRESS, &device->egress_filter);
	if (err == 0)
		err = programs_read(d, device);
	device->stale = err < 0;
	return err;
}

const struct host_device *host_device_get(struct host_devices *d, int ifindex, bool as_session)
{
	struct host_device *device = device_find_or_new(d, ifindex);

	if (!device)
		return NULL;
	device->stale |=
		!device->tracked || !(as_session ? device->is_session : device->is_underlay);
	device->tracked = true;
	device->is_session |= as_session;
	device->is_underlay |= !as_session;
	if (device->stale && device_read(d, device) < 0)
		return NULL;
	return device;
}

bool host_device_is_underlay(const struct host_devices *d, int ifindex)
{
	const struct host_device *device = device_find(d, ifindex);

	return device && device->is_underlay;
}

bool host_devices_lost(struct host_devices *d, int ifindex)
{
	struct host_device *device = device_find(d, ifindex);
	bool lost = device && device->lost;

	if (device)
		device->lost = false;
	return lost;
}

/* Asking for an interface takes ten times as long as asking for its tcx hooks, and shows no more than XDP programs
 * attached by a BPF link, of which alone nothing tells: where there are many, each has its turn. */
static bool link_is_due(const struct host_devices *d, struct host_device *device)
{
	return device->is_underlay || d->table.count <= LOOK_LINKS ||
	       (uint32_t)device->ifindex % LOOK_TURNS == device->looks++ % LOOK_TURNS;
}

/* What can change unseen. */
static void device_look(struct host_devices *d, struct host_device *device)
{
	struct host_device was = *device;

	if (link_is_due(d, device) && link_read(d, device) < 0)
		device->stale = true;
	if (programs_read(d, device) < 0)
		device->stale = true;
	if (device->stale || was.gone != device->gone || was.down != device->down ||
	    was.xdp != device->xdp || was.egress_program != device->egress_program ||
	    was.ingress_program != device->ingress_program)
		device_tell(d, device);
}

/* All that tunnels go through, which are few, and of the many others those whose turn it is. */
void host_devices_look(struct host_devices *d)
{
	struct list looked;
	unsigned int count = 0;

	list_init(&looked);
	list_for_each_safe (node, &d->all) {
		struct host_device *device = list_entry(node, struct host_device, in_all);

		if (!device->tracked || device->gone ||
		    (!device->is_underlay && count == HOST_LOOK_DEVICES))
			continue;
		count += !device->is_underlay;
		device_look(d, device);
		list_remove(&device->in_all);
		list_append(&looked, &device->in_all);
	}
	list_for_each_safe (node, &looked) {
		list_remove(node);
		list_append(&d->all, node);
	}
}
