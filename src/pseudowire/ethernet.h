/* SPDX-License-Identifier: BSD-2-Clause */
/* ethernet.h - rules of Ethernet pseudowires that need no packet */
#ifndef UL2TP_PSEUDOWIRE_ETHERNET_H
#define UL2TP_PSEUDOWIRE_ETHERNET_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/mtu_rule.h"

#define ETHERNET_HEADER_LEN 14

/**
 * ethernet_mtu() - MTU of a new session's interface (ETH-10)
 * @udp, @ipv6: what carries the tunnel
 * @l2tp_header: octets of the session's header (HDR-4)
 */
struct mtu_rule ethernet_mtu(bool udp, bool ipv6, uint32_t l2tp_header);

#endif
