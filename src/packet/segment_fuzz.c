/* SPDX-License-Identifier: BSD-2-Clause */
/* segment_fuzz.c - any virtio-net header in front of any frame: nothing is read or written outside
 *
 * Input: a virtio-net header of 10 octets, then the frame, which is taken for a packet, too. What is cut must have the lengths it was said to
 * have and cover the payload once; with the payload copied behind the headers it is the same.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "packet/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All at once is the same as one by one. */
static void cut_all(struct segmenter s)
{
	static const uint8_t front[7] = { 1, 2, 3, 4, 5, 6, 7 };
	size_t most = s.count * (sizeof(front) + s.segment_len), len, at = 0;
	uint8_t *all = malloc(most + SEGMENT_ROOM_MORE), *room = malloc(s.segment_len);
	struct segmenter again = s;
	struct segment part;

	assert(all && room);
	len = segment_all(&s, front, sizeof(front), all);
	while (segment_next_whole(&again, room, &part)) {
		size_t part_len = part.headers_len + part.payload_len;

		assert(!memcmp(all + at, front, sizeof(front)));
		at += sizeof(front);
		assert(!memcmp(all + at, room, part_len));
		at += part_len;
	}
	assert(at == len && len <= most && !segment_next_whole(&s, room, &part));
	free(all);
	free(room);
}

static void cut(struct segmenter *s, const uint8_t *frame, size_t len)
{
	/* of its exact size, so that a sanitizer sees a write past the end */
	uint8_t *headers = malloc(s->headers_len ? s->headers_len : 1);
	uint8_t *room = malloc(s->segment_len ? s->segment_len : 1);
	struct segmenter again = *s;
	const uint8_t *expect = frame + s->headers_len;
	struct segment part, whole;
	uint32_t count = 0;

	assert(headers && room);
	if (s->headers_len && s->count <= 64)
		cut_all(*s);
	assert(s->headers_len <= SEGMENT_HEADERS_MAX && s->count > 0);
	while (segment_next(s, headers, &part)) {
		size_t part_len = part.headers_len + part.payload_len;

		assert(part.headers_len == s->headers_len && part.payload == expect);
		assert(++count == s->count ? part_len <= s->segment_len
		                           : part_len == s->segment_len);
		assert(segment_next_whole(&again, room, &whole));
		assert(whole.payload == (s->headers_len ? room + s->headers_len : part.payload));
		assert(whole.headers_len == part.headers_len &&
		       whole.payload_len == part.payload_len);
		assert(!s->headers_len || !memcmp(room, headers, s->headers_len));
		assert(!memcmp(whole.payload, part.payload, part.payload_len));
		expect += part.payload_len;
	}
	assert(count == s->count && expect == frame + len);
	assert(!segment_next_whole(&again, room, &whole));
	free(headers);
	free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct virtio_net_hdr vnet;
	struct segmenter s;
	uint8_t *frame;
	size_t len;

	if (size < sizeof(vnet))
		return 0;
	memcpy(&vnet, data, sizeof(vnet));
	len = size - sizeof(vnet);
	frame = malloc(len ? len : 1);
	assert(frame);
	memcpy(frame, data + sizeof(vnet), len);
	if (segment_begin(&s, &vnet, frame, len) == 0)
		cut(&s, frame, len);
	memcpy(frame, data + sizeof(vnet), len); /* a checksum may have been completed in it */
	if (segment_begin_ip(&s, &vnet, frame, len) == 0)
		cut(&s, frame, len);
	free(frame);
	return 0;
}
