/* SPDX-License-Identifier: BSD-2-Clause */
/* ethernet.c - see ethernet.h */
#include "pseudowire/ethernet.h"

#define MTU_WHEN_UNKNOWN 1500
#define UDP_HEADER_LEN   8
#define IPV4_HEADER_LEN  20
#define IPV6_HEADER_LEN  40

struct mtu_rule ethernet_mtu(bool udp, bool ipv6, uint32_t l2tp_header)
{
	uint32_t overhead = (udp ? UDP_HEADER_LEN : 0) + l2tp_header + ETHERNET_HEADER_LEN +
	                    (ipv6 ? IPV6_HEADER_LEN : IPV4_HEADER_LEN);

	return (struct mtu_rule){
		.overhead_bytes = overhead,
		.otherwise_bytes = MTU_WHEN_UNKNOWN - overhead,
	};
}
