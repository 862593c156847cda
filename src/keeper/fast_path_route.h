/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_route.h - through which interface packets of a tunnel leave */
#ifndef UL2TP_KEEPER_FAST_PATH_ROUTE_H
#define UL2TP_KEEPER_FAST_PATH_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "keeper/keeper.h"

/* Whose link-layer address packets get. */
struct fast_hop {
	uint32_t family;
	uint8_t address[16];
};

struct fast_route {
	int ifindex;
	uint32_t mtu_bytes;
	uint8_t hop_limit; /* the route's; of IPv6, where it has none, the interface's. 0: none */
	uint8_t mac[6];    /* the interface's own */
	bool encapsulates; /* it puts something around packets */
	struct fast_hop hop;
};

/* Whose packets, as far as the way they take may depend on it. Zeroed and then filled: compared octet by octet. */
struct fast_asker {
	union address local, peer;
	uint32_t mark;
	int device; /* the socket is bound to it (SO_BINDTODEVICE): ifindex; 0: any */
	uint64_t tos;
};

/**
 * fast_route() - ask the routing tables of the namespace the thread is in
 * @fd: a link_socket() of it
 *
 * The answer's interface is .device, if one is given; or one in the VRF that it is.
 *
 * Return: 0; -ENETUNREACH or what else the kernel answers; -EOPNOTSUPP it is not an Ethernet interface, or leads to
 * this very machine.
 */
int fast_route(int fd, const struct fast_asker *asker, struct fast_route *ret);

/**
 * fast_route_read() - what the routing tables have answered, without what is asked of the interface
 * @ret: where the answer says nothing it stays as it was
 *
 * Return: as fast_route(); -EPROTO it is no answer to the question.
 */
int fast_route_read(struct reader answer, struct fast_route *ret);

#endif
