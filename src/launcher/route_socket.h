/* SPDX-License-Identifier: BSD-2-Clause */
/* route_socket.h - a program's NETLINK_ROUTE sockets, where they are to show what ul2tpd has counted (--files)
 *
 * The socket is a real one, in the program's namespace and made with its rights: what is sent, bound, set and waited for
 * is the kernel's affair. All that is ours is its number, one of launcher.route_range, by which the filter traps receive
 * calls. If there are counters of ul2tpd's interfaces in the datagram that is next, it is received in the program's
 * place and others are put there (link_stats.h); any other is left to the kernel.
 *
 * There is no object of it and nothing to remember. A call that waits is the kernel's: answers are in the queue before a
 * program receives, and what it waits for is a notification.
 */
#ifndef UL2TP_LAUNCHER_ROUTE_SOCKET_H
#define UL2TP_LAUNCHER_ROUTE_SOCKET_H

#include "launcher/trap.h"

/** route_socket_open() - socket(AF_NETLINK, ..., NETLINK_ROUTE); the kernel's if ours fails, for it to say why */
void route_socket_open(struct trap *t);

/** route_socket_receive() - a receive call, or read() or readv(), on what is no stand-in */
void route_socket_receive(struct trap *t);

#endif
