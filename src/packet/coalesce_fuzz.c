/* SPDX-License-Identifier: BSD-2-Clause */
/* coalesce_fuzz.c - any frames in a row: what is merged is what cutting gives back
 *
 * Input: an octet of enum coalesce_accepts, with 0x80 for packets without Ethernet, then frames, each with its length in two octets in front. An
 * octet of 0x80 in the length asks for repair: the lengths and checksums the frame should have are put in, or
 * hardly two invented frames would ever be merged.
 */
#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/coalesce.h"
#include "packet/inner_headers.h"
#include "packet/segment.h"

#define FRAMES_MAX 80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct batch {
	struct coalescer coalescer;
	bool bare;
	struct iovec frames[FRAMES_MAX];
	bool seen[FRAMES_MAX];
	size_t count;
};

_Alignas(COALESCE_PAGE) static uint8_t room[COALESCE_ROOM_OCTETS];

static void repair(uint8_t *frame, size_t len, bool bare)
{
	struct inner_headers at;
	uint8_t *l3, *l4;
	size_t field, start, addresses_len;
	uint64_t sum;
	uint16_t value;

	if (!(bare ? inner_headers_read_ip(frame, len, &at)
	           : inner_headers_read(frame, len, &at)) ||
	    at.end == at.l4)
		return;
	l3 = frame + at.l3;
	l4 = frame + at.l4;
	field = at.protocol == IPPROTO_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
	start = at.ip_version == 4 ? IPV4_ADDRESSES : IPV6_ADDRESSES;
	addresses_len = at.ip_version == 4 ? 8 : 32;
	if (at.ip_version == 4) {
		store_u16(l3 + IPV4_TOTAL_LEN, (uint32_t)(len - at.l3));
		memset(l3 + IPV4_CHECKSUM, 0, 2);
		value = checksum_value(checksum_sum(l3, at.l4 - at.l3));
		memcpy(l3 + IPV4_CHECKSUM, &value, 2);
	} else {
		store_u16(l3 + IPV6_PAYLOAD_LEN, (uint32_t)(len - at.l3 - IPV6_HEADER_LEN));
	}
	if (at.protocol == IPPROTO_UDP)
		store_u16(l4 + UDP_LEN, (uint32_t)(len - at.l4));
	memset(l4 + field, 0, 2);
	sum = checksum_pseudo(l3 + start, addresses_len, at.protocol, (uint32_t)(len - at.l4));
	sum += checksum_sum(l4, len - at.l4);
	value = at.protocol == IPPROTO_UDP ? checksum_value_nonzero(sum) : checksum_value(sum);
	memcpy(l4 + field, &value, 2);
}

/* As a sender on this machine leaves it, and as it is finished for those who can not be told. */
static void finish(const uint8_t *packet, size_t len)
{
	uint8_t headers[SEGMENT_HEADERS_MAX], *left = malloc(len ? len : 1);
	struct inner_headers at;
	struct virtio_net_hdr vnet;
	struct segmenter s;
	struct segment part;
	size_t octets = 0;

	assert(left);
	memcpy(left, packet, len);
	repair(left, len, true);
	if (inner_headers_read_ip(left, len, &at) && at.end > at.l4) {
		size_t addresses = at.ip_version == 4 ? IPV4_ADDRESSES : IPV6_ADDRESSES;
		uint16_t sum =
			checksum_fold(checksum_pseudo(left + addresses, at.ip_version == 4 ? 8 : 32,
		                                      at.protocol, (uint32_t)(len - at.l4)));

		memcpy(left + at.l4 + (at.protocol == IPPROTO_TCP ? TCP_CHECKSUM : UDP_CHECKSUM),
		       &sum, sizeof(sum));
	}
	if (coalesce_left_ip(left, len, 600, &vnet) &&
	    segment_begin_ip(&s, &vnet, left, len) == 0) {
		while (segment_next(&s, headers, &part))
			octets += part.payload_len;
		assert(octets + s.headers_len == len);
	}
	free(left);
}

static bool find(struct batch *b, const uint8_t *frame, size_t len)
{
	for (size_t i = 0; i < b->count; i++)
		if (!b->seen[i] && b->frames[i].iov_len == len &&
		    !memcmp(b->frames[i].iov_base, frame, len))
			return b->seen[i] = true;
	return false;
}

static void cut(struct batch *b, const struct coalesced *c, uint8_t *frame)
{
	uint8_t headers[SEGMENT_HEADERS_MAX], *wire = malloc(c->frame_len);
	struct virtio_net_hdr vnet;
	struct segmenter s;
	struct segment part;

	assert(wire);
	memcpy(&vnet, c->iov[0].iov_base, sizeof(vnet));
	assert((b->bare ? segment_begin_ip(&s, &vnet, frame, c->frame_len)
	                : segment_begin(&s, &vnet, frame, c->frame_len)) == 0);
	assert(s.count == c->frames);
	while (segment_next(&s, headers, &part)) {
		memcpy(wire, part.headers, part.headers_len);
		memcpy(wire + part.headers_len, part.payload, part.payload_len);
		assert(find(b, wire, part.headers_len + part.payload_len));
	}
	free(wire);
}

static void emit(void *arg, const struct coalesced *c)
{
	uint8_t *frame = malloc(c->frame_len ? c->frame_len : 1);
	size_t len = 0;

	assert(frame);
	for (uint32_t i = 1; i < c->iov_count; i++) {
		assert(len + c->iov[i].iov_len <= c->frame_len);
		memcpy(frame + len, c->iov[i].iov_base, c->iov[i].iov_len);
		len += c->iov[i].iov_len;
	}
	assert(len == c->frame_len);
	if (c->frames == 1)
		assert(find(arg, frame, len));
	else
		cut(arg, c, frame);
	free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct batch b;
	const uint8_t *at = data + 1, *end = data + size;

	if (!size)
		return 0;
	coalesce_init(&b.coalescer, room, emit, &b);
	memset(b.seen, 0, sizeof(b.seen));
	b.bare = data[0] & 0x80;
	for (b.count = 0; end - at >= 2 && b.count < FRAMES_MAX;) {
		bool whole = at[0] & 0x80;
		size_t len = (size_t)(at[0] & 0x7f) << 8 | at[1];
		uint8_t *frame;

		at += 2;
		if (len > (size_t)(end - at))
			len = (size_t)(end - at);
		frame = malloc(len ? len : 1);
		assert(frame);
		memcpy(frame, at, len);
		at += len;
		if (whole)
			repair(frame, len, b.bare);
		finish(frame, len);
		b.frames[b.count++] = (struct iovec){ .iov_base = frame, .iov_len = len };
		if (b.bare)
			coalesce_add_ip(&b.coalescer, &b, data[0] & 0x77, frame, len);
		else
			coalesce_add(&b.coalescer, &b, data[0] & 0xf7, frame, len);
	}
	coalesce_flush(&b.coalescer);
	for (size_t i = 0; i < b.count; i++) {
		assert(b.seen[i]);
		free(b.frames[i].iov_base);
	}
	return 0;
}
