/* SPDX-License-Identifier: BSD-2-Clause */
/* own_packet.c - see own_packet.h */
#include "path/own_packet.h"

#include <netinet/in.h>
#include <string.h>

#include "base/reader.h"

#define PROTOCOL_L2TP 115

/* What stands behind the IP header, if the packet is for @to; a failed reader if not. */
static struct reader behind_ip(const union address *to, const uint8_t *packet, size_t len,
                               uint8_t *protocol)
{
	struct reader r = reader_over(packet, len);
	uint8_t first = read_u8(&r);
	const uint8_t *there;

	if (to->any.sa_family == AF_INET) {
		read_skip(&r, 8);
		*protocol = read_u8(&r);
		read_skip(&r, 6);
		there = read_bytes(&r, sizeof(to->v4.sin_addr));
		r.failed |= first >> 4 != 4 || (first & 0xf) < 5 || !there ||
		            memcmp(there, &to->v4.sin_addr, sizeof(to->v4.sin_addr));
		read_skip(&r, r.failed ? 0 : 4 * ((first & 0xfu) - 5));
	} else {
		read_skip(&r, 5);
		*protocol = read_u8(&r);
		read_skip(&r, 17);
		there = read_bytes(&r, sizeof(to->v6.sin6_addr));
		r.failed |= first >> 4 != 6 || !there ||
		            memcmp(there, &to->v6.sin6_addr, sizeof(to->v6.sin6_addr));
	}
	return r;
}

static uint16_t port_of(const union address *a)
{
	return ntohs(a->any.sa_family == AF_INET ? a->v4.sin_port : a->v6.sin6_port);
}

bool own_packet(const struct sender *s, const uint8_t *packet, size_t len)
{
	uint8_t protocol;
	struct reader r = behind_ip(&s->tunnel->peer, packet, len, &protocol);
	uint16_t from, to;

	if (r.failed)
		return false;
	if (!endpoint_is_udp(s->endpoint))
		return protocol == PROTOCOL_L2TP;
	from = read_u16(&r);
	to = read_u16(&r);
	return protocol == IPPROTO_UDP && !r.failed && from == port_of(&s->tunnel->source) &&
	       to == port_of(&s->tunnel->peer);
}
