/* SPDX-License-Identifier: BSD-2-Clause */
/* data_header.c - read and build L2TP data headers, in the kernel's order of checks */
#include "wire/data_header.h"

#include <errno.h>

#include "base/reader.h"
#include "base/writer.h"

/* RFC 2661 §3.1. P (0x0100) and the reserved bits are ignored (RX-11). */
#define FLAG_T       0x8000
#define FLAG_L       0x4000
#define FLAG_S       0x0800
#define FLAG_O       0x0200
#define VERSION_MASK 0x000f

/* RFC 3931 §4.6: the default L2-specific sublayer. Other bits are ignored (RX-41). */
#define SUBLAYER_S       0x40000000u
#define SUBLAYER_NS_MASK 0x00ffffffu

/* What an IP control message has behind its zero word, and its first octet: T and L (RX-24, RX-25). */
#define IP_CONTROL_LEN_MIN 12
#define IP_CONTROL_FLAGS   0xc0

int data_header_read_udp(const uint8_t *packet, size_t len, struct data_header *ret)
{
	struct reader r = reader_over(packet, len);
	uint16_t flags = read_u16(&r);
	struct data_header h = { .version = flags & VERSION_MASK };

	if (len < DATA_UDP_LEN_MIN)
		return -EBADMSG;
	if (flags & FLAG_T) {
		*ret = (struct data_header){ .kind = DATA_HEADER_CONTROL };
		return 0;
	}

	if (h.version == DATA_VERSION_2) {
		if (flags & FLAG_L)
			read_u16(&r); /* the datagram's own length counts (RX-11) */
		h.tunnel_id = read_u16(&r);
		h.session_id = read_u16(&r);
		h.has_ns = flags & FLAG_S;
		h.has_offset = flags & FLAG_O;
	} else {
		read_u16(&r); /* reserved */
		h.session_id = read_u32(&r);
	}
	if (r.failed)
		return -EBADMSG;

	h.len = (uint8_t)(len - read_left(&r));
	*ret = h;
	return 0;
}

int data_header_read_ip(const uint8_t *packet, size_t len, struct data_header *ret)
{
	struct reader r = reader_over(packet, len);
	uint32_t session_id = read_u32(&r);

	if (r.failed)
		return -EBADMSG;
	if (session_id) {
		*ret = (struct data_header){
			.kind = DATA_HEADER_DATA,
			.version = DATA_VERSION_3,
			.over_ip = true,
			.session_id = session_id,
			.len = sizeof(session_id),
		};
		return 0;
	}

	if (read_left(&r) < IP_CONTROL_LEN_MIN ||
	    (read_u8(&r) & IP_CONTROL_FLAGS) != IP_CONTROL_FLAGS)
		return -EBADMSG;
	*ret = (struct data_header){ .kind = DATA_HEADER_CONTROL };
	return 0;
}

/* Blind insertion is what cookies are against (RFC 3931 §8.2): the time taken tells nothing. */
static bool cookies_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint8_t difference = 0;

	for (size_t i = 0; i < len; i++)
		difference |= a[i] ^ b[i];
	return !difference;
}

int data_sublayer_read(const struct data_header *header, const uint8_t *packet, size_t len,
                       const struct data_sublayer_params *params, struct data_sublayer *ret)
{
	bool v2 = header->version == DATA_VERSION_2;
	struct reader r = reader_over(packet, len);
	struct data_sublayer s = { 0 };
	const uint8_t *cookie;

	read_skip(&r, header->len);
	if (!v2 && read_left(&r) < params->cookie_len + (params->l2spec ? DATA_SUBLAYER_LEN : 0u))
		return -EBADMSG;
	cookie = read_bytes(&r, params->cookie_len);
	if (!cookie)
		return -EBADMSG;
	if (!cookies_equal(cookie, params->cookie, params->cookie_len))
		return -EKEYREJECTED;

	if (v2 && header->has_ns) {
		s.has_ns = true;
		s.ns = read_u16(&r);
		read_u16(&r); /* Nr means nothing in data (HDR-3) */
	} else if (!v2 && params->l2spec) {
		uint32_t sublayer = read_u32(&r);

		s.has_ns = sublayer & SUBLAYER_S;
		s.ns = s.has_ns ? sublayer & SUBLAYER_NS_MASK : 0;
	}
	if (header->has_offset)
		read_skip(&r, read_u16(&r));

	s.cut_off = r.failed;
	s.payload_len = r.failed ? 0 : read_left(&r);
	s.payload_at = len - s.payload_len;
	*ret = s;
	return 0;
}

void data_header_build(const struct data_header_params *params, struct data_header_template *ret)
{
	struct data_header_template t = { 0 };
	struct writer w = writer_over(t.octets, sizeof(t.octets));

	if (params->version == DATA_VERSION_2) {
		write_u16(&w, (params->send_seq ? FLAG_S : 0) | DATA_VERSION_2);
		write_u16(&w, (uint16_t)params->peer_conn_id);
		write_u16(&w, (uint16_t)params->peer_session_id);
		if (params->send_seq) {
			t.ns_offset = (uint8_t)write_len(&w);
			t.short_ns = true;
			write_u32(&w, 0); /* Ns, and Nr which stays 0 (HDR-3) */
		}
	} else {
		if (!params->over_ip)
			write_u32(&w, DATA_VERSION_3 << 16);
		write_u32(&w, params->peer_session_id);
		write_bytes(&w, params->cookie, params->cookie_len);
		if (params->l2spec) {
			t.ns_offset = params->send_seq ? (uint8_t)write_len(&w) : 0;
			write_u32(&w, params->send_seq ? SUBLAYER_S : 0);
		}
	}
	t.len = (uint8_t)write_len(&w);
	*ret = t;
}
