/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_delivery.h - control messages on their way into programs' sockets
 *
 * What a program holds as its L2TP/IP socket is a UDP socket in a namespace where every address is local. A raw
 * socket of that namespace takes a whole packet: so a message arrives there as a UDP datagram from its true
 * sender to its true destination, and all else of receiving is the system's own. One worker's.
 */
#ifndef UL2TP_PATH_IP_DELIVERY_H
#define UL2TP_PATH_IP_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "path/ip_binding.h"

struct ip_delivery;

/** ip_delivery_new() - NULL: out of memory */
struct ip_delivery *ip_delivery_new(void);
void ip_delivery_free(struct ip_delivery *d);

/** ip_delivery_add() - @message, without its four zero octets, stays where it is until ip_delivery_flush() */
void ip_delivery_add(struct ip_delivery *d, struct ip_binding *b, const struct ip_arrival *a,
                     const uint8_t *message, size_t len);

/** ip_delivery_flush() - write all, and count */
void ip_delivery_flush(struct ip_delivery *d);

/** ip_delivery_socket_check() - whether @fd is a raw socket of the family that takes whole packets; -ENOTSOCK,
 * -EPROTONOSUPPORT */
int ip_delivery_socket_check(int fd, int family);

#endif
