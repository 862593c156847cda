/* SPDX-License-Identifier: BSD-2-Clause */
/* host_devices.h - queueing disciplines, filters and programs on the interfaces of a network namespace
 *
 * Of all interfaces it is known which have a queueing discipline that is not the default: the kernel gives those a
 * handle, and tells when they come and go. Of the interfaces somebody has asked about, also the rest: master, name,
 * filters of clsact, and programs on tcx and XDP hooks, some of which nothing tells of, so that they are looked at.
 */
#ifndef UL2TP_KEEPER_HOST_DEVICES_H
#define UL2TP_KEEPER_HOST_DEVICES_H

#include <net/if.h>

#include "base/buckets.h"
#include "base/list.h"
#include "keeper/host_source.h"
#include "keeper/host_watch.h"
#include "keeper/own_programs.h"

#define HOST_LOOK_DEVICES                                                                          \
	1024 /* of sessions, looked at in one go; the others follow the next time */

struct host_device {
	struct bucket_node node;
	struct list in_all;
	int ifindex;
	uint32_t root;       /* handle of the administrator's root discipline; 0: the default */
	bool ingress;        /* it has clsact or ingress */
	bool shared_filters; /* those of a block that other interfaces use too: never ours */
	bool tracked;        /* somebody has asked; what follows is known then */
	bool is_session, is_underlay; /* as what */
	bool stale;                   /* what follows is to be read anew */
	bool gone, down;
	bool lost;             /* a filter of ours was taken off, or may have been */
	bool enslaved, in_vrf; /* has a master; which is a VRF */
	bool promiscuous;      /* for a capture, unless it is enslaved: then for the master */
	bool xdp;              /* a program that is not ours, as the rest */
	bool ingress_filter, egress_filter;   /* of clsact */
	bool ingress_program, egress_program; /* on tcx */
	uint32_t looks;
	char name[IFNAMSIZ];
};

struct host_devices {
	struct host_source *route; /* the namespace's, of NETLINK_ROUTE; not ours */
	const struct own_programs *own;
	struct buckets table;
	struct list all;       /* those looked at longest ago first */
	struct host_news news; /* since whoever tells of them made it empty */
	bool went; /* an interface, of whatever kind, since whoever asks made it false */
};

/** host_devices_open() - knows nothing until host_devices_read() */
void host_devices_open(struct host_devices *d, struct host_source *route,
                       const struct own_programs *own);
void host_devices_close(struct host_devices *d);

/** host_devices_take() - a message of groups LINK and TC; not of rules */
void host_devices_take(struct host_devices *d, uint16_t type, struct reader *payload);

/** host_devices_doubt() - forget all disciplines: they are to be read anew */
void host_devices_doubt(struct host_devices *d);

/** host_devices_read() - add all disciplines that the kernel tells of: it leaves some out if interfaces go meanwhile
 * Return: 0; else it is in doubt, as it is if the source has become stale */
int host_devices_read(struct host_devices *d);

/**
 * host_device_get() - the interface, up to date. Call while in the namespace
 *
 * Return: valid until the next call of a function of this file; NULL: in doubt.
 */
const struct host_device *host_device_get(struct host_devices *d, int ifindex, bool as_session);

/** host_device_is_underlay() - whether somebody has asked about it as one that tunnels go through */
bool host_device_is_underlay(const struct host_devices *d, int ifindex);

/** host_devices_lost() - whether somebody took a filter of ours off it, since this was asked last */
bool host_devices_lost(struct host_devices *d, int ifindex);

/** host_devices_look() - at what the kernel does not tell of. Call while in the namespace */
void host_devices_look(struct host_devices *d);

#endif
