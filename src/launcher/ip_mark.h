/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_mark.h - what comes into a stand-in for an L2TP/IP socket comes from ul2tpd
 *
 * A program may move its stand-in to a low number, or pass it to a process that no launcher serves. What it sends
 * there stays in the private namespace, where every address is local: it could reach other programs' stand-ins, in
 * anybody's name. So these take only packets with a mark that nobody knows, and that needs rights to set.
 */
#ifndef UL2TP_LAUNCHER_IP_MARK_H
#define UL2TP_LAUNCHER_IP_MARK_H

#include "launcher/launcher.h"

/** ip_mark_set() - what leaves @fd, a socket of the private namespace, has the mark. -EPERM: we may not; -errno */
int ip_mark_set(struct launcher *l, int fd);

/** ip_mark_demand() - @fd takes nothing else, for good. -errno */
int ip_mark_demand(struct launcher *l, int fd);

#endif
