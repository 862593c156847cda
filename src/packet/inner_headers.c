/* SPDX-License-Identifier: BSD-2-Clause */
/* inner_headers.c - find the headers of the frame or packet that a session carries */
#include "packet/inner_headers.h"

#include <linux/if_ether.h>

#include "base/reader.h"

#define VLAN_TAGS_MAX      4
#define EXTENSIONS_MAX     8
#define HEADERS_LEN_MAX    1024 /* so that offsets stay small; no real header comes near */
#define IPV4_FRAGMENT_BITS 0x3fff

static bool read_ipv4(struct reader *r, const uint8_t *frame, struct inner_headers *h)
{
	const uint8_t *header = read_bytes(r, IPV4_HEADER_LEN);
	size_t header_len;

	if (!header || header[0] >> 4 != 4)
		return false;
	header_len = (header[0] & 0xf) * 4u;
	if (header_len < IPV4_HEADER_LEN)
		return false;
	read_skip(r, header_len - IPV4_HEADER_LEN);
	h->ip_version = 4;
	h->protocol = header[IPV4_PROTOCOL];
	h->fragment = load_u16(header + IPV4_FRAGMENT) & IPV4_FRAGMENT_BITS;
	h->l4 = (uint16_t)(r->at - frame);
	return !r->failed;
}

static bool read_ipv6(struct reader *r, const uint8_t *frame, struct inner_headers *h)
{
	const uint8_t *header = read_bytes(r, IPV6_HEADER_LEN);
	unsigned int extensions = 0;

	if (!header || header[0] >> 4 != 6)
		return false;
	h->ip_version = 6;
	h->protocol = header[IPV6_NEXT_HEADER];
	while (h->protocol == IPPROTO_HOPOPTS || h->protocol == IPPROTO_ROUTING ||
	       h->protocol == IPPROTO_DSTOPTS) {
		if (++extensions > EXTENSIONS_MAX)
			return false;
		h->protocol = read_u8(r);
		read_skip(r, read_u8(r) * 8u + 6);
	}
	h->fragment = h->protocol == IPPROTO_FRAGMENT;
	h->l4 = (uint16_t)(r->at - frame);
	return !r->failed && h->l4 <= HEADERS_LEN_MAX;
}

static bool read_transport(struct reader *r, struct inner_headers *h)
{
	const uint8_t *header;
	size_t len;

	h->end = h->l4;
	if (h->fragment)
		return true;
	if (h->protocol == IPPROTO_UDP) {
		read_skip(r, UDP_HEADER_LEN);
		h->end = h->l4 + UDP_HEADER_LEN;
	} else if (h->protocol == IPPROTO_TCP) {
		header = read_bytes(r, TCP_HEADER_LEN);
		if (!header)
			return false;
		len = (header[TCP_FLAGS] >> 4) * 4u;
		if (len < TCP_HEADER_LEN)
			return false;
		read_skip(r, len - TCP_HEADER_LEN);
		h->end = (uint16_t)(h->l4 + len);
	}
	return !r->failed;
}

/* What begins at the reader's place is IP. */
static bool read_ip(struct reader *r, const uint8_t *frame, struct inner_headers *ret,
                    uint16_t type)
{
	struct inner_headers h = { .l3 = (uint16_t)(r->at - frame) };

	if (r->failed || !(type == ETH_P_IP     ? read_ipv4(r, frame, &h)
	                   : type == ETH_P_IPV6 ? read_ipv6(r, frame, &h)
	                                        : false))
		return false;
	if (!read_transport(r, &h))
		return false;
	*ret = h;
	return true;
}

bool inner_headers_read(const uint8_t *frame, size_t len, struct inner_headers *ret)
{
	struct reader r = reader_over(frame, len);
	unsigned int tags = 0;
	uint16_t type;

	read_skip(&r, 2 * ETH_ALEN);
	type = read_u16(&r);
	while ((type == ETH_P_8021Q || type == ETH_P_8021AD) && ++tags <= VLAN_TAGS_MAX) {
		read_u16(&r);
		type = read_u16(&r);
	}
	return read_ip(&r, frame, ret, type);
}

bool inner_headers_read_ip(const uint8_t *packet, size_t len, struct inner_headers *ret)
{
	struct reader r = reader_over(packet, len);

	/* Which of the two it is, its reader looks at again. */
	return len && read_ip(&r, packet, ret, packet[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
}
