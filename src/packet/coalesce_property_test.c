/* SPDX-License-Identifier: BSD-2-Clause */
/* coalesce_property_test.c - whatever comes: cut again it is what came, in each flow in its order, and the device takes it
 *
 * Beside coalesce_test.c and coalesce_apart_test.c, which have a test for each rule, sequences by chance of all that
 * frame_random.h knows, with damaged frames among them. What is emitted is compared octet for octet with what the naive way
 * would have handed on.
 *
 *	coalesce_property_test [SEQUENCES [SEED]]	as many as one has time for
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "packet/coalesce.h"
#include "packet/frame_random.h"
#include "packet/segment.h"

#define FRAMES_MAX 200
#define FLOWS_MAX  12
#define FRAME_ROOM 66000
#define NO_FLOW    UINT8_MAX

struct came {
	uint8_t *data; /* of exactly its length, somewhere in memory */
	void *memory;
	size_t len;
	void *owner;
	uint8_t flow; /* NO_FLOW: damaged, and nobody can say of which */
	bool seen;
};

_Alignas(COALESCE_PAGE) static uint8_t room[COALESCE_ROOM_OCTETS];
static uint8_t payload[FRAME_ROOM];
static struct came came[FRAMES_MAX];
static size_t came_count;
static uint64_t merged, all;
static bool bare;
static uint32_t sequences = 400, state = 2311;
static int owners[2];

/* The naive way: frames are handed on one by one, as they came. */
static void is_next(const void *owner, const uint8_t *data, size_t len)
{
	struct came *found = NULL;

	for (struct came *c = came; c < came + came_count && !found; c++)
		if (!c->seen && c->owner == owner && c->len == len && !memcmp(c->data, data, len))
			found = c;
	assert_non_null(found);
	found->seen = true;
	for (const struct came *c = came; c < found && found->flow != NO_FLOW; c++)
		assert_true(c->seen || c->flow != found->flow); /* nobody is overtaken */
}

/* What drivers/net/tun.c refuses, and what of it would not be cut the way we mean. */
static void device_takes(const struct coalesced *c, const struct virtio_net_hdr *vnet)
{
	bool udp = vnet->gso_type == VIRTIO_NET_HDR_GSO_UDP_L4;
	uint32_t l4_header_len = vnet->hdr_len - vnet->csum_start;
	uint32_t payload_len = c->frame_len - vnet->hdr_len;

	assert_true(c->frames > 1 && c->frames <= COALESCE_SEGMENTS);
	assert_int_equal(vnet->flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_true(vnet->gso_size && vnet->gso_size < payload_len);
	assert_int_equal(vnet->csum_offset, udp ? 6 : 16);
	assert_true(udp ? l4_header_len == 8 : l4_header_len >= 20 && l4_header_len <= 60);
	assert_int_equal((payload_len + vnet->gso_size - 1) / vnet->gso_size, c->frames);
}

static void cut(const struct coalesced *c, const struct virtio_net_hdr *vnet, uint8_t *frame)
{
	static uint8_t wire[FRAME_ROOM], whole_room[FRAME_ROOM];
	struct segmenter s, again;
	struct segment part, whole;

	assert_int_equal(bare ? segment_begin_ip(&s, vnet, frame, c->frame_len)
	                      : segment_begin(&s, vnet, frame, c->frame_len),
	                 0);
	assert_int_equal(s.count, c->frames);
	again = s;
	while (segment_next(&s, wire, &part)) {
		size_t len = part.headers_len + part.payload_len;

		memcpy(wire + part.headers_len, part.payload, part.payload_len);
		assert_true(segment_next_whole(&again, whole_room, &whole));
		assert_int_equal(whole.headers_len + whole.payload_len, len);
		assert_memory_equal(whole_room, wire, len);
		is_next(c->owner, wire, len);
	}
}

/* Frames of several that were emitted and have not been written yet: their octets, and what they were. */
static struct {
	const uint8_t *at;
	uint8_t *copy;
	size_t len;
} unwritten[COALESCE_KEPT];
static size_t unwritten_count;

static void write_one(size_t which)
{
	assert_memory_equal(unwritten[which].at, unwritten[which].copy, unwritten[which].len);
	free(unwritten[which].copy);
}

static void write_all(struct coalescer *c)
{
	for (size_t i = 0; i < unwritten_count; i++)
		write_one(i);
	unwritten_count = 0;
	coalesce_written(c);
}

/* The oldest is written as late as may be. */
static void leave_unwritten(const uint8_t *at, size_t len)
{
	if (unwritten_count == COALESCE_KEPT) {
		write_one(0);
		memmove(unwritten, unwritten + 1, (COALESCE_KEPT - 1) * sizeof(unwritten[0]));
		unwritten_count--;
	}
	unwritten[unwritten_count].at = at;
	unwritten[unwritten_count].len = len;
	unwritten[unwritten_count].copy = malloc(len);
	assert_non_null(unwritten[unwritten_count].copy);
	memcpy(unwritten[unwritten_count++].copy, at, len);
}

static void emit(void *arg, const struct coalesced *c)
{
	const struct virtio_net_hdr nothing = { 0 };
	struct virtio_net_hdr vnet;

	assert_int_equal(c->iov_count, 2);
	assert_int_equal(c->iov[1].iov_len, c->frame_len);
	memcpy(&vnet, c->iov[0].iov_base, sizeof(vnet));
	all += c->frames;
	if (c->frames == 1) {
		assert_memory_equal(&vnet, &nothing, sizeof(vnet));
		is_next(c->owner, c->iov[1].iov_base, c->frame_len);
		return;
	}
	merged += c->frames;
	device_takes(c, &vnet);
	cut(c, &vnet, c->iov[1].iov_base);
	leave_unwritten(c->iov[1].iov_base, c->frame_len);
}

/* Return: whether it can still be said of which flow it is. */
static bool damage(const struct frame_model *m, uint8_t *frame, size_t *len)
{
	size_t at;

	switch (model_random(&state) % 6) {
	case 0: /* of a network that pads */
		if (*len < 60) {
			memset(frame + *len, 0, 60 - *len);
			*len = 60;
		}
		return true;
	case 1:
		*len = model_random(&state) % (*len + 1);
		return false;
	case 2: /* ESP, GRE, SCTP and others: no flow of ours */
		frame[frame_model_l3(m) + (m->ip_version == 4 ? 9 : 6)] =
			(uint8_t)model_random(&state);
		return false;
	case 3: /* checksum */
		frame[frame_model_l4(m) + (m->protocol == IPPROTO_TCP ? 16 : 6)] ^=
			1 << model_random(&state) % 8;
		return true;
	default:
		at = model_random(&state) % *len;
		frame[at] ^= 1 << model_random(&state) % 8;
		return at >= frame_model_headers_len(m);
	}
}

static void add(struct coalescer *c, uint32_t accepts, struct frame_random *f)
{
	static uint8_t frame[FRAME_ROOM];
	struct came *w = &came[came_count++];
	size_t size, len, begins_at = model_random(&state) % 65;
	bool known = true;

	frame_random_happens(f, &state);
	size = frame_random_size(f, &state);
	len = frame_model_write(&f->model, payload + model_random(&state) % 8192, size, frame);
	if (frame_random_one_in(&state, 30 * f->calm))
		known = damage(&f->model, frame, &len);
	*w = (struct came){
		.memory = malloc(begins_at + len + !len),
		.len = len,
		.owner = &owners[f->model.source_port % ARRAY_SIZE(owners)],
		.flow = known ? f->model.source_port : NO_FLOW,
	};
	assert_non_null(w->memory);
	w->data = (uint8_t *)w->memory + begins_at;
	memcpy(w->data, frame, len);
	frame_random_sent(f, size);
	if (bare)
		coalesce_add_ip(c, w->owner, accepts, w->data, len);
	else
		coalesce_add(c, w->owner, accepts, w->data, len);
}

static void one_sequence(void)
{
	struct frame_random flows[FLOWS_MAX];
	struct coalescer c;
	uint32_t count = 1 + model_random(&state) % FLOWS_MAX, which = 0;
	uint32_t length = 1 + model_random(&state) % FRAMES_MAX,
		 train = 1 + model_random(&state) % 100;
	uint32_t accepts = frame_random_one_in(&state, 4) ? model_random(&state) % 8 : 7;

	for (uint32_t i = 0; i < count; i++)
		frame_random_flow(&flows[i], &state, (uint8_t)i, bare);
	coalesce_init(&c, room, emit, NULL);
	for (came_count = 0; came_count < length;) {
		if (frame_random_one_in(&state, train))
			which = model_random(&state) % count;
		add(&c, accepts, &flows[which]);
		if (frame_random_one_in(&state, 400))
			coalesce_flush_owner(&c,
			                     &owners[model_random(&state) % ARRAY_SIZE(owners)]);
		if (frame_random_one_in(&state, 400))
			write_all(&c);
	}
	coalesce_flush(&c);
	write_all(&c);
	for (size_t i = 0; i < came_count; i++) {
		assert_true(came[i].seen);
		free(came[i].memory);
	}
}

static void check(void)
{
	merged = all = 0;
	for (uint32_t i = 0; i < sequences; i++)
		one_sequence();
	assert_true(merged > all / 4); /* or it would say little */
}

static void frames_in_any_sequence(void **unused)
{
	bare = false;
	check();
}

static void packets_in_any_sequence(void **unused)
{
	bare = true;
	check();
}

static int fill_payload(void **unused)
{
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)model_random(&state);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_in_any_sequence),
		cmocka_unit_test(packets_in_any_sequence),
	};

	if (argc > 1)
		sequences = (uint32_t)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		state = (uint32_t)strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, fill_payload, NULL);
}
