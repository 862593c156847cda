/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_socket.h - stand-ins for L2TP/IP sockets, socket(AF_INET or AF_INET6, SOCK_DGRAM, 115)
 *
 * The program has a UDP socket of our private namespace, into which ul2tpd writes what comes (private_net.h); so
 * all of receiving, poll and epoll among it, is the kernel's own. Names, sending, and the options that decide how
 * packets leave are ul2tpd's business, over a connection of the stand-in's own, which ends with it.
 *
 * Source: section 4.10 of doc/kernel-behaviour.md.
 */
#ifndef UL2TP_LAUNCHER_IP_SOCKET_H
#define UL2TP_LAUNCHER_IP_SOCKET_H

#include "launcher/estate.h"
#include "launcher/trap.h"

/** ip_socket_open() - socket() with protocol 115; answers the trap. Types other than SOCK_DGRAM are the kernel's */
void ip_socket_open(struct trap *t);

/** ip_sockets_collect() - those that have been closed since give their connection ids free: before a tunnel wants one */
void ip_sockets_collect(struct launcher *l);

/** ip_socket_restore() - serve one that another supervisor gave out; see estate.h. -errno */
int ip_socket_restore(struct launcher *l, uint32_t index, const struct estate_thing *thing);

#endif
