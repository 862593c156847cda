/* SPDX-License-Identifier: BSD-2-Clause */
/* managed_socket.h - what a program does to the socket of a managed tunnel after it gave it to the tunnel
 *
 * The socket is the program's own and stays it; these calls are let through, and what they change is told to
 * ul2tpd.
 */
#ifndef UL2TP_LAUNCHER_MANAGED_SOCKET_H
#define UL2TP_LAUNCHER_MANAGED_SOCKET_H

#include "launcher/trap.h"

/** managed_socket_connect() - connect() on an ordinary descriptor; answers the trap */
void managed_socket_connect(struct trap *t);

/** managed_socket_setsockopt() - an option of IP, IPv6, UDP or the socket level on an ordinary descriptor */
void managed_socket_setsockopt(struct trap *t);

#endif
