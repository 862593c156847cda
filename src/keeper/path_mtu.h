/* SPDX-License-Identifier: BSD-2-Clause */
/* path_mtu.h - the MTU of the path that a tunnel's packets take, as Linux's L2TP has it of its socket (ETH-10)
 *
 * IPsec takes from it what it puts around packets, if one of its policies is about them; and policies, as routing rules,
 * can be about protocol and ports. So a socket is asked that has those of the tunnel.
 */
#ifndef UL2TP_KEEPER_PATH_MTU_H
#define UL2TP_KEEPER_PATH_MTU_H

#include "keeper/keeper.h"

/** path_mtu_of() - of the route that a connected socket has; 0: none */
uint32_t path_mtu_of(int fd, sa_family_t family);

/**
 * path_mtu() - from an endpoint to a peer; call while in the namespace
 * @p:     of the endpoint, which is no program's socket
 * @fd:    its socket
 * @route: what a route says that is about no protocol and no port; 0: there is none
 *
 * Nothing is sent, and the socket that is asked receives nothing. Return: @route where nothing else is known, as of UDP
 * from an address that the route would not choose.
 */
uint32_t path_mtu(const struct endpoint_params *p, int fd, const union address *peer,
                  uint32_t route);

/**
 * path_mtu_by() - of the path, by that of the route now and how much less it was, octets (negative: more)
 *
 * If nothing would be left, what was less is not what IPsec takes: packets left by another interface then, one of jumbo
 * frames. Nothing but the route is known of the path they take now.
 */
static inline uint32_t path_mtu_by(uint32_t route, int32_t less)
{
	int64_t mtu = (int64_t)route - less;

	return mtu > 0 ? (uint32_t)mtu : route;
}

#endif
