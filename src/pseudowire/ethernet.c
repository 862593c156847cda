/* SPDX-License-Identifier: BSD-2-Clause */
/* ethernet.c - see ethernet.h */
#include "pseudowire/ethernet.h"

#define MTU_WHEN_UNKNOWN 1500
#define MTU_MAX          65535
#define UDP_HEADER_LEN   8
#define IPV4_HEADER_LEN  20
#define IPV6_HEADER_LEN  40

uint32_t ethernet_mtu(uint32_t path_mtu, bool udp, bool ipv6, uint32_t l2tp_header)
{
	uint32_t overhead = (udp ? UDP_HEADER_LEN : 0) + l2tp_header + ETHERNET_HEADER_LEN +
	                    (ipv6 ? IPV6_HEADER_LEN : IPV4_HEADER_LEN);

	if (!path_mtu || path_mtu < overhead || path_mtu - overhead > MTU_MAX)
		return MTU_WHEN_UNKNOWN - overhead;
	return path_mtu - overhead;
}
