/* SPDX-License-Identifier: BSD-2-Clause */
/* link_stats.h - where counters of interfaces stand in what rtnetlink says, and putting others there
 *
 * RTM_NEWLINK has them as IFLA_STATS (32 bits) and IFLA_STATS64, RTM_NEWSTATS as IFLA_STATS_LINK_64. They are changed in
 * place: a message keeps its length. Pure; every place is found by the bounded reader.
 */
#ifndef UL2TP_LAUNCHER_LINK_STATS_H
#define UL2TP_LAUNCHER_LINK_STATS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "ul2tp_netlink.h"

/* Of one interface that may be ours; borrows from the datagram. */
struct link_stats {
	uint32_t ifindex;
	char name[IFNAMSIZ];              /* "": the message does not say */
	const uint8_t *stats32, *stats64; /* NULL: there is none; else eight numbers are there */
};

/**
 * link_stats_next() - the next one in a datagram
 * @datagram: advanced past its message
 *
 * Interfaces whose kind is another than that of TAPs and TUNs, and those of another namespace than the socket's, are passed
 * over. Return: whether there was one.
 */
bool link_stats_next(struct reader *datagram, struct link_stats *ret);

/**
 * link_stats_set() - what UL2TP_CMD_DEVICE_GET says, in place of what the interface counted or added to it
 * @datagram: the octets that @l was found in, or a copy that begins at @copy_of
 */
void link_stats_set(uint8_t *datagram, const uint8_t *copy_of, const struct link_stats *l,
                    const uint64_t counters[UL2TP_DEVICE_COUNTER_MAX_PLUS_1]);

#endif
