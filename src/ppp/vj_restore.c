/* SPDX-License-Identifier: BSD-2-Clause */
/* vj_restore.c - what is received (RFC 1144 §3.2.3, §4.1); see vj.h */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/reader.h"
#include "ppp/vj_private.h"

#define COMPRESSED_MIN 3 /* changes and the checksum of TCP */

static uint16_t sum_header(const uint8_t *header, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += load_u16(header + i);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static void put_header(const struct vj_slot *slot, size_t payload_at, struct vj_packet *ret)
{
	ret->protocol = PROTOCOL_IP;
	ret->head_len = slot->len;
	ret->payload_at = (uint16_t)payload_at;
	memcpy(ret->head, slot->header, slot->len);
}

/* A whole packet, with the number of its connection in place of the protocol. */
static bool learn(struct vj *vj, const uint8_t *info, size_t len, struct vj_packet *ret)
{
	size_t ip_len, headers = vj_headers_len(info, len, &ip_len);
	struct vj_slot *slot;

	if (!headers)
		return false;
	memcpy(ret->head, info, headers);
	ret->head[IPV4_PROTOCOL] = IPPROTO_TCP;
	if (sum_header(ret->head, ip_len) != UINT16_MAX)
		return false;
	if (info[IPV4_PROTOCOL] > vj->max_received) {
		vj->counters.errors_in++;
		return false;
	}
	slot = &vj->received[info[IPV4_PROTOCOL]];
	slot->ip_len = (uint8_t)ip_len;
	slot->len = (uint8_t)headers;
	memcpy(slot->header, ret->head, headers);
	vj->last_received = info[IPV4_PROTOCOL];
	vj->toss = false;
	vj->counters.uncompressed_in++;
	put_header(slot, headers, ret);
	return true;
}

static uint16_t read_delta(struct reader *r)
{
	uint8_t delta = read_u8(r);

	return delta ? delta : read_u16(r);
}

static void add_u16(uint8_t *at, uint32_t delta)
{
	store_u16(at, load_u16(at) + delta);
}

static void add_u32(uint8_t *at, uint32_t delta)
{
	store_u32(at, load_u32(at) + delta);
}

static void read_numbers(struct reader *r, unsigned int changes, uint8_t *tcp, uint32_t sent)
{
	tcp[TCP_FLAGS] &= (uint8_t)~TCP_URG;
	if ((changes & CHANGES) == ECHOED || (changes & CHANGES) == STREAMED) {
		add_u32(tcp + TCP_SEQ, sent);
		if ((changes & CHANGES) == ECHOED)
			add_u32(tcp + TCP_ACK, sent);
		return;
	}
	if (changes & CHANGED_URGENT) {
		tcp[TCP_FLAGS] |= TCP_URG;
		store_u16(tcp + TCP_URGENT_AT, read_delta(r));
	}
	if (changes & CHANGED_WINDOW)
		add_u16(tcp + TCP_WINDOW, read_delta(r));
	if (changes & CHANGED_ACK)
		add_u32(tcp + TCP_ACK, read_delta(r));
	if (changes & CHANGED_SEQ)
		add_u32(tcp + TCP_SEQ, read_delta(r));
}

/* The connection that a compressed header is about, or NULL. */
static struct vj_slot *read_slot(struct vj *vj, struct reader *r, unsigned int changes)
{
	if (changes & CHANGED_NUMBER) {
		uint8_t number = read_u8(r);

		if (r->failed || number > vj->max_received)
			return NULL;
		vj->last_received = number;
		vj->toss = false;
	}
	if (vj->last_received < 0 || !vj->received[vj->last_received].len)
		return NULL;
	return &vj->received[vj->last_received];
}

static void put_lengths(struct vj_slot *slot, size_t total)
{
	uint8_t *ip = slot->header;

	store_u16(ip + IPV4_TOTAL_LEN, (uint32_t)total);
	store_u16(ip + IPV4_CHECKSUM, 0);
	store_u16(ip + IPV4_CHECKSUM, (uint16_t)~sum_header(ip, slot->ip_len));
}

static bool rebuild(struct vj *vj, struct reader *r, unsigned int changes, size_t len,
                    struct vj_packet *ret)
{
	struct vj_slot *slot = read_slot(vj, r, changes);
	struct vj_slot next;
	uint8_t *tcp;

	if (!slot)
		return false;
	next = *slot;
	tcp = next.header + next.ip_len;
	read_copy(r, tcp + TCP_CHECKSUM, 2);
	tcp[TCP_FLAGS] &= (uint8_t)~TCP_PSH;
	if (changes & PUSH)
		tcp[TCP_FLAGS] |= TCP_PSH;
	read_numbers(r, changes, tcp, (uint32_t)load_u16(next.header + IPV4_TOTAL_LEN) - next.len);
	add_u16(next.header + IPV4_ID, changes & CHANGED_ID ? read_delta(r) : 1);
	if (r->failed || next.len + read_left(r) > UINT16_MAX)
		return false;
	put_lengths(&next, next.len + read_left(r));
	*slot = next;
	put_header(slot, len - read_left(r), ret);
	return true;
}

/* PPP-64 counts what came, whether it could be used or not. */
static bool restore(struct vj *vj, const uint8_t *info, size_t len, struct vj_packet *ret)
{
	struct reader r = reader_over(info, len);
	unsigned int changes = read_u8(&r);

	if (len < COMPRESSED_MIN) {
		vj->toss = true;
		return false;
	}
	vj->counters.compressed_in++;
	if (vj->toss && !(changes & CHANGED_NUMBER)) {
		vj->counters.tossed++;
		return false;
	}
	if (rebuild(vj, &r, changes, len, ret))
		return true;
	vj->counters.errors_in++;
	vj->toss = true;
	return false;
}

int vj_restore(struct vj *vj, uint16_t protocol, const uint8_t *info, size_t len,
               struct vj_packet *ret)
{
	if (protocol == PROTOCOL_VJ_COMPRESSED)
		return restore(vj, info, len, ret) ? 0 : -EBADMSG;
	if (learn(vj, info, len, ret))
		return 0;
	vj->toss = true;
	return -EBADMSG;
}
