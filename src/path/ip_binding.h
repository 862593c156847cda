/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_binding.h - a bound L2TP/IP socket of a program as the worker knows it that receives for its namespace
 *
 * Control messages of protocol 115 find theirs by connection id, then by what else it is bound to (RX-26).
 * The API thread makes it and changes it by letters; the counters may be read by any thread.
 */
#ifndef UL2TP_PATH_IP_BINDING_H
#define UL2TP_PATH_IP_BINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buckets.h"
#include "keeper/keeper.h"
#include "loop/mailbox.h"
#include "path/worker.h"

/* What a packet must have, each if it is given. */
struct ip_place {
	union address local, peer; /* of no family, or unspecified: any */
	uint32_t ifindex;          /* 0: any */
};

/* A control message that came. */
struct ip_arrival {
	union address from, to;
	uint32_t ifindex;
	uint8_t tos, ttl; /* of IPv4; 0, 64 */
};

struct ip_binding {
	struct bucket_node by_conn_id;
	struct letter letter;
	struct worker *worker;
	uint32_t netns_index, conn_id;
	int family;
	bool attached; /* the worker's; false also where it lacked memory */
	struct ip_place place;
	struct ip_place change; /* argument of the letter */
	int fd;                 /* raw socket that delivers, see ip_delivery.h; borrowed */
	uint16_t port;
	_Atomic uint64_t received, lost; /* messages; lost: could not be written there */
};

/* API thread; each waits until the worker has done it. */
void ip_binding_attach(struct ip_binding *b);
void ip_binding_detach(struct ip_binding *b);

/** ip_binding_move() - other addresses; it counts as the newest then, as in the kernel */
void ip_binding_move(struct ip_binding *b, const struct ip_place *place);

/** ip_place_fits() - whether two places have a packet in common, by the kernel's rule for both look-up and conflict */
bool ip_place_fits(const struct ip_place *a, const struct ip_place *b);

/** ip_binding_find() - whose message this is, the newest first; NULL: nobody's. Worker */
struct ip_binding *ip_binding_find(const struct worker *w, uint32_t netns_index, uint32_t conn_id,
                                   const struct ip_arrival *a);

#endif
