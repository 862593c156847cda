/* SPDX-License-Identifier: BSD-2-Clause */
/* frame_model.c - make and judge the frames of tests, plainly */
#include "packet/frame_model.h"

#include <netinet/in.h>
#include <string.h>

struct frame_model frame_model_default(void)
{
	return (struct frame_model){
		.ip_version = 4,
		.protocol = IPPROTO_TCP,
		.source_port = 7,
		.vlan_id = 100,
		.ip_id = 0x1234,
		.fragment = 0x4000,
		.flow_label = 0x12345,
		.seq = 1000,
		.ack = 77,
		.flags = 0x10,
		.window = 501,
		.ttl = 64,
	};
}

size_t frame_model_l3(const struct frame_model *m)
{
	return m->bare ? 0 : 14 + 4u * m->vlan_tags;
}

size_t frame_model_l4(const struct frame_model *m)
{
	return frame_model_l3(m) +
	       (m->ip_version == 4 ? 20u + m->ip_option_len : 40u + m->extension_len);
}

size_t frame_model_headers_len(const struct frame_model *m)
{
	return frame_model_l4(m) + (m->protocol == IPPROTO_TCP ? 20u + m->tcp_option_len : 8u);
}

uint16_t model_checksum(uint32_t pseudo, const uint8_t *data, size_t len)
{
	uint64_t sum = pseudo;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}

uint32_t frame_model_pseudo(const struct frame_model *m, const uint8_t *frame, size_t l4_len)
{
	const uint8_t *l3 = frame + frame_model_l3(m);
	const uint8_t *from = l3 + (m->ip_version == 4 ? 12 : 8);
	const uint8_t *to = l3 + (m->ip_version == 4 ? 20 : 40);
	uint32_t sum = m->protocol + (uint32_t)(l4_len >> 16) + (l4_len & 0xffff);

	for (; from < to; from += 2)
		sum += (uint32_t)from[0] << 8 | from[1];
	return sum;
}

static uint8_t *put(uint8_t *at, uint32_t value, unsigned int octets)
{
	while (octets--)
		*at++ = (uint8_t)(value >> 8 * octets);
	return at;
}

static uint32_t get(const uint8_t *at, unsigned int octets)
{
	uint32_t value = 0;

	while (octets--)
		value = value << 8 | *at++;
	return value;
}

static uint8_t *write_ethernet(const struct frame_model *m, uint8_t *at)
{
	if (m->bare)
		return at;
	memcpy(at, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
	at += 12;
	for (unsigned int i = 0; i < m->vlan_tags; i++)
		at = put(put(at, i + 1 < m->vlan_tags ? 0x88a8 : 0x8100, 2), m->vlan_id + i, 2);
	return put(at, m->ip_version == 4 ? 0x0800 : 0x86dd, 2);
}

static uint8_t *write_ip(const struct frame_model *m, uint8_t *at, size_t l4_len)
{
	uint8_t *l3 = at;

	if (m->ip_version == 4) {
		at = put(at, (0x45u + m->ip_option_len / 4u) << 8 | m->traffic_class, 2);
		at = put(at, (uint32_t)(20 + m->ip_option_len + l4_len), 2);
		at = put(put(at, m->ip_id, 2), m->fragment, 2);
		at = put(put(at, m->ttl, 1), m->protocol, 1);
		at = put(at, 0, 2);
		at = put(put(at, 0x0a000001, 4), 0x0a000002, 4);
		memset(at, 1, m->ip_option_len); /* NOP */
		at += m->ip_option_len;
		put(l3 + 10, model_checksum(0, l3, (size_t)(at - l3)), 2);
		return at;
	}
	at = put(at, 0x60000000u | (uint32_t)m->traffic_class << 20 | m->flow_label, 4);
	at = put(at, (uint32_t)(m->extension_len + l4_len), 2);
	at = put(put(at, m->extension_len ? IPPROTO_HOPOPTS : m->protocol, 1), m->ttl, 1);
	for (unsigned int end = 1; end <= 2; end++)
		at = put(put(put(put(at, 0xfd000000, 4), 0, 4), 0, 4), end, 4);
	if (m->extension_len) {
		memset(at, 0, m->extension_len);
		at[0] = m->protocol;
		at[1] = (uint8_t)(m->extension_len / 8 - 1);
		at[2] = 1; /* PadN */
		at[3] = (uint8_t)(m->extension_len - 4);
		at += m->extension_len;
	}
	return at;
}

size_t frame_model_write(const struct frame_model *m, const uint8_t *payload, size_t payload_len,
                         uint8_t *out)
{
	size_t l4_len = frame_model_headers_len(m) - frame_model_l4(m) + payload_len;
	uint8_t *l4 = write_ip(m, write_ethernet(m, out), l4_len), *at = l4;
	uint16_t value;

	at = put(put(at, 0x4000u + m->source_port, 2), 5001, 2);
	if (m->protocol == IPPROTO_TCP) {
		at = put(put(at, m->seq, 4), m->ack, 4);
		at = put(at, (5u + m->tcp_option_len / 4u) << 12 | m->flags, 2);
		at = put(put(put(at, m->window, 2), 0, 2), m->urgent, 2);
		if (m->tcp_options)
			memcpy(at, m->tcp_options, m->tcp_option_len);
		else
			memset(at, 1, m->tcp_option_len); /* NOP */
		at += m->tcp_option_len;
	} else {
		at = put(put(at, (uint32_t)l4_len, 2), 0, 2);
	}
	memcpy(at, payload, payload_len);

	value = model_checksum(frame_model_pseudo(m, out, l4_len), l4, l4_len);
	if (m->protocol == IPPROTO_TCP)
		put(l4 + 16, value, 2);
	else if (!m->no_checksum)
		put(l4 + 6, value ? value : 0xffff, 2);
	return (size_t)(l4 - out) + l4_len;
}

bool frame_model_valid(const struct frame_model *m, const uint8_t *frame, size_t len)
{
	const uint8_t *l3 = frame + frame_model_l3(m), *l4 = frame + frame_model_l4(m);
	size_t l4_len = len - frame_model_l4(m);

	if (len < frame_model_headers_len(m))
		return false;
	if (m->ip_version == 4) {
		if (get(l3 + 2, 2) != len - frame_model_l3(m) ||
		    model_checksum(0, l3, (size_t)(l4 - l3)))
			return false;
	} else if (get(l3 + 4, 2) != len - frame_model_l3(m) - 40) {
		return false;
	}
	if (m->protocol == IPPROTO_UDP && get(l4 + 4, 2) != l4_len)
		return false;
	if (m->protocol == IPPROTO_UDP && !get(l4 + 6, 2))
		return m->no_checksum;
	return !model_checksum(frame_model_pseudo(m, frame, l4_len), l4, l4_len);
}

uint32_t model_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}
