/* SPDX-License-Identifier: BSD-2-Clause */
/* own_packet.h - whether a packet that is to go into a tunnel is one that came out of it (PPP-56)
 *
 * That is so where the route to the peer leads into the interface: each packet would be put into another for ever.
 */
#ifndef UL2TP_PATH_OWN_PACKET_H
#define UL2TP_PATH_OWN_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "path/sender.h"

/** own_packet() - @packet is an IP packet between the ends of the sender's tunnel, as the tunnel sends them. Of one in
 * fragments the first is known, and with it the others come to nothing */
bool own_packet(const struct sender *s, const uint8_t *packet, size_t len);

#endif
