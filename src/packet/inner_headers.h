/* SPDX-License-Identifier: BSD-2-Clause */
/* inner_headers.h - where the IP and the transport header of an Ethernet frame, or of an IP packet, begin
 *
 * What segment.c and coalesce.c have in common: both look into the frames that a session carries.
 */
#ifndef UL2TP_PACKET_INNER_HEADERS_H
#define UL2TP_PACKET_INNER_HEADERS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/octets.h"

#define ETHERNET_HEADER_LEN 14
#define IPV4_HEADER_LEN     20 /* without options */
#define IPV6_HEADER_LEN     40
#define TCP_HEADER_LEN      20 /* without options */
#define UDP_HEADER_LEN      8

/* Offsets of fields in their headers. */
#define IPV4_TOTAL_LEN   2
#define IPV4_ID          4
#define IPV4_FRAGMENT    6
#define IPV4_PROTOCOL    9
#define IPV4_CHECKSUM    10
#define IPV4_ADDRESSES   12
#define IPV6_PAYLOAD_LEN 4
#define IPV6_NEXT_HEADER 6
#define IPV6_ADDRESSES   8
#define TCP_SEQ          4
#define TCP_ACK          8
#define TCP_FLAGS        12 /* a word: data offset, reserved bits, flags */
#define TCP_WINDOW       14
#define TCP_CHECKSUM     16
#define UDP_LEN          4
#define UDP_CHECKSUM     6

/* In the word at TCP_FLAGS. */
#define TCP_FIN      0x0001
#define TCP_PSH      0x0008
#define TCP_ACK_FLAG 0x0010
#define TCP_ECE      0x0040
#define TCP_CWR      0x0080

#define IPV4_DONT_FRAGMENT 0x4000

struct inner_headers {
	uint16_t l3; /* offset of the IP header */
	uint16_t l4; /* offset of what comes behind it and its options or extension headers */
	uint16_t
		end; /* offset of the payload of TCP or UDP; l4 for anything else and for fragments */
	uint8_t ip_version; /* 4 or 6 */
	uint8_t protocol;   /* of what is at l4 */
	bool fragment;      /* a part of a datagram, the first included */
};

/** inner_addresses_at(), inner_addresses_len() - offset and length of source and destination, one behind the other */
static inline size_t inner_addresses_at(const struct inner_headers *at)
{
	return at->l3 + (at->ip_version == 4 ? IPV4_ADDRESSES : IPV6_ADDRESSES);
}

static inline size_t inner_addresses_len(const struct inner_headers *at)
{
	return at->ip_version == 4 ? 8 : 32;
}

/**
 * inner_headers_read() - walk over Ethernet, VLAN tags, IP, and TCP or UDP
 *
 * Lengths that the headers state are compared with @len only as far as the headers go: on success
 * all octets before @ret->end are there.
 *
 * Return: false for what is not IP, is cut short, or has more tags or extension headers than we follow.
 */
bool inner_headers_read(const uint8_t *frame, size_t len, struct inner_headers *ret);

/** inner_headers_read_ip() - the same of an IP packet without anything in front; .l3 is 0 */
bool inner_headers_read_ip(const uint8_t *packet, size_t len, struct inner_headers *ret);

#endif
