/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_datagrams.h - what the system gives by recvmmsg(), for programs that are linked with --wrap=recvmmsg
 *
 * Each datagram lies in memory of its exact length, in place of the receiver's buffer: a step too far is seen.
 */
#ifndef UL2TP_PATH_FAKE_DATAGRAMS_H
#define UL2TP_PATH_FAKE_DATAGRAMS_H

#include "keeper/keeper.h"

struct fake_datagram {
	uint8_t *octets;
	size_t len;
	union address from;
	union address to; /* as IP_PKTINFO or IPV6_PKTINFO says; AF_UNSPEC: neither does */
	int gro;          /* what UDP_GRO says; 0: nothing */
	bool truncated;
};

/** fake_datagrams_wait() - these are the next that come, from this socket */
void fake_datagrams_wait(int fd, const struct fake_datagram *at, unsigned int count);

/** fake_datagrams_left() - how many nobody has received yet */
unsigned int fake_datagrams_left(void);

/** fake_datagrams_end() - none are left, and receivers have their buffers back; on the thread that received, or while it waits */
void fake_datagrams_end(void);

#endif
