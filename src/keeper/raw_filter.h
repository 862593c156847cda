/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_filter.h - the classic filters of the sockets that receive what divert_filter.h lets go
 *
 * A raw socket of IPPROTO_UDP gets a copy of each UDP datagram of its namespace, after the packet filter,
 * reassembly and IPsec, before the socket it is for. Its filter leaves the data packets to some ports.
 *
 * What came from a sender on the same machine may be a super-packet: several datagrams that the sender handed
 * over as one (UDP_SEGMENT) and nobody has cut yet. A raw socket does not tell where to cut; a packet socket
 * does (PACKET_VNET_HDR). Such a packet is known by its checksum, which is left partial: the field holds
 * the sum of the pseudo header. So a packet socket beside the raw one gets the heads of just those.
 */
#ifndef UL2TP_KEEPER_RAW_FILTER_H
#define UL2TP_KEEPER_RAW_FILTER_H

#include <sys/socket.h>

#include "keeper/classic_search.h"

#define GAUGE_SNAP 192 /* octets of a packet that the packet socket gets */

/* UDP ports in host order, ascending. */
struct raw_filter_ports {
	const struct run *runs;
	size_t count;
	bool all; /* any port */
};

/**
 * raw_filter_build() - for a raw socket: data packets to @ports
 * @family: AF_INET (the socket sees the IP header) or AF_INET6 (it does not)
 *
 * Return: 0; -E2BIG more ports than a program can name.
 */
int raw_filter_build(struct classic *ret, sa_family_t family, const struct raw_filter_ports *ports);

/** gauge_filter_build() - for a SOCK_RAW packet socket of all protocols: of what comes in by @family the same, if their
 * checksum is partial */
int gauge_filter_build(struct classic *ret, sa_family_t family,
                       const struct raw_filter_ports *ports);

/** filter_build_nothing() - for a socket that is to get nothing yet, or only ever sends */
void filter_build_nothing(struct classic *ret);

#endif
