/* SPDX-License-Identifier: BSD-2-Clause */
/* listing.h - what the kernel says on a forwarding socket, passed on to the program
 *
 * Its port is named as the program's, and where the kernel lists its families l2tp is among them: ours, once.
 */
#ifndef UL2TP_LAUNCHER_LISTING_H
#define UL2TP_LAUNCHER_LISTING_H

#include "launcher/netlink_stand_in.h"

/** listing_begin() - the program has asked nlctrl for all families */
void listing_begin(struct netlink_socket *n, const struct nl_message *request);

/** listing_pass() - a datagram of the kernel's, changed in place, to the program */
void listing_pass(struct netlink_socket *n, uint8_t *octets, size_t len);

#endif
