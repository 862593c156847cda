/* SPDX-License-Identifier: BSD-2-Clause */
/* segment_property_test.c - any frame that a TAP or TUN may hand over: what it is cut into is what a sender without offloads
 * would have sent, octet for octet, and coalescing makes the frame of it again
 *
 *	segment_property_test [FRAMES [SEED]]	as many as one has time for
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "packet/coalesce.h"
#include "packet/frame_random.h"
#include "packet/segment.h"

#define FIN        0x001
#define PSH        0x008
#define ACK        0x010
#define ECE        0x040
#define CWR        0x080
#define SEGMENTS   COALESCE_SEGMENTS
#define FRAME_ROOM 66000
#define IP_LEN_MAX 65535
#define ALL        (COALESCE_TCP4 | COALESCE_TCP6 | COALESCE_UDP)
#define PARTS_ROOM (2 * FRAME_ROOM + SEGMENTS * 512)

_Alignas(COALESCE_PAGE) static uint8_t room[COALESCE_ROOM_OCTETS];
static uint8_t payload[FRAME_ROOM], frame[FRAME_ROOM + 64], parts[PARTS_ROOM];
static uint32_t frames = 1500, state = 7702, merged;
static bool bare;

struct offloaded {
	struct frame_model model;
	struct virtio_net_hdr vnet;
	uint8_t *frame; /* begins anywhere */
	size_t len, payload_len;
};

/* The most payload of one packet, by IP's length. */
static size_t payload_room(const struct frame_model *m)
{
	return IP_LEN_MAX - (frame_model_headers_len(m) - frame_model_l3(m));
}

/* As the kernel's senders leave it: the pseudo header's sum where the checksum is to be. */
static void leave_checksum(struct offloaded *o)
{
	size_t l4 = frame_model_l4(&o->model), field = o->model.protocol == IPPROTO_TCP ? 16 : 6;
	uint16_t sum = (uint16_t)~model_checksum(
		frame_model_pseudo(&o->model, o->frame, o->len - l4), NULL, 0);

	o->frame[l4 + field] = (uint8_t)(sum >> 8);
	o->frame[l4 + field + 1] = (uint8_t)sum;
	o->vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	o->vnet.csum_start = (uint16_t)l4;
	o->vnet.csum_offset = (uint16_t)field;
}

static struct offloaded offload(const struct frame_random *f)
{
	struct offloaded o = { .model = f->model, .frame = frame + model_random(&state) % 64 };
	size_t most = payload_room(&o.model), size = f->payload_max < most ? f->payload_max : most;
	uint32_t count = model_random(&state) % 4 ? 1 + model_random(&state) % SEGMENTS : SEGMENTS;

	o.payload_len = size * count;
	if (o.payload_len > most)
		o.payload_len = most;
	if (model_random(&state) % 3)
		o.payload_len -= model_random(&state) % size;
	o.vnet.gso_size = (uint16_t)size;
	o.vnet.hdr_len = (uint16_t)frame_model_headers_len(&o.model);
	o.vnet.gso_type = o.model.protocol == IPPROTO_UDP ? VIRTIO_NET_HDR_GSO_UDP_L4
	                  : o.model.ip_version == 4       ? VIRTIO_NET_HDR_GSO_TCPV4
	                                                  : VIRTIO_NET_HDR_GSO_TCPV6;
	o.len = frame_model_write(&o.model, payload, o.payload_len, o.frame);
	if (!o.model.no_checksum && model_random(&state) % 8)
		leave_checksum(&o);
	if (o.model.flags & CWR && o.model.protocol == IPPROTO_TCP)
		o.vnet.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	return o;
}

/* Whether coalescing may put it together again. */
static bool comes_back(const struct offloaded *o, uint32_t count)
{
	const struct frame_model *m = &o->model;
	bool plain = m->protocol == IPPROTO_UDP || (m->flags & ~(PSH | ECE)) == ACK;

	return plain && count > 1 && o->vnet.flags && !m->ip_option_len && !m->no_checksum &&
	       (m->ip_version == 6 ? !m->extension_len : !(m->fragment & 0xbfff)) &&
	       frame_model_headers_len(m) <= FLOW_HEADERS_MAX;
}

static void emit(void *arg, const struct coalesced *c)
{
	const struct offloaded *o = arg;

	merged++;
	assert_int_equal(c->frame_len, o->len);
	assert_memory_equal(c->iov[0].iov_base, &o->vnet, sizeof(o->vnet));
	assert_memory_equal(c->iov[1].iov_base, o->frame, o->len);
}

/* The model of the segment at @at; what a sender without offloads would have sent. */
static struct frame_model model_of(const struct offloaded *o, size_t at, uint32_t index, size_t len)
{
	struct frame_model m = o->model;

	m.seq += (uint32_t)at;
	m.ip_id += (uint16_t)index;
	if (index)
		m.flags &= (uint16_t)~CWR;
	if (at + len < o->payload_len)
		m.flags &= (uint16_t) ~(FIN | PSH);
	return m;
}

static void check(struct offloaded *o)
{
	static uint8_t expect[FRAME_ROOM], copy[FRAME_ROOM];
	struct segmenter s;
	struct segment part;
	struct coalescer c;
	uint32_t index = 0;
	size_t at = 0, used = 0;

	memcpy(copy, o->frame, o->len);
	coalesce_init(&c, room, emit, o);
	assert_int_equal(bare ? segment_begin_ip(&s, &o->vnet, o->frame, o->len)
	                      : segment_begin(&s, &o->vnet, o->frame, o->len),
	                 0);
	while (segment_next_whole(&s, parts + used, &part)) {
		struct frame_model m = model_of(o, at, index++, part.payload_len);
		size_t len = frame_model_write(&m, payload + at, part.payload_len, expect);

		assert_int_equal(part.headers_len + part.payload_len, len);
		assert_memory_equal(parts + used, expect, len);
		at += part.payload_len;
		if (comes_back(o, s.count) && bare)
			coalesce_add_ip(&c, o, ALL, parts + used, len);
		else if (comes_back(o, s.count))
			coalesce_add(&c, o, ALL, parts + used, len);
		used += len;
	}
	assert_int_equal(at, o->payload_len);
	coalesce_flush(&c);
	assert_memory_equal(o->frame, copy, o->len);
}

static void check_all(void)
{
	uint32_t back = 0;

	merged = 0;
	for (uint32_t i = 0; i < frames; i++) {
		struct frame_random f;
		struct offloaded o;

		frame_random_flow(&f, &state, (uint8_t)i, bare);
		frame_random_happens(&f, &state);
		f.model.fragment &= 0xc000; /* no fragment is ever cut */
		o = offload(&f);
		back += comes_back(
			&o, (uint32_t)((o.payload_len + o.vnet.gso_size - 1) / o.vnet.gso_size));
		check(&o);
	}
	assert_int_equal(merged, back); /* each in one piece */
	assert_true(merged > frames / 4);
}

static void frames_of_any_kind(void **unused)
{
	bare = false;
	check_all();
}

static void packets_of_any_kind(void **unused)
{
	bare = true;
	check_all();
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
		cmocka_unit_test(frames_of_any_kind),
		cmocka_unit_test(packets_of_any_kind),
	};

	if (argc > 1)
		frames = (uint32_t)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		state = (uint32_t)strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, fill_payload, NULL);
}
