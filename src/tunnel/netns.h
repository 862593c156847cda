/* SPDX-License-Identifier: BSD-2-Clause */
/* netns.h - what there is in one network namespace: its tunnels, sessions, endpoints, limits
 *
 * Ids are unique in a namespace (TUN-1, SES-2 to SES-5), which is known by its cookie alone: nothing here
 * keeps it alive. All of it belongs to the API thread.
 */
#ifndef UL2TP_TUNNEL_NETNS_H
#define UL2TP_TUNNEL_NETNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buckets.h"
#include "base/extack.h"
#include "base/list.h"
#include "base/ordered.h"
#include "encap/endpoint.h"
#include "keeper/keeper.h"
#include "netlink/ul2tp_status_message.h"

struct tunnel;
struct session;
struct shared_devices;

struct netns {
	struct ordered_node by_cookie;
	struct netns_id id;
	uint32_t index; /* small number, unique among those that exist; part of the workers' keys */
	uint32_t users; /* connections, tunnels */
	struct ordered tunnels;     /* by conn_id */
	struct ordered v3_sessions; /* by session id and tunnel id */
	struct ordered v2_sessions; /* by the low 16 bits of both */
	struct list endpoints;
	struct list ip_sockets;  /* of programs; see path/ip_socket.h */
	struct list ppp_files;   /* likewise; see path/ppp_file.h */
	struct ordered channels; /* by number; see path/channel.h */
	uint32_t last_channel;   /* numbers are not used again (PPP-2) */
	struct ordered units;    /* of PPP, by number; see path/unit.h */
	uint32_t lowest_unit;    /* no number below it is free */
	/* By the number of the interface that they have of their own (hash_u64(), no seed); see path/device_account.h */
	struct buckets sessions_by_device, units_by_device;
	struct shared_devices
		*shared;            /* of units; see path/shared_device.h; NULL: there are none */
	struct ul2tp_limits limits; /* 0: none */
	struct ul2tp_limits usage;
	_Atomic uint64_t
		trace_events; /* bits of enum ul2tp_trace_event that clients listen to; API thread writes */
	uint64_t requests_second; /* the second that .usage's requests were counted in */
};

/** netns_new() - NULL: out of memory */
struct netns *netns_new(struct netns_id id, uint32_t index);
void netns_free(struct netns *ns);

/** netns_may_add() - check a quota before something is made; -EDQUOT with words. @limit: enum ul2tp_limit */
int netns_may_add(const struct netns *ns, int limit, uint32_t more, struct extack *ea);

/** netns_request() - count a request; -EAGAIN with words if there were too many this second */
int netns_request(struct netns *ns, uint64_t now_ms, struct extack *ea);

/** netns_endpoint() - an open endpoint that a tunnel with @params can share, or NULL */
struct endpoint *netns_endpoint(const struct netns *ns, const struct endpoint_params *params);

/** netns_tunnel() - by exact id, or NULL */
struct tunnel *netns_tunnel(const struct netns *ns, uint32_t conn_id);

/** netns_tunnel_from() - the tunnel with the smallest id not below @conn_id, or NULL (NL-57) */
struct tunnel *netns_tunnel_from(const struct netns *ns, uint64_t conn_id);

/** netns_session() - what a request that names both ids means (NL-73, NL-74), or NULL */
struct session *netns_session(const struct netns *ns, const struct tunnel *t, uint32_t session_id);

/** netns_session_named() - by the name of the interface at creation (NL-70, NL-71), or NULL */
struct session *netns_session_named(const struct netns *ns, const char *ifname);

/** netns_session_conflict() - whether a new session with the id would clash (SES-2, SES-3, SES-4, SES-6) */
bool netns_session_conflict(const struct netns *ns, const struct tunnel *t, uint32_t session_id);

/** netns_dump_from() - the next session of @t that a dump lists, by ascending id (NL-78), or NULL
 * @from: the smallest session id (of v2: its low 16 bits) that is wanted */
struct session *netns_dump_from(const struct netns *ns, const struct tunnel *t, uint64_t from);

#endif
