/* SPDX-License-Identifier: BSD-2-Clause */
/* own_packet_fuzz.c - whether a packet of a program's, or of the network's, is one of the tunnel's own
 *
 * The input: an octet (1: IPv6, 2: without UDP), the peer's address, the ports of both ends, and the packet. What is found must be
 * what RFC 791 and RFC 8200 have at fixed places.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/reader.h"
#include "path/own_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct ends {
	bool six, udp;
	uint8_t peer[16];
	uint16_t source_port, peer_port;
};

static union address address_of(const struct ends *e, bool is_peer)
{
	union address a = { .any.sa_family = e->six ? AF_INET6 : AF_INET };
	uint16_t port = htons(is_peer ? e->peer_port : e->source_port);

	if (e->six) {
		a.v6.sin6_port = port;
		memcpy(&a.v6.sin6_addr, e->peer, sizeof(a.v6.sin6_addr));
	} else {
		a.v4.sin_port = port;
		memcpy(&a.v4.sin_addr, e->peer, sizeof(a.v4.sin_addr));
	}
	return a;
}

static bool expected(const struct ends *e, const uint8_t *p, size_t len)
{
	size_t header = !len ? 0 : e->six ? 40 : 4 * (p[0] & 0xfu);
	const uint8_t *ports = p + header;

	if (len < (e->six ? 40 : 20) || p[0] >> 4 != (e->six ? 6 : 4) || header < 20 ||
	    len < header || memcmp(p + (e->six ? 24 : 16), e->peer, e->six ? 16 : 4) != 0)
		return false;
	if (!e->udp)
		return p[e->six ? 6 : 9] == 115;
	return p[e->six ? 6 : 9] == 17 && len >= header + 4 &&
	       (ports[0] << 8 | ports[1]) == e->source_port &&
	       (ports[2] << 8 | ports[3]) == e->peer_port;
}

static bool found(const struct ends *e, const uint8_t *packet, size_t len)
{
	const struct tunnel_record tunnel = { .source = address_of(e, false),
		                              .peer = address_of(e, true) };
	const struct endpoint endpoint = { .at.params.protocol = e->udp ? 17 : 115 };
	const struct sender sender = { .tunnel = &tunnel, .endpoint = &endpoint };

	return own_packet(&sender, packet, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(data, size);
	uint8_t kind = read_u8(&r);
	struct ends e = { .six = kind & 1, .udp = !(kind & 2) };
	AUTO_MEMORY uint8_t *packet = NULL;
	size_t len;

	read_copy(&r, e.peer, e.six ? 16 : 4);
	e.source_port = read_u16(&r);
	e.peer_port = read_u16(&r);
	if (r.failed)
		return 0;
	len = read_left(&r);
	packet = malloc(len ? len : 1); /* exactly: a step too far is seen */
	assert(packet);
	read_copy(&r, packet, len);
	assert(found(&e, packet, len) == expected(&e, packet, len));
	return 0;
}
