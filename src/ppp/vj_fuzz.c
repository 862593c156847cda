/* SPDX-License-Identifier: BSD-2-Clause */
/* vj_fuzz.c - any frames in a row are restored or refused, and what is compressed comes back as it was
 *
 * Input: the highest number of a connection, then frames: an octet that says what to do, the length in one octet, and
 * so many octets. Bit 0: it is an IPv4 packet to compress, else a frame to restore; bit 1 of the latter: 002f.
 */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "ppp/vj.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether both ends still know the same: a packet that was refused, since its IP checksum is wrong, has changed what the
 * sender knows and not what the receiver does, whom the checksum of TCP tells so later. */
static bool there_and_back(struct vj *out, struct vj *in, bool in_step, const uint8_t *packet,
                           size_t len)
{
	uint8_t frame[VJ_HEADER_MAX + UINT8_MAX];
	struct vj_packet sent, received;
	size_t frame_len;

	vj_compress(out, true, packet, len, &sent);
	if (sent.protocol == 0x0021)
		return in_step;
	assert(sent.head_len <= sizeof(sent.head) && sent.payload_at <= len);
	frame_len = sent.head_len + len - sent.payload_at;
	memcpy(frame, sent.head, sent.head_len);
	memcpy(frame + sent.head_len, packet + sent.payload_at, len - sent.payload_at);
	if (vj_restore(in, sent.protocol, frame, frame_len, &received) < 0) {
		assert(!in_step || sent.protocol == 0x002f);
		return false;
	}
	if (!in_step)
		return false;
	assert(received.head_len == sent.payload_at);
	/* A checksum that was wrong comes right. */
	assert(!memcmp(received.head, packet, 10));
	assert(!memcmp(received.head + 12, packet + 12, received.head_len - 12u));
	assert(!memcmp(frame + received.payload_at, packet + sent.payload_at,
	               len - sent.payload_at));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data + 1, *end = data + size;
	struct vj *out, *in, *from_outside;
	struct vj_packet p;
	bool in_step = true;

	if (size < 1 || data[0] > VJ_SLOT_MAX)
		return 0;
	out = vj_new(data[0], data[0]);
	in = vj_new(data[0], data[0]);
	from_outside = vj_new(0, data[0]);
	assert(out && in && from_outside);
	while (end - at >= 2 && end - at - 2 >= at[1]) {
		if (at[0] & 1)
			in_step = there_and_back(out, in, in_step, at + 2, at[1]);
		else if (!vj_restore(from_outside, at[0] & 2 ? 0x002f : 0x002d, at + 2, at[1], &p))
			assert(p.head_len >= 40 && p.head_len <= sizeof(p.head) &&
			       p.payload_at <= at[1]);
		at += 2 + at[1];
	}
	vj_free(out);
	vj_free(in);
	vj_free(from_outside);
	return 0;
}
