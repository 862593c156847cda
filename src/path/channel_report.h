/* SPDX-License-Identifier: BSD-2-Clause */
/* channel_report.h - what is told of the channels of a namespace, to whoever wants to see them
 *
 * The API thread. Counters are their workers', and read as they are at the moment.
 */
#ifndef UL2TP_PATH_CHANNEL_REPORT_H
#define UL2TP_PATH_CHANNEL_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink/ul2tp_ppp_channel.h"
#include "tunnel/netns.h"

/**
 * channel_report_from() - the first channel whose number is at least @number
 * @ret: its number, with which one goes on, and the rest
 *
 * Return: false: there is none.
 */
bool channel_report_from(const struct netns *ns, uint64_t number,
                         struct ul2tp_ppp_channel_report *ret);

#endif
