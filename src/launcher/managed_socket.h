/* SPDX-License-Identifier: BSD-2-Clause */
/* managed_socket.h - what a program does to the socket of a managed tunnel after it gave it to the tunnel
 *
 * The socket is the program's own and stays it. But data packets leave by a socket of ul2tpd's beside it, so what
 * connect() and some options change has to be known there before the program goes on. Such a call is made on a
 * duplicate, with the program's arguments and rights, and ul2tpd is told; on other sockets the kernel does it.
 *
 * Which sockets were given to tunnels stands in the estate (tunnel_sockets.h).
 */
#ifndef UL2TP_LAUNCHER_MANAGED_SOCKET_H
#define UL2TP_LAUNCHER_MANAGED_SOCKET_H

#include "launcher/trap.h"

/** managed_socket_note() - the program's socket @fd is being given to a tunnel; any thread */
void managed_socket_note(struct launcher *l, int fd);

/** managed_sockets_collect() - forget those that were closed, should there be many; now and then, by one thread */
void managed_sockets_collect(struct launcher *l);

/** managed_socket_connect() - connect() on an ordinary descriptor; answers the trap */
void managed_socket_connect(struct trap *t);

/** managed_socket_setsockopt() - an option of IP, IPv6, UDP or the socket level on an ordinary descriptor */
void managed_socket_setsockopt(struct trap *t);

#endif
