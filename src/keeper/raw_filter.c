/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_filter.c - see raw_filter.h */
#include "keeper/raw_filter.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>

#define SHORTEST 14 /* RX-1 */
#define FLAG_T   0x8000

/* Places in the IP header, and in the UDP header and what is behind it. */
#define V4_FRAGMENT    6
#define V4_PROTOCOL    9
#define V4_ADDRESSES   12
#define V6_NEXT_HEADER 6
#define V6_ADDRESSES   8
#define V6_HEADER      40
#define UDP_TO         2
#define UDP_LENGTH     4
#define UDP_CHECKSUM   6
#define UDP_HEADER     8

#define FRAGMENT_BITS 0x3fff /* more of them, or not the first */

/* Words of the program's memory. */
enum { SUM, FIELD, START };

static void begin(struct classic *c)
{
	c->count = 0;
	c->full = false;
}

/* Unless A and @k compare so, the packet is not for us. */
static void require(struct classic *c, uint16_t compare, uint32_t k)
{
	classic_if(c, BPF_JMP | compare | BPF_K, k, 1, 0);
	classic_do(c, BPF_RET | BPF_K, CLASSIC_DROP);
}

static void require_not(struct classic *c, uint16_t compare, uint32_t k)
{
	classic_if(c, BPF_JMP | compare | BPF_K, k, 0, 1);
	classic_do(c, BPF_RET | BPF_K, CLASSIC_DROP);
}

/* X is where the UDP header begins, seen from @base. Leaves data packets, of any version: the wrong one of a known
 * session is counted (RX-6). */
static void require_data(struct classic *c, uint32_t base)
{
	classic_do(c, BPF_LD | BPF_H | BPF_IND, base + UDP_LENGTH);
	require(c, BPF_JGE, UDP_HEADER + SHORTEST);
	classic_do(c, BPF_LD | BPF_H | BPF_IND, base + UDP_HEADER);
	require_not(c, BPF_JSET, FLAG_T);
}

/* Ends the program: packets to @ports are let through, up to @snap octets. X as for require_data(). */
static int end_with_ports(struct classic *c, uint32_t base, const struct raw_filter_ports *ports,
                          uint32_t snap)
{
	if (ports->all) {
		classic_do(c, BPF_RET | BPF_K, snap);
	} else {
		classic_do(c, BPF_LD | BPF_H | BPF_IND, base + UDP_TO);
		classic_search(c, ports->runs, ports->count, snap, CLASSIC_DROP);
	}
	return c->full ? -E2BIG : 0;
}

int raw_filter_build(struct classic *ret, sa_family_t family, const struct raw_filter_ports *ports)
{
	begin(ret);
	if (family == AF_INET)
		classic_do(ret, BPF_LDX | BPF_B | BPF_MSH, 0);
	else
		classic_do(ret, BPF_LDX | BPF_W | BPF_IMM, 0);
	require_data(ret, 0);
	return end_with_ports(ret, 0, ports, CLASSIC_PASS);
}

/* SUM += the 16-bit word at @at. */
static void sum_word(struct classic *c, uint32_t at)
{
	classic_do(c, BPF_LD | BPF_H | BPF_ABS, at);
	classic_do(c, BPF_MISC | BPF_TAX, 0);
	classic_do(c, BPF_LD | BPF_W | BPF_MEM, SUM);
	classic_do(c, BPF_ALU | BPF_ADD | BPF_X, 0);
	classic_do(c, BPF_ST, SUM);
}

/* SUM = its upper and its lower half added. */
static void sum_fold(struct classic *c)
{
	classic_do(c, BPF_LD | BPF_W | BPF_MEM, SUM);
	classic_do(c, BPF_ALU | BPF_RSH | BPF_K, 16);
	classic_do(c, BPF_MISC | BPF_TAX, 0);
	classic_do(c, BPF_LD | BPF_W | BPF_MEM, SUM);
	classic_do(c, BPF_ALU | BPF_AND | BPF_K, 0xffff);
	classic_do(c, BPF_ALU | BPF_ADD | BPF_X, 0);
	classic_do(c, BPF_ST, SUM);
}

/* Leaves packets whose checksum field holds the sum of the pseudo header. X as for require_data(). */
static void require_partial(struct classic *c, uint32_t base, uint32_t addresses,
                            unsigned int words)
{
	classic_do(c, BPF_STX, START);
	classic_do(c, BPF_LD | BPF_H | BPF_IND, base + UDP_CHECKSUM);
	classic_do(c, BPF_ST, FIELD);
	classic_do(c, BPF_LD | BPF_H | BPF_IND, base + UDP_LENGTH);
	classic_do(c, BPF_ALU | BPF_ADD | BPF_K, IPPROTO_UDP);
	classic_do(c, BPF_ST, SUM);
	for (uint32_t i = 0; i < words; i++)
		sum_word(c, addresses + 2 * i);
	sum_fold(c);
	sum_fold(c);
	classic_do(c, BPF_MISC | BPF_TAX, 0);
	classic_do(c, BPF_LD | BPF_W | BPF_MEM, FIELD);
	classic_if(c, BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0);
	classic_do(c, BPF_RET | BPF_K, CLASSIC_DROP);
	classic_do(c, BPF_LDX | BPF_W | BPF_MEM, START);
}

/* Before us there is a link header whose length depends on the interface, so places count from SKF_NET_OFF. */
int gauge_filter_build(struct classic *ret, sa_family_t family,
                       const struct raw_filter_ports *ports)
{
	const uint32_t ip = (uint32_t)SKF_NET_OFF;

	begin(ret);
	classic_do(ret, BPF_LD | BPF_H | BPF_ABS, (uint32_t)SKF_AD_OFF + SKF_AD_PKTTYPE);
	require_not(ret, BPF_JEQ, PACKET_OUTGOING);
	classic_do(ret, BPF_LD | BPF_H | BPF_ABS, (uint32_t)SKF_AD_OFF + SKF_AD_PROTOCOL);
	require(ret, BPF_JEQ, family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP);
	if (family == AF_INET) {
		classic_do(ret, BPF_LD | BPF_B | BPF_ABS, ip + V4_PROTOCOL);
		require(ret, BPF_JEQ, IPPROTO_UDP);
		classic_do(ret, BPF_LD | BPF_H | BPF_ABS, ip + V4_FRAGMENT);
		require_not(ret, BPF_JSET, FRAGMENT_BITS);
		classic_do(ret, BPF_LDX | BPF_B | BPF_MSH, ip);
		require_data(ret, ip);
		require_partial(ret, ip, ip + V4_ADDRESSES, 4);
	} else {
		classic_do(ret, BPF_LD | BPF_B | BPF_ABS, ip + V6_NEXT_HEADER);
		require(ret, BPF_JEQ, IPPROTO_UDP);
		classic_do(ret, BPF_LDX | BPF_W | BPF_IMM, V6_HEADER);
		require_data(ret, ip);
		require_partial(ret, ip, ip + V6_ADDRESSES, 16);
	}
	return end_with_ports(ret, ip, ports, GAUGE_SNAP);
}

void filter_build_nothing(struct classic *ret)
{
	begin(ret);
	classic_do(ret, BPF_RET | BPF_K, CLASSIC_DROP);
}
