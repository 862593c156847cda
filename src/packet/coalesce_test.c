/* SPDX-License-Identifier: BSD-2-Clause */
/* coalesce_test.c - what is merged, what is not, and that cutting gives back what came */
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
#include "packet/frame_model.h"
#include "packet/segment.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define URG 0x20
#define ECE 0x40
#define CWR 0x80

#define ALL        (COALESCE_TCP4 | COALESCE_TCP6 | COALESCE_UDP)
#define FRAMES_MAX 512
#define FRAME_ROOM 2048

struct wire_frame {
	uint8_t *data; /* of exactly its length, at begins_at of its memory */
	void *memory;
	size_t len;
	void *owner;
	bool seen; /* among what cutting gave back */
};

_Alignas(COALESCE_PAGE) static uint8_t room[COALESCE_ROOM_OCTETS];
static struct coalescer coalescer;
static struct wire_frame came[FRAMES_MAX];
static size_t came_count;
static uint32_t emitted[FRAMES_MAX], emitted_count; /* frames in each */
static uint8_t last_emitted[70000];
static size_t last_emitted_len;
static struct virtio_net_hdr last_vnet;
static uint8_t payload[65536];
static int owner_a, owner_b;
static size_t begins_at;
static bool bare; /* packets are added and cut, not Ethernet frames */

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
	for (size_t i = 0; i < came_count; i++) {
		struct wire_frame *w = &came[i];

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
	assert_true(emitted_count < FRAMES_MAX);
	emitted[emitted_count++] = c->frames;
	read_vnet(c, &last_vnet);
	c->iov[-1] = (struct iovec){ copy, 1 }; /* it is there to be written */
	assert_int_equal(c->iov_count, 2); /* so many small pieces are not given to the system */
	last_emitted_len = gather(c, last_emitted);
	assert_int_equal(last_emitted_len, c->frame_len);
	if (c->frames == 1)
		assert_memory_equal(&last_vnet, &(struct virtio_net_hdr){ 0 }, sizeof(last_vnet));

	memcpy(copy, last_emitted, last_emitted_len);
	if (c->frame_len < 14 && !bare) { /* too short to be cut; as it came */
		struct wire_frame *w = next_unseen(c->owner, copy, c->frame_len);

		assert_non_null(w);
		w->seen = true;
		free(copy);
		return;
	}
	assert_int_equal(bare ? segment_begin_ip(&s, &last_vnet, copy, last_emitted_len)
	                      : segment_begin(&s, &last_vnet, copy, last_emitted_len),
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

static void begin(void)
{
	coalesce_init(&coalescer, room, emit, &coalescer);
	came_count = 0;
	emitted_count = 0;
}

static struct wire_frame *remember(void *owner, const uint8_t *data, size_t len)
{
	struct wire_frame *w = &came[came_count++];

	assert_true(came_count <= FRAMES_MAX);
	*w = (struct wire_frame){ .memory = malloc(begins_at + len + !len),
		                  .len = len,
		                  .owner = owner };
	assert_non_null(w->memory);
	w->data = (uint8_t *)w->memory + begins_at;
	memcpy(w->data, data, len);
	return w;
}

static void add_octets(void *owner, uint32_t accepts, const uint8_t *data, size_t len)
{
	struct wire_frame *w = remember(owner, data, len);

	if (bare)
		coalesce_add_ip(&coalescer, owner, accepts, w->data, w->len);
	else
		coalesce_add(&coalescer, owner, accepts, w->data, w->len);
}

static void add(const struct frame_model *m, size_t payload_len)
{
	uint8_t frame[FRAME_ROOM];
	size_t at = (m->seq - 1000) % 8192; /* payload differs from frame to frame */

	add_octets(&owner_a, ALL, frame, frame_model_write(m, payload + at, payload_len, frame));
}

/* The frame, and then the model is moved on to what a sender would send next. */
static void add_next(struct frame_model *m, size_t payload_len)
{
	add(m, payload_len);
	m->seq += (uint32_t)payload_len;
	m->ip_id++;
}

/* Ends the batch: every frame must have been handed on. */
static void finish(void)
{
	coalesce_flush(&coalescer);
	assert_int_equal(coalescer.open, 0);
	for (size_t i = 0; i < came_count; i++) {
		assert_true(came[i].seen);
		free(came[i].memory);
	}
}

#define emitted_were(...)                                                                          \
	do {                                                                                       \
		const uint32_t all_[] = { __VA_ARGS__ };                                           \
		assert_int_equal(emitted_count, ARRAY_SIZE(all_));                                 \
		assert_memory_equal(emitted, all_, sizeof(all_));                                  \
	} while (0)

static void segments_of_a_flow_are_merged(void **state)
{
	struct frame_model m = frame_model_default();

	for (m.ip_version = 4; m.ip_version <= 6; m.ip_version += 2)
		for (m.vlan_tags = 0; m.vlan_tags <= 2; m.vlan_tags++) {
			begin();
			m.tcp_option_len = 12;
			for (int i = 0; i < 10; i++)
				add_next(&m, 1400);
			assert_int_equal(emitted_count, 0);
			finish();
			emitted_were(10);
			assert_int_equal(last_vnet.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
			assert_int_equal(last_vnet.gso_type, m.ip_version == 4
			                                             ? VIRTIO_NET_HDR_GSO_TCPV4
			                                             : VIRTIO_NET_HDR_GSO_TCPV6);
			assert_int_equal(last_vnet.gso_size, 1400);
			assert_int_equal(last_vnet.hdr_len, frame_model_headers_len(&m));
			assert_int_equal(last_vnet.csum_start, frame_model_l4(&m));
			assert_int_equal(last_vnet.csum_offset, 16);
		}
}

/* To whoever completes its checksum, what was emitted is a valid frame. */
static void the_whole_is_a_valid_frame(void **state)
{
	struct frame_model m = frame_model_default();
	uint16_t value;
	size_t l4;

	for (m.ip_version = 4; m.ip_version <= 6; m.ip_version += 2)
		for (int udp = 0; udp <= 1; udp++) {
			m.protocol = udp ? IPPROTO_UDP : IPPROTO_TCP;
			begin();
			for (int i = 0; i < 7; i++)
				add_next(&m, 999 - i / 6);
			finish();
			emitted_were(7);
			l4 = frame_model_l4(&m);
			value = model_checksum(0, last_emitted + l4, last_emitted_len - l4);
			last_emitted[l4 + last_vnet.csum_offset] = (uint8_t)(value >> 8);
			last_emitted[l4 + last_vnet.csum_offset + 1] = (uint8_t)value;
			assert_true(frame_model_valid(&m, last_emitted, last_emitted_len));
		}
}

/* As ours are; one octet more or less, or a checksum that is complete, and it is none. */
static void a_super_frame_is_known(void **state)
{
	struct frame_model m = frame_model_default();

	for (m.ip_version = 4; m.ip_version <= 6; m.ip_version += 2) {
		m.protocol = IPPROTO_TCP;
		begin();
		add_next(&m, 1000);
		assert_false(coalesce_is_super(came[0].data, came[0].len, false));
		add_next(&m, 1000);
		finish();
		assert_true(coalesce_is_super(last_emitted, last_emitted_len, false));
		assert_false(coalesce_is_super(last_emitted, last_emitted_len, true));
		assert_true(coalesce_is_super(last_emitted + 14, last_emitted_len - 14, true));
		assert_false(coalesce_is_super(last_emitted, last_emitted_len - 1, false));
		assert_false(coalesce_is_super(last_emitted, last_emitted_len + 1, false));
		last_emitted[frame_model_l4(&m) + 16] ^= 1;
		assert_false(coalesce_is_super(last_emitted, last_emitted_len, false));
	}
}

static void a_short_segment_is_the_last(void **state)
{
	struct frame_model m = frame_model_default();

	begin();
	add_next(&m, 1400);
	add_next(&m, 1400);
	add_next(&m, 300);
	emitted_were(3); /* at once */
	add_next(&m, 300);
	add_next(&m, 1400); /* longer than the first */
	finish();
	emitted_were(3, 1, 1);
}

static void psh_is_on_the_last(void **state)
{
	struct frame_model m = frame_model_default();

	begin();
	add_next(&m, 1400);
	m.flags = ACK | PSH;
	add_next(&m, 1400);
	emitted_were(2);
	add_next(&m, 1400); /* alone, and nothing is put behind it */
	emitted_were(2, 1);
	m.flags = ACK;
	add_next(&m, 1400);
	finish();
	emitted_were(2, 1, 1);
}

/* What is copied and summed has no boundary it likes. */
static void frames_may_begin_anywhere(void **state)
{
	struct frame_model m = frame_model_default();
	size_t len = 1;

	for (begins_at = 0; begins_at < 65; begins_at++, len += 22)
		for (int kind = 0; kind < 12; kind++) {
			m.ip_version = kind & 1 ? 6 : 4;
			m.protocol = kind & 2 ? IPPROTO_UDP : IPPROTO_TCP;
			m.vlan_tags = (uint8_t)(kind >> 2);
			begin();
			for (int i = 0; i < 5; i++)
				add_next(&m, len - (len > 1 && i == 4));
			finish();
			emitted_were(5);
		}
	begins_at = 0;
}

static void so_many_segments_and_octets_at_most(void **state)
{
	struct frame_model m = frame_model_default();

	begin();
	for (int i = 0; i < COALESCE_SEGMENTS + 2; i++)
		add_next(&m, 500);
	finish();
	emitted_were(COALESCE_SEGMENTS, 2);

	begin();
	for (int i = 0; i < 50; i++)
		add_next(&m, 1460);
	finish();
	emitted_were(44, 6); /* 44 * 1460 + 40 <= 65535 */
}

static void numbers_wrap(void **state)
{
	struct frame_model m = frame_model_default();

	m.seq = 1000 - 1400;
	m.ip_id = 0xffff;
	begin();
	for (int i = 0; i < 4; i++)
		add_next(&m, 1400);
	finish();
	emitted_were(4);
}

/* Two frames that would be merged but for one thing. */
struct difference {
	const char *what;
	void (*change)(struct frame_model *m);
};

static void gap(struct frame_model *m)
{
	m->seq++;
}

static void repeat(struct frame_model *m)
{
	m->seq -= 1400;
}

static void other_ack(struct frame_model *m)
{
	m->ack++;
}

static void other_window(struct frame_model *m)
{
	m->window++;
}

static void other_options(struct frame_model *m)
{
	m->tcp_option_len += 4;
}

static void other_ttl(struct frame_model *m)
{
	m->ttl--;
}

static void other_class(struct frame_model *m)
{
	m->traffic_class ^= 3;
}

static void other_id(struct frame_model *m)
{
	m->ip_id++;
}

static void same_id(struct frame_model *m)
{
	m->ip_id--;
}

static void other_df(struct frame_model *m)
{
	m->fragment = 0;
}

static void reserved_bit(struct frame_model *m)
{
	m->fragment |= 0x8000;
}

static void other_vlan_tags(struct frame_model *m)
{
	m->vlan_tags++;
}

static void other_port(struct frame_model *m)
{
	m->source_port++;
}

static void flag_fin(struct frame_model *m)
{
	m->flags |= FIN;
}

static void flag_syn(struct frame_model *m)
{
	m->flags |= SYN;
}

static void flag_rst(struct frame_model *m)
{
	m->flags |= RST;
}

static void flag_urg(struct frame_model *m)
{
	m->flags |= URG;
}

static void flag_cwr(struct frame_model *m)
{
	m->flags |= CWR;
}

static void flag_ece(struct frame_model *m)
{
	m->flags |= ECE;
}

static void flag_reserved(struct frame_model *m)
{
	m->flags |= 0x100;
}

static void no_ack(struct frame_model *m)
{
	m->flags = 0;
}

static void what_differs_is_not_merged(void **state)
{
	const struct difference differences[] = {
		{ "gap", gap },
		{ "repeat", repeat },
		{ "ack", other_ack },
		{ "window", other_window },
		{ "options", other_options },
		{ "ttl", other_ttl },
		{ "class", other_class },
		{ "id", other_id },
		{ "same id", same_id },
		{ "df", other_df },
		{ "reserved ip bit", reserved_bit },
		{ "vlan", other_vlan_tags },
		{ "port", other_port },
		{ "fin", flag_fin },
		{ "syn", flag_syn },
		{ "rst", flag_rst },
		{ "urg", flag_urg },
		{ "cwr", flag_cwr },
		{ "ece", flag_ece },
		{ "reserved flag", flag_reserved },
		{ "no ack", no_ack },
	};

	for (size_t i = 0; i < ARRAY_SIZE(differences); i++) {
		struct frame_model m = frame_model_default();

		print_message("# %s\n", differences[i].what);
		begin();
		add_next(&m, 1400);
		differences[i].change(&m);
		add_next(&m, 1400);
		finish();
		emitted_were(1, 1);
	}
}

static void ece_on_all_is_merged(void **state)
{
	struct frame_model m = frame_model_default();

	m.flags = ACK | ECE;
	begin();
	add_next(&m, 1400);
	add_next(&m, 1400);
	finish();
	emitted_were(2);
}

/* A frame that must not be merged ends its flow, so that the order within the flow is kept. */
static void what_is_not_merged_does_not_overtake(void **state)
{
	struct frame_model m = frame_model_default();

	begin();
	add_next(&m, 1400);
	add_next(&m, 1400);
	m.flags = ACK | FIN;
	add_next(&m, 100);
	emitted_were(2, 1);
	m.flags = ACK;
	add_next(&m, 0); /* a pure ACK */
	emitted_were(2, 1, 1);
	finish();
}

static void fragments_end_all_flows_of_their_owner(void **state)
{
	struct frame_model m = frame_model_default(), fragment = m;

	begin();
	add_next(&m, 1400);
	add_next(&m, 1400);
	fragment.fragment = 0x2000;
	add(&fragment, 1000);
	emitted_were(2, 1);
	finish();
}

static void add_damaged(struct frame_model *m, size_t at, uint8_t value)
{
	uint8_t frame[FRAME_ROOM];
	size_t len = frame_model_write(m, payload, 1400, frame);

	frame[at] ^= value;
	add_octets(&owner_a, ALL, frame, len);
	m->seq += 1400;
	m->ip_id++;
}

/* Requirements: RX-62 */
static void wrong_checksums_are_handed_on_as_they_came(void **state)
{
	const struct frame_model fresh = frame_model_default();
	const size_t places[] = {
		frame_model_l3(&fresh) + 10,           /* IPv4 checksum */
		frame_model_l4(&fresh) + 16,           /* TCP checksum */
		frame_model_headers_len(&fresh) + 700, /* payload */
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		for (int damaged = 0; damaged < 3; damaged++) {
			struct frame_model m = fresh;

			begin();
			for (int n = 0; n < 3; n++)
				add_damaged(&m, places[i], n == damaged ? 1 : 0);
			finish();
			if (damaged == 0)
				emitted_were(1, 2);
			else if (damaged == 1)
				emitted_were(1, 1, 1);
			else
				emitted_were(2, 1);
		}
}

/* The checksum at @field is 0 as a sender computes it: ffff means the same, but could not be restored. */
static void merged_as_computed_only(const struct frame_model *m, uint8_t *frame, size_t len,
                                    size_t field)
{
	for (int spelling = 0; spelling <= 0xff; spelling += 0xff) {
		struct frame_model next = *m;

		begin();
		frame[field] = frame[field + 1] = (uint8_t)spelling;
		assert_true(frame_model_valid(m, frame, len));
		add_octets(&owner_a, ALL, frame, len);
		next.seq += 1000;
		next.ip_id++;
		add(&next, 1000);
		finish();
		if (spelling)
			emitted_were(1, 1);
		else
			emitted_were(2);
	}
}

/* A TCP checksum of 0xffff verifies, but cutting would write 0. */
static void a_checksum_in_another_spelling_is_not_merged(void **state)
{
	struct frame_model m = frame_model_default();
	uint8_t frame[FRAME_ROOM], odd[FRAME_ROOM];
	size_t l4 = frame_model_l4(&m), len;

	memcpy(odd, payload, 1000);
	odd[0] = odd[1] = 0;
	len = frame_model_write(&m, odd, 1000, frame);
	memcpy(odd, frame + l4 + 16, 2); /* makes the sum all ones */
	len = frame_model_write(&m, odd, 1000, frame);
	assert_int_equal(frame[l4 + 16] | frame[l4 + 17], 0);

	merged_as_computed_only(&m, frame, len, l4 + 16);
}

static void nor_an_ip_checksum_in_another_spelling(void **state)
{
	struct frame_model m = frame_model_default();
	uint8_t frame[FRAME_ROOM];
	size_t field = frame_model_l3(&m) + 10, len = 0;

	for (m.ip_id = 0; m.ip_id < 0xffff; m.ip_id++) {
		len = frame_model_write(&m, payload, 1000, frame);
		if (!(frame[field] | frame[field + 1]))
			break;
	}
	merged_as_computed_only(&m, frame, len, field);
}

/* Ethernet pads short frames; the padding is not payload. */
static void padding_is_not_merged(void **state)
{
	struct frame_model m = frame_model_default();
	uint8_t frame[FRAME_ROOM] = { 0 };

	begin();
	add_next(&m, 4);
	frame_model_write(&m, payload, 4, frame);
	add_octets(&owner_a, ALL, frame, 60);
	finish();
	emitted_were(1, 1);
}

static void udp_of_one_size_is_merged(void **state)
{
	struct frame_model m = frame_model_default();

	m.protocol = IPPROTO_UDP;
	for (m.ip_version = 4; m.ip_version <= 6; m.ip_version += 2) {
		begin();
		for (int i = 0; i < 5; i++)
			add_next(&m, 1200);
		add_next(&m, 40);
		emitted_were(6);
		assert_int_equal(last_vnet.gso_type, VIRTIO_NET_HDR_GSO_UDP_L4);
		assert_int_equal(last_vnet.gso_size, 1200);
		add_next(&m, 1200);
		add_next(&m, 1201);
		finish();
		emitted_were(6, 1, 1);
	}
}

static void udp_without_checksum_is_not_merged(void **state)
{
	struct frame_model m = frame_model_default();

	m.protocol = IPPROTO_UDP;
	m.no_checksum = true;
	begin();
	add_next(&m, 1200);
	add_next(&m, 1200);
	finish();
	emitted_were(1, 1);
}

/* Only what the device takes. */
static void the_device_decides(void **state)
{
	struct frame_model m = frame_model_default();
	uint8_t frame[FRAME_ROOM];

	for (int kind = 0; kind < 3; kind++) {
		const uint32_t needed[] = { COALESCE_TCP4, COALESCE_TCP6, COALESCE_UDP };

		m.ip_version = kind == 1 ? 6 : 4;
		m.protocol = kind == 2 ? IPPROTO_UDP : IPPROTO_TCP;
		for (int with = 0; with <= 1; with++) {
			begin();
			for (int i = 0; i < 2; i++) {
				size_t len = frame_model_write(&m, payload, 1000, frame);

				add_octets(&owner_a, with ? needed[kind] : ALL & ~needed[kind],
				           frame, len);
				m.seq += 1000;
				m.ip_id++;
			}
			finish();
			if (with)
				emitted_were(2);
			else
				emitted_were(1, 1);
		}
	}
}

static void owners_are_never_merged(void **state)
{
	struct frame_model m = frame_model_default();
	uint8_t frame[FRAME_ROOM];

	begin();
	for (int i = 0; i < 4; i++) {
		size_t len = frame_model_write(&m, payload, 1000, frame);

		add_octets(i % 2 ? &owner_a : &owner_b, ALL, frame, len);
		m.seq += 1000;
		m.ip_id++;
	}
	finish();
	emitted_were(1, 1, 1, 1);

	begin();
	add(&m, 1000);
	add_octets(&owner_b, ALL, frame, frame_model_write(&m, payload, 1000, frame));
	coalesce_flush_owner(&coalescer, &owner_b);
	emitted_were(1);
	assert_int_equal(coalescer.open, 1);
	finish();
}

static void flows_beside_each_other_are_merged(void **state)
{
	struct frame_model flows[COALESCE_FLOWS + 1];

	for (int i = 0; i <= COALESCE_FLOWS; i++) {
		flows[i] = frame_model_default();
		flows[i].source_port = (uint8_t)i;
	}
	begin();
	for (int round = 0; round < 5; round++)
		for (int i = 0; i < COALESCE_FLOWS; i++)
			add_next(&flows[i], 1000);
	assert_int_equal(emitted_count, 0);
	add_next(&flows[COALESCE_FLOWS], 1000); /* ends the oldest */
	emitted_were(5);
	finish();
	emitted_were(5, 5, 5, 5, 5, 5, 5, 5, 1);
}

static void what_is_no_flow_goes_at_once(void **state)
{
	const uint8_t arp[60] = { 1, 2, 3, [12] = 0x08, [13] = 0x06 };
	struct frame_model m = frame_model_default();

	begin();
	add_next(&m, 1400);
	add_octets(&owner_a, ALL, arp, sizeof(arp));
	add_octets(&owner_a, ALL, arp, 14);
	add_octets(&owner_a, ALL, arp, 3);
	add_octets(&owner_a, ALL, arp, 0);
	emitted_were(1, 1, 1, 1);
	add_next(&m, 1400);
	finish();
	emitted_were(1, 1, 1, 1, 2);
}

/* Frames of random flows and sizes, some of them odd: what comes out is what came, whatever was merged. */
static void check_whatever_comes(uint32_t seed)
{
	uint32_t merged = 0;

	for (int round = 0; round < 400; round++) {
		struct frame_model flows[4];

		for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
			flows[i] = frame_model_default();
			flows[i].ip_version = model_random(&seed) % 2 ? 4 : 6;
			flows[i].protocol = model_random(&seed) % 4 ? IPPROTO_TCP : IPPROTO_UDP;
			flows[i].bare = bare;
			flows[i].vlan_tags = model_random(&seed) % 4 ? 0 : 1;
			flows[i].tcp_option_len = model_random(&seed) % 2 ? 12 : 0;
			flows[i].source_port = (uint8_t)i;
			flows[i].seq = model_random(&seed);
			flows[i].ip_id = (uint16_t)model_random(&seed);
		}
		begin();
		for (int n = 0; n < 60; n++) {
			struct frame_model *m = &flows[model_random(&seed) % ARRAY_SIZE(flows)];
			uint8_t frame[FRAME_ROOM];
			size_t size = 700, len;

			if (model_random(&seed) % 16 == 0)
				size = model_random(&seed) % 1000;
			m->flags = model_random(&seed) % 12 ? ACK : model_random(&seed) % 512;
			if (model_random(&seed) % 20 == 0)
				m->seq += model_random(&seed) % 3;
			if (model_random(&seed) % 20 == 0)
				m->ip_id += model_random(&seed) % 3;
			if (model_random(&seed) % 30 == 0)
				m->window++;
			len = frame_model_write(m, payload + model_random(&seed) % 8192, size,
			                        frame);
			if (model_random(&seed) % 20 == 0)
				frame[model_random(&seed) % len] ^= 1 << model_random(&seed) % 8;
			if (model_random(&seed) % 40 == 0)
				len = model_random(&seed) % len;
			add_octets(&owner_a, ALL, frame, len);
			m->seq += (uint32_t)size;
			m->ip_id++;
		}
		finish();
		merged += (uint32_t)came_count - emitted_count;
	}
	assert_true(merged > 400 * 20); /* and a good part was merged */
}

static void whatever_comes_is_what_cutting_gives_back(void **state)
{
	check_whatever_comes(20);
}

static void so_it_is_without_ethernet(void **state)
{
	bare = true;
	check_whatever_comes(22);
	bare = false;
}

/* The other way round: a frame that is cut comes out of coalescing as it was. */
static void what_was_cut_is_put_together_again(void **state)
{
	static uint8_t frame[70000];
	struct frame_model m = frame_model_default();
	uint32_t seed = 21;

	for (int round = 0; round < 200; round++) {
		uint16_t size = (uint16_t)(200 + model_random(&seed) % 1200);
		uint32_t count = 2 + model_random(&seed) % 40;
		uint8_t headers[SEGMENT_HEADERS_MAX], wire[FRAME_ROOM];
		struct virtio_net_hdr vnet;
		struct segmenter s;
		struct segment part;
		size_t len, l4, field;
		uint16_t sum;

		m.ip_version = model_random(&seed) % 2 ? 4 : 6;
		m.protocol = model_random(&seed) % 3 ? IPPROTO_TCP : IPPROTO_UDP;
		m.flags = model_random(&seed) % 2 ? ACK : ACK | PSH;
		m.seq = model_random(&seed);
		m.ip_id = (uint16_t)model_random(&seed);
		len = frame_model_write(&m, payload, size * count - model_random(&seed) % size,
		                        frame);
		l4 = frame_model_l4(&m);
		field = m.protocol == IPPROTO_TCP ? 16 : 6;
		sum = (uint16_t)~model_checksum(frame_model_pseudo(&m, frame, len - l4), NULL, 0);
		frame[l4 + field] = (uint8_t)(sum >> 8);
		frame[l4 + field + 1] = (uint8_t)sum;
		vnet = (struct virtio_net_hdr){
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			.gso_type = m.protocol == IPPROTO_UDP ? VIRTIO_NET_HDR_GSO_UDP_L4
			            : m.ip_version == 4       ? VIRTIO_NET_HDR_GSO_TCPV4
			                                      : VIRTIO_NET_HDR_GSO_TCPV6,
			.hdr_len = (uint16_t)frame_model_headers_len(&m),
			.gso_size = size,
			.csum_start = (uint16_t)l4,
			.csum_offset = (uint16_t)field,
		};
		assert_int_equal(segment_begin(&s, &vnet, frame, len), 0);
		begin();
		while (segment_next(&s, headers, &part)) {
			memcpy(wire, part.headers, part.headers_len);
			memcpy(wire + part.headers_len, part.payload, part.payload_len);
			add_octets(&owner_a, ALL, wire, part.headers_len + part.payload_len);
		}
		finish();
		emitted_were(count);
		assert_int_equal(last_emitted_len, len);
		assert_memory_equal(last_emitted, frame, len);
		assert_memory_equal(&last_vnet, &vnet, sizeof(vnet));
	}
}

static int fill_payload(void **state)
{
	uint32_t seed = 4712;

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)model_random(&seed);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_of_a_flow_are_merged),
		cmocka_unit_test(the_whole_is_a_valid_frame),
		cmocka_unit_test(a_super_frame_is_known),
		cmocka_unit_test(a_short_segment_is_the_last),
		cmocka_unit_test(psh_is_on_the_last),
		cmocka_unit_test(frames_may_begin_anywhere),
		cmocka_unit_test(so_many_segments_and_octets_at_most),
		cmocka_unit_test(numbers_wrap),
		cmocka_unit_test(what_differs_is_not_merged),
		cmocka_unit_test(ece_on_all_is_merged),
		cmocka_unit_test(what_is_not_merged_does_not_overtake),
		cmocka_unit_test(fragments_end_all_flows_of_their_owner),
		cmocka_unit_test(wrong_checksums_are_handed_on_as_they_came),
		cmocka_unit_test(a_checksum_in_another_spelling_is_not_merged),
		cmocka_unit_test(nor_an_ip_checksum_in_another_spelling),
		cmocka_unit_test(padding_is_not_merged),
		cmocka_unit_test(udp_of_one_size_is_merged),
		cmocka_unit_test(udp_without_checksum_is_not_merged),
		cmocka_unit_test(the_device_decides),
		cmocka_unit_test(owners_are_never_merged),
		cmocka_unit_test(flows_beside_each_other_are_merged),
		cmocka_unit_test(what_is_no_flow_goes_at_once),
		cmocka_unit_test(whatever_comes_is_what_cutting_gives_back),
		cmocka_unit_test(so_it_is_without_ethernet),
		cmocka_unit_test(what_was_cut_is_put_together_again),
	};

	return cmocka_run_group_tests(tests, fill_payload, NULL);
}
