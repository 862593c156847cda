/* SPDX-License-Identifier: BSD-2-Clause */
/* host_flow.h - a tunnel's packets, as selectors of IPsec policies and routing rules see them */
#ifndef UL2TP_KEEPER_HOST_FLOW_H
#define UL2TP_KEEPER_HOST_FLOW_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "keeper/host_watch.h"

#define HOST_ADDRESS_BYTES 16

static inline int flow_family(const struct outer_flow *flow)
{
	return flow->peer.any.sa_family;
}

static inline const uint8_t *address_bytes(const union address *a)
{
	return a->any.sa_family == AF_INET6 ? a->v6.sin6_addr.s6_addr
	                                    : (const uint8_t *)&a->v4.sin_addr;
}

/** prefix_holds() - whether the first @bits of @a are those of @prefix, which is of the same family. More than there
 * are: all */
static inline bool prefix_holds(const uint8_t prefix[HOST_ADDRESS_BYTES], uint8_t bits,
                                const union address *a)
{
	const uint8_t *at = address_bytes(a);
	uint8_t most = a->any.sa_family == AF_INET6 ? 128 : 32, last;

	if (bits > most)
		bits = most;
	last = (uint8_t)(0xff00 >> (bits % 8));
	return memcmp(prefix, at, bits / 8) == 0 &&
	       (bits % 8 == 0 || ((prefix[bits / 8] ^ at[bits / 8]) & last) == 0);
}

#endif
