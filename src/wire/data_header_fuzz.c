/* SPDX-License-Identifier: BSD-2-Clause */
/* data_header_fuzz.c - any packet, for a session of any kind; what was read is built and read again
 *
 * Input: an octet of options (1 IP, 2 sublayer, 4 and 8 cookie of 4 or 8), then the packet. The
 * session expects the cookie that stands in the packet, or with option 16 another.
 */
#include <assert.h>
#include <stdlib.h>

#include "wire/data_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_header(bool over_ip, const uint8_t *packet, size_t len, struct data_header *h)
{
	return over_ip ? data_header_read_ip(packet, len, h) : data_header_read_udp(packet, len, h);
}

/* A packet with the same meaning, as we would send it, must have that meaning. */
static void read_what_is_built(const struct data_header *h, const struct data_sublayer_params *p,
                               const struct data_sublayer *s, bool l2spec)
{
	struct data_header_params build = {
		.version = h->version,
		.over_ip = h->over_ip,
		.l2spec = l2spec,
		.send_seq = s->has_ns,
		.cookie_len = h->version == DATA_VERSION_2 ? 0 : p->cookie_len,
		.peer_conn_id = h->tunnel_id,
		.peer_session_id = h->session_id,
	};
	struct data_sublayer_params expect = *p;
	struct data_header_template t;
	struct data_sublayer again;
	struct data_header header;
	uint8_t packet[DATA_HEADER_MAX + DATA_UDP_LEN_MIN] = { 0 };

	expect.cookie_len = build.cookie_len;
	memcpy(build.cookie, p->cookie, sizeof(build.cookie));
	data_header_build(&build, &t);
	memcpy(packet, t.octets, t.len);
	data_header_number(&t, packet, s->ns);
	assert(read_header(h->over_ip, packet, sizeof(packet), &header) == 0);
	assert(header.tunnel_id == h->tunnel_id && header.session_id == h->session_id);
	assert(data_sublayer_read(&header, packet, sizeof(packet), &expect, &again) == 0);
	assert(again.has_ns == s->has_ns && again.ns == s->ns && !again.cut_off);
	assert(again.payload_at == t.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct data_sublayer_params p = { 0 };
	struct data_header h;
	struct data_sublayer s;
	uint8_t options, *packet;
	size_t len;

	if (!size)
		return 0;
	options = data[0];
	len = size - 1;
	packet = malloc(len ? len : 1);
	assert(packet);
	memcpy(packet, data + 1, len);

	p.l2spec = options & 2;
	p.cookie_len = options & 8 ? 8 : options & 4;
	if (read_header(options & 1, packet, len, &h) == 0 && h.kind == DATA_HEADER_DATA) {
		assert(h.len <= len);
		if (!(options & 16) && len >= (size_t)h.len + p.cookie_len)
			memcpy(p.cookie, packet + h.len, p.cookie_len);
		if (data_sublayer_read(&h, packet, len, &p, &s) == 0) {
			assert(s.payload_at + s.payload_len == len);
			assert(s.ns <= data_ns_max(h.version));
			if (!s.cut_off)
				read_what_is_built(&h, &p, &s, p.l2spec);
		}
	}
	free(packet);
	return 0;
}
