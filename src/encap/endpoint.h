/* SPDX-License-Identifier: BSD-2-Clause */
/* endpoint.h - a local endpoint: the socket that tunnels to one or several peers share
 *
 * Apart from the tunnel, so that several tunnels to different peers can have one local address and port.
 * Which endpoints a namespace has is the API thread's; the descriptors are used by workers. What does not
 * change after opening may be read by any thread.
 */
#ifndef UL2TP_ENCAP_ENDPOINT_H
#define UL2TP_ENCAP_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buckets.h"
#include "base/extack.h"
#include "base/list.h"
#include "keeper/keeper.h"

#define PROTOCOL_L2TP 115

struct intake;
struct ip_socket;
struct tunnel;

struct endpoint {
	struct list in_netns;
	struct bucket_node by_cookie; /* managed: in the table of the dataplane, as the next */
	struct bucket_node by_ends;
	bool in_by_ends;
	uint64_t
		ends; /* managed: in common with those of the same two addresses; 0: it is alone with them.
			* Written by the API thread, atomically */
	struct tunnel *tunnel; /* of a program's socket, UDP or L2TP/IP: the one it has */
	struct ip_socket *
		ip_socket; /* ENDPOINT_TWIN: whose; it has the intake of the one that receives for it */
	struct keeper *keeper;
	struct keeper_endpoint at; /* .at.params as bound */
	uint32_t users;            /* tunnels */
	struct intake *intake;     /* of the worker that receives; see path/intake.h */
};

/** endpoint_new() - through the keeper; errors as keeper_endpoint_open(), -ENOMEM */
int endpoint_new(struct keeper *k, uint32_t client, const struct endpoint_params *params,
                 struct endpoint **ret, struct extack *ea);

/** endpoint_managed_new() - of a program's socket; errors as keeper_managed_open(), -ENOMEM */
int endpoint_managed_new(struct keeper *k, uint32_t client, int fd, int number, uint32_t worker,
                         uint8_t protocol, struct endpoint **ret, struct extack *ea);

/** endpoint_adopt() - take over one that the keeper had kept; NULL: out of memory */
struct endpoint *endpoint_adopt(struct keeper *k, const struct keeper_endpoint *at);

/** endpoint_free() - close our descriptors and the keeper's */
void endpoint_free(struct endpoint *e);

/** endpoint_same() - whether a tunnel that asks for @params can share @e. Port 0 shares nothing, nor
 * does what is connected */
bool endpoint_same(const struct endpoint *e, const struct endpoint_params *params);

/**
 * endpoint_is_connected() - whether it is for one peer alone
 *
 * Errors that ICMP reports are then pending on the socket, where the next call takes them: whoever sends tries again.
 */
static inline bool endpoint_is_connected(const struct endpoint *e)
{
	return e->at.params.peer.any.sa_family != AF_UNSPEC && !e->at.cookie;
}

/** endpoint_params_of_all_ip() - of the one endpoint of a namespace and family that control messages of protocol
 * 115 are taken from, whether there are tunnels or not */
struct endpoint_params endpoint_params_of_all_ip(int family);

/** endpoint_takes_all_ip() - whether it is that one */
bool endpoint_takes_all_ip(const struct endpoint *e);

/** endpoint_is_managed() - whether it is a program's own socket: we send beside it, and its data is brought to us */
static inline bool endpoint_is_managed(const struct endpoint *e)
{
	return e->at.cookie;
}

/** endpoint_same_ends() - whether two managed ones have the same addresses: the system may give one what is for the
 * other */
static inline bool endpoint_same_ends(const struct endpoint *a, const struct endpoint *b)
{
	uint64_t ends = __atomic_load_n(&a->ends, __ATOMIC_RELAXED);

	return ends && ends == __atomic_load_n(&b->ends, __ATOMIC_RELAXED);
}

/** endpoint_change() - a managed one has other addresses, options, descriptors; while no worker uses them */
void endpoint_change(struct endpoint *e, const struct keeper_endpoint *now);

static inline bool endpoint_is_udp(const struct endpoint *e)
{
	return e->at.params.protocol == IPPROTO_UDP;
}

#endif
