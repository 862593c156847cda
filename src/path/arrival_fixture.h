/* SPDX-License-Identifier: BSD-2-Clause */
/* arrival_fixture.h - a dataplane for arrival_fuzz.c: tunnels and sessions of every kind, as the input says
 *
 * Those of records_fixture.h, and a fourth tunnel, of L2TPv2, which shares the first one's endpoint. All is in a network namespace
 * of its own, if we have the right to make one.
 */
#ifndef UL2TP_PATH_ARRIVAL_FIXTURE_H
#define UL2TP_PATH_ARRIVAL_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "path/dataplane_private.h"
#include "path/fake_keeper.h"
#include "path/ip_binding.h"
#include "path/records_fixture.h"
#include "tunnel/netns.h"

#define ARRIVAL_CONN_ID 7 /* of a program's L2TP/IP socket */

enum arrival_flag {
	ARRIVAL_TWO_WORKERS = 1,
	ARRIVAL_PROGRAMS =
		2, /* the endpoints of UDP are programs' sockets, without eBPF; one worker */
	ARRIVAL_CONNECTED = 4, /* ... to a peer */
	ARRIVAL_TO_SOCKET = 8, /* frames of the second PPP session go there */
	ARRIVAL_TO_SHARED = 16,
};

/* As it stands in front of the input. */
struct arrival_setup {
	uint8_t flags;
	uint8_t tunnels[FIXTURE_TUNNELS]; /* 1: IPv6, 2: peer_check ids, 4: no peer is known */
	uint8_t sessions
		[FIXTURE_SESSIONS]; /* 1: sublayer, 6: cookie, 8: recv_seq, 16: lns_mode, 32: reordered, 192: + tunnel */
};

struct arrival_engine {
	struct arrival_setup setup;
	struct records *records;
	struct keeper *keeper;
	struct dataplane *dp;
	struct netns *ns;
	struct loop *files;
	struct list raws;
	int raw[2], gauge[2]; /* of IPv4 and IPv6: as the engine has it, and as the system */
	struct ip_binding binding;
	int binding_far; /* where its messages come out */
	bool alone;      /* in a network namespace of its own */
};

/** arrival_begin() - with .setup filled in */
void arrival_begin(struct arrival_engine *e);
void arrival_end(struct arrival_engine *e);

static inline bool arrival_has(const struct arrival_engine *e, enum arrival_flag flag)
{
	return e->setup.flags & flag;
}

/** arrival_address() - with this last octet; ::1 or 127.0.0.1 with 1 */
union address arrival_address(bool six, uint8_t last, uint16_t port);

/** arrival_is_six() - whether a tunnel, and the endpoint of its number, are of IPv6 */
static inline bool arrival_is_six(const struct arrival_engine *e, uint8_t tunnel)
{
	return e->setup.tunnels[tunnel] & 1;
}

/** arrival_peer() - of a tunnel */
union address arrival_peer(const struct arrival_engine *e, uint8_t tunnel);

/** arrival_endpoint() - by enum fake_endpoint */
struct endpoint *arrival_endpoint(const struct arrival_engine *e, uint8_t slot);

#endif
