/* SPDX-License-Identifier: BSD-2-Clause */
/* coalesce_fixture.c - see coalesce_fixture.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "packet/coalesce_fixture.h"
#include "packet/segment.h"

_Alignas(COALESCE_PAGE) static uint8_t room[COALESCE_ROOM_OCTETS];
struct coalescer coalescer;
struct coalesce_fixture batch;

static void read_vnet(const struct coalesced *c, struct virtio_net_hdr *vnet)
{
	assert_int_equal(c->iov[0].iov_len, sizeof(*vnet));
	memcpy(vnet, c->iov[0].iov_base, sizeof(*vnet));
}

static size_t gather(const struct coalesced *c, uint8_t *to)
{
	size_t len = 0;

	for (uint32_t i = 1; i < c->iov_count; i++) {
		memcpy(to + len, c->iov[i].iov_base, c->iov[i].iov_len);
		len += c->iov[i].iov_len;
	}
	return len;
}

static struct wire_frame *next_unseen(const void *owner, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < batch.came_count; i++) {
		struct wire_frame *w = &batch.came[i];

		if (!w->seen && w->owner == owner && w->len == len && !memcmp(w->data, data, len))
			return w;
	}
	return NULL;
}

/* Cuts what was emitted: its parts must be frames that came, once each. */
static void emit(void *arg, const struct coalesced *c)
{
	uint8_t headers[SEGMENT_HEADERS_MAX], *copy = malloc(c->frame_len);
	static uint8_t wire[70000];
	struct segmenter s;
	struct segment part;

	assert_non_null(copy);
	assert_ptr_equal(arg, &coalescer);
	assert_true(batch.emitted_count < FRAMES_MAX);
	batch.emitted[batch.emitted_count++] = c->frames;
	read_vnet(c, &batch.last_vnet);
	assert_int_equal(c->iov_count, 2); /* so many small pieces are not given to the system */
	batch.last_emitted_len = gather(c, batch.last_emitted);
	assert_int_equal(batch.last_emitted_len, c->frame_len);
	if (c->frames == 1)
		assert_memory_equal(&batch.last_vnet, &(struct virtio_net_hdr){ 0 },
		                    sizeof(batch.last_vnet));

	memcpy(copy, batch.last_emitted, batch.last_emitted_len);
	if (c->frame_len < 14 && !batch.bare) { /* too short to be cut; as it came */
		struct wire_frame *w = next_unseen(c->owner, copy, c->frame_len);

		assert_non_null(w);
		w->seen = true;
		free(copy);
		return;
	}
	assert_int_equal(
		batch.bare ? segment_begin_ip(&s, &batch.last_vnet, copy, batch.last_emitted_len)
			   : segment_begin(&s, &batch.last_vnet, copy, batch.last_emitted_len),
		0);
	assert_int_equal(s.count, c->frames);
	while (segment_next(&s, headers, &part)) {
		struct wire_frame *w;

		if (part.headers_len)
			memcpy(wire, part.headers, part.headers_len);
		memcpy(wire + part.headers_len, part.payload, part.payload_len);
		w = next_unseen(c->owner, wire, part.headers_len + part.payload_len);
		assert_non_null(w);
		w->seen = true;
	}
	free(copy);
}

void begin(void)
{
	coalesce_init(&coalescer, room, emit, &coalescer);
	batch.came_count = 0;
	batch.emitted_count = 0;
}

static struct wire_frame *remember(void *owner, const uint8_t *data, size_t len)
{
	struct wire_frame *w = &batch.came[batch.came_count++];

	assert_true(batch.came_count <= FRAMES_MAX);
	*w = (struct wire_frame){ .memory = malloc(batch.begins_at + len + !len),
		                  .len = len,
		                  .owner = owner };
	assert_non_null(w->memory);
	w->data = (uint8_t *)w->memory + batch.begins_at;
	memcpy(w->data, data, len);
	return w;
}

void add_octets(void *owner, uint32_t accepts, const uint8_t *data, size_t len)
{
	struct wire_frame *w = remember(owner, data, len);

	if (batch.bare)
		coalesce_add_ip(&coalescer, owner, accepts, w->data, w->len);
	else
		coalesce_add(&coalescer, owner, accepts, w->data, w->len);
}

void add(const struct frame_model *m, size_t payload_len)
{
	uint8_t frame[FRAME_ROOM];
	size_t at = (m->seq - 1000) % 8192; /* payload differs from frame to frame */

	add_octets(&batch.owner_a, ALL, frame,
	           frame_model_write(m, batch.payload + at, payload_len, frame));
}

void add_next(struct frame_model *m, size_t payload_len)
{
	add(m, payload_len);
	m->seq += (uint32_t)payload_len;
	m->ip_id++;
}

void finish(void)
{
	coalesce_flush(&coalescer);
	assert_int_equal(coalescer.open, 0);
	for (size_t i = 0; i < batch.came_count; i++) {
		assert_true(batch.came[i].seen);
		free(batch.came[i].memory);
	}
}

int fill_payload(void **state)
{
	uint32_t seed = 4712;

	for (size_t i = 0; i < sizeof(batch.payload); i++)
		batch.payload[i] = (uint8_t)model_random(&seed);
	return 0;
}
