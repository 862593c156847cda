/* SPDX-License-Identifier: BSD-2-Clause */
/* segment_test.c - segments are the frames a sender without offloads would have sent */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "packet/frame_model.h"
#include "packet/segment.h"

#define FIN 0x01
#define PSH 0x08
#define ACK 0x10
#define CWR 0x80

/* A frame as a TAP gives it, in memory of its exact size. */
struct offloaded {
	struct virtio_net_hdr vnet;
	uint8_t *frame;
	size_t len;
};

static uint8_t payload[65536];

static void offloaded_free(struct offloaded *o)
{
	free(o->frame);
	o->frame = NULL;
}

static uint8_t gso_type_of(const struct frame_model *m)
{
	if (m->protocol == IPPROTO_UDP)
		return VIRTIO_NET_HDR_GSO_UDP_L4;
	return m->ip_version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
}

/* @partial: the checksum field holds the pseudo header's sum, as from the kernel's own senders */
static struct offloaded offload(const struct frame_model *m, size_t payload_len, uint16_t gso_size,
                                bool partial)
{
	size_t l4 = frame_model_l4(m), field = m->protocol == IPPROTO_TCP ? 16 : 6;
	struct offloaded o = {
		.vnet = { .gso_type = gso_type_of(m), .gso_size = gso_size },
		.frame = malloc(frame_model_headers_len(m) + payload_len),
	};
	uint16_t sum;

	assert_non_null(o.frame);
	o.len = frame_model_write(m, payload, payload_len, o.frame);
	if (partial) {
		sum = (uint16_t)~model_checksum(frame_model_pseudo(m, o.frame, o.len - l4), NULL,
		                                0);
		o.frame[l4 + field] = (uint8_t)(sum >> 8);
		o.frame[l4 + field + 1] = (uint8_t)sum;
		o.vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		o.vnet.csum_start = (uint16_t)l4;
		o.vnet.csum_offset = (uint16_t)field;
	}
	return o;
}

/* The next segment, its payload copied, is the one that was expected, in one piece. */
static void check_whole(struct segmenter *s, const uint8_t *expect, size_t len)
{
	uint8_t *room = malloc(s->segment_len);
	struct segment whole;

	assert_non_null(room);
	assert_true(segment_next_whole(s, room, &whole));
	assert_ptr_equal(whole.payload, room + s->headers_len);
	assert_int_equal(whole.headers_len + whole.payload_len, len);
	assert_memory_equal(room, expect, len);
	free(room);
}

/* All at once, each behind some octets, they are the same as one by one. Where they end the room ends, so that a sanitizer sees
 * more. */
static void check_all_at_once(struct segmenter s)
{
	static const uint8_t front[] = { 9, 8, 7, 6, 5 };
	size_t most = s.count * (sizeof(front) + s.segment_len), len, at = 0;
	uint8_t *all = malloc(most + SEGMENT_ROOM_MORE), *room = malloc(s.segment_len);
	struct segmenter again = s;
	struct segment part;

	assert_non_null(all);
	assert_non_null(room);
	len = segment_all(&s, front, sizeof(front), all);
	while (segment_next_whole(&again, room, &part)) {
		assert_memory_equal(all + at, front, sizeof(front));
		at += sizeof(front);
		assert_memory_equal(all + at, room, part.headers_len + part.payload_len);
		at += part.headers_len + part.payload_len;
	}
	assert_int_equal(at, len);
	assert_false(segment_next_whole(&s, room, &part));
	free(all);
	free(room);
}

/* Each segment must be, octet for octet, what frame_model_write() makes of it. */
static void check_segments(const struct frame_model *whole, struct offloaded *o, size_t payload_len,
                           uint16_t gso_size)
{
	static uint8_t expect[66000];
	uint8_t *room = malloc(SEGMENT_HEADERS_MAX);
	struct frame_model m = *whole;
	struct segmenter s, again;
	struct segment part;
	size_t at = 0, len;
	uint32_t count = 0;

	assert_non_null(room);
	assert_int_equal(whole->bare ? segment_begin_ip(&s, &o->vnet, o->frame, o->len)
	                             : segment_begin(&s, &o->vnet, o->frame, o->len),
	                 0);
	again = s;
	check_all_at_once(s);
	assert_int_equal(s.count, (payload_len + gso_size - 1) / gso_size);
	assert_int_equal(s.headers_len, frame_model_headers_len(whole));
	while (segment_next(&s, room, &part)) {
		size_t expect_len = payload_len - at < gso_size ? payload_len - at : gso_size;

		m.flags = whole->flags;
		if (count)
			m.flags &= (uint16_t)~CWR;
		if (at + expect_len < payload_len)
			m.flags &= (uint16_t) ~(FIN | PSH);
		len = frame_model_write(&m, payload + at, expect_len, expect);
		assert_ptr_equal(part.headers, room);
		assert_int_equal(part.headers_len + part.payload_len, len);
		assert_ptr_equal(part.payload, o->frame + frame_model_headers_len(whole) + at);
		assert_memory_equal(part.headers, expect, part.headers_len);
		assert_memory_equal(part.payload, payload + at, part.payload_len);
		check_whole(&again, expect, len);
		if (at + expect_len < payload_len)
			assert_int_equal(len, s.segment_len);
		at += expect_len;
		count++;
		m.ip_id++;
		m.seq += (uint32_t)expect_len;
	}
	assert_int_equal(at, payload_len);
	assert_int_equal(count, s.count);
	assert_false(segment_next(&s, room, &part));
	free(room);
}

static void check(const struct frame_model *m, size_t payload_len, uint16_t gso_size)
{
	for (int partial = 0; partial <= 1; partial++) {
		struct offloaded o = offload(m, payload_len, gso_size, partial);

		check_segments(m, &o, payload_len, gso_size);
		offloaded_free(&o);
	}
}

/* Requirements: ETH-5 */
static void tcp_is_cut(void **state)
{
	struct frame_model m = frame_model_default();

	m.flags = ACK | PSH;
	m.tcp_option_len = 12;
	check(&m, 1448 * 44, 1448);
	check(&m, 1448 * 3 + 1, 1448);
	check(&m, 65535 - 20 - 32, 1400);
	check(&m, 1448, 1448);
	check(&m, 1, 1448);
	check(&m, 1000, 1);
	m.ip_version = 6;
	check(&m, 1428 * 44 + 7, 1428);
	m.extension_len = 16;
	check(&m, 4000, 1000);
}

static void vlan_tags_stay_in_front(void **state)
{
	struct frame_model m = frame_model_default();

	for (m.vlan_tags = 1; m.vlan_tags <= 4; m.vlan_tags++)
		check(&m, 5000, 1200);
	m.ip_version = 6;
	m.vlan_tags = 2;
	check(&m, 5000, 1201);
}

/* A TUN's: PPP carries them without Ethernet. */
static void packets_without_ethernet_are_cut(void **state)
{
	struct frame_model m = frame_model_default();

	m.bare = true;
	check(&m, 1448 * 44, 1448);
	check(&m, 1, 1448);
	m.protocol = IPPROTO_UDP;
	check(&m, 1001, 500);
	m.ip_version = 6;
	check(&m, 5000, 1201);
	m.protocol = IPPROTO_TCP;
	m.extension_len = 16;
	check(&m, 4000, 1000);
}

/* Whatever it is, and however short. */
static void a_packet_not_to_be_cut_is_sent_as_it_is(void **state)
{
	struct virtio_net_hdr vnet = { 0 };
	uint8_t octets[20] = { 0x99 };
	struct segmenter s;
	struct segment part;

	for (size_t len = 0; len <= sizeof(octets); len += 5) {
		assert_int_equal(segment_begin_ip(&s, &vnet, octets, len), 0);
		assert_true(segment_next(&s, NULL, &part));
		assert_null(part.headers);
		assert_ptr_equal(part.payload, octets);
		assert_int_equal(part.payload_len, len);
		assert_false(segment_next(&s, NULL, &part));
	}
	vnet.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	vnet.gso_size = 4;
	assert_int_equal(segment_begin_ip(&s, &vnet, octets, sizeof(octets)), -EPROTONOSUPPORT);
}

static void udp_is_cut(void **state)
{
	struct frame_model m = frame_model_default();

	m.protocol = IPPROTO_UDP;
	check(&m, 1472 * 20, 1472);
	check(&m, 1001, 500);
	m.ip_version = 6;
	check(&m, 1452 * 20 + 3, 1452);
}

/* RFC 768: a checksum that comes out as zero is sent as all ones. */
static void udp_checksums_are_never_zero(void **state)
{
	struct frame_model m = frame_model_default();
	uint8_t frame[1100], kept[2];
	size_t field = frame_model_l4(&m) + 6;

	m.protocol = IPPROTO_UDP;
	memcpy(kept, payload, 2);
	memset(payload, 0, 2);
	frame_model_write(&m, payload, 1000, frame);
	memcpy(payload, frame + field, 2); /* brings the sum to all ones */
	frame_model_write(&m, payload, 1000, frame);
	assert_memory_equal(frame + field, "\xff\xff", 2);
	check(&m, 2000, 1000);
	memcpy(payload, kept, 2);
}

static void udp_without_checksum_stays_without(void **state)
{
	struct frame_model m = frame_model_default();
	struct offloaded o;

	m.protocol = IPPROTO_UDP;
	m.no_checksum = true;
	o = offload(&m, 3000, 1000, false);
	check_segments(&m, &o, 3000, 1000);
	offloaded_free(&o);
}

/* CWR on the first, FIN and PSH on the last, whether or not the sender spoke of ECN. */
static void flags_go_where_they_belong(void **state)
{
	struct frame_model m = frame_model_default();
	struct offloaded o;

	m.flags = ACK | PSH | FIN | CWR | 0x40 | 0x20;
	check(&m, 4000, 1000);
	check(&m, 900, 1000);
	o = offload(&m, 4000, 1000, true);
	o.vnet.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	check_segments(&m, &o, 4000, 1000);
	offloaded_free(&o);
}

static void identification_and_sequence_wrap(void **state)
{
	struct frame_model m = frame_model_default();

	m.ip_id = 0xfffe;
	m.seq = 0xffffff00;
	check(&m, 10000, 1000);
}

/* A checksum that was wrong before must not become right. */
static void a_wrong_complete_checksum_stays_wrong(void **state)
{
	struct frame_model m = frame_model_default();
	struct offloaded o = offload(&m, 3000, 1000, false);
	uint8_t room[SEGMENT_HEADERS_MAX], wire[2000];
	struct segmenter s;
	struct segment part;

	o.frame[frame_model_headers_len(&m) + 5] ^= 1;
	assert_int_equal(segment_begin(&s, &o.vnet, o.frame, o.len), 0);
	while (segment_next(&s, room, &part)) {
		memcpy(wire, part.headers, part.headers_len);
		memcpy(wire + part.headers_len, part.payload, part.payload_len);
		assert_false(frame_model_valid(&m, wire, part.headers_len + part.payload_len));
	}
	offloaded_free(&o);
}

/* The destination in an IPv6 header with a routing header is not the one the checksum counts. */
static void the_pseudo_header_is_the_senders(void **state)
{
	struct frame_model m = frame_model_default();
	struct offloaded o;
	uint8_t room[SEGMENT_HEADERS_MAX], wire[2000];
	struct segmenter s;
	struct segment part;
	size_t hop;

	m.ip_version = 6;
	m.extension_len = 24;
	o = offload(&m, 3000, 1000, true);
	hop = frame_model_l3(&m) + 24;
	o.frame[hop] ^= 0x55; /* the next hop, on the way to the one summed */
	assert_int_equal(segment_begin(&s, &o.vnet, o.frame, o.len), 0);
	while (segment_next(&s, room, &part)) {
		memcpy(wire, part.headers, part.headers_len);
		memcpy(wire + part.headers_len, part.payload, part.payload_len);
		assert_false(frame_model_valid(&m, wire, part.headers_len + part.payload_len));
		wire[hop] ^= 0x55;
		assert_true(frame_model_valid(&m, wire, part.headers_len + part.payload_len));
	}
	offloaded_free(&o);
}

static void a_frame_not_to_be_cut_is_sent_as_it_is(void **state)
{
	struct frame_model m = frame_model_default();
	struct virtio_net_hdr vnet = { 0 };
	uint8_t frame[200], copy[200];
	size_t len = frame_model_write(&m, payload, 100, frame);
	struct segmenter s;
	struct segment part;

	memcpy(copy, frame, len);
	assert_int_equal(segment_begin(&s, &vnet, frame, len), 0);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.segment_len, len);
	assert_true(segment_next(&s, NULL, &part));
	assert_null(part.headers);
	assert_int_equal(part.headers_len, 0);
	assert_ptr_equal(part.payload, frame);
	assert_int_equal(part.payload_len, len);
	assert_memory_equal(frame, copy, len);
	assert_false(segment_next(&s, NULL, &part));
}

/* Requirements: ETH-5 */
static void its_checksum_is_completed(void **state)
{
	struct frame_model m = frame_model_default();
	struct offloaded o = offload(&m, 501, 0, true);
	struct segmenter s;

	o.vnet.gso_type = VIRTIO_NET_HDR_GSO_NONE;
	assert_false(frame_model_valid(&m, o.frame, o.len));
	assert_int_equal(segment_begin(&s, &o.vnet, o.frame, o.len), 0);
	assert_true(frame_model_valid(&m, o.frame, o.len));
	offloaded_free(&o);
}

/* @len octets of a frame that is otherwise as it should be. */
static int begin(const struct frame_model *m, const struct virtio_net_hdr *change, size_t len)
{
	struct offloaded o = offload(m, 3000, 1000, true);
	uint8_t *cut = malloc(len ? len : 1);
	struct segmenter s;
	int err;

	assert_non_null(cut);
	assert_true(len <= o.len);
	memcpy(cut, o.frame, len);
	err = segment_begin(&s, change ? change : &o.vnet, cut, len);
	free(cut);
	offloaded_free(&o);
	return err;
}

static void what_does_not_fit_is_refused(void **state)
{
	struct frame_model m = frame_model_default();
	const struct virtio_net_hdr good = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.gso_size = 1000,
		.csum_start = 34,
		.csum_offset = 16,
	};
	struct virtio_net_hdr bad = good;

	assert_int_equal(begin(&m, &good, 3054), 0);
	assert_int_equal(begin(&m, &good, 54), 0);
	assert_int_equal(begin(&m, &good, 53), -EPROTONOSUPPORT);
	assert_int_equal(begin(&m, &good, 14), -EPROTONOSUPPORT);
	assert_int_equal(begin(&m, &good, 13), -ERANGE);
	assert_int_equal(begin(&m, &good, 0), -ERANGE);

	bad.gso_size = 0;
	assert_int_equal(begin(&m, &bad, 3054), -EBADMSG);
	bad = good;
	bad.csum_start = 36;
	assert_int_equal(begin(&m, &bad, 3054), -EBADMSG);
	bad = good;
	bad.csum_offset = 6;
	assert_int_equal(begin(&m, &bad, 3054), -EBADMSG);
	bad = good;
	bad.gso_type = VIRTIO_NET_HDR_GSO_NONE;
	bad.csum_start = 3053;
	assert_int_equal(begin(&m, &bad, 3054), -EBADMSG);
}

static void other_kinds_are_refused(void **state)
{
	const uint8_t types[] = { VIRTIO_NET_HDR_GSO_TCPV6, VIRTIO_NET_HDR_GSO_UDP_L4,
		                  VIRTIO_NET_HDR_GSO_UDP, 2, 0x7f };
	struct virtio_net_hdr vnet = { .gso_size = 1000 };
	struct frame_model m = frame_model_default();

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		vnet.gso_type = types[i];
		assert_int_equal(begin(&m, &vnet, 3054), -EPROTONOSUPPORT);
	}
	vnet.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	m.fragment = 0x2000;
	assert_int_equal(begin(&m, &vnet, 3054), -EPROTONOSUPPORT);
	m = frame_model_default();
	m.vlan_tags = 5;
	assert_int_equal(begin(&m, &vnet, 3054), -EPROTONOSUPPORT);
}

static void sizes_beyond_ip_are_refused(void **state)
{
	struct frame_model m = frame_model_default();
	struct offloaded o = offload(&m, 65520, 65520, false);
	struct segmenter s;
	uint8_t *long_frame = calloc(1, SEGMENT_FRAME_MAX + 1);

	assert_int_equal(segment_begin(&s, &o.vnet, o.frame, o.len), -EBADMSG);
	offloaded_free(&o);
	assert_non_null(long_frame);
	o.vnet = (struct virtio_net_hdr){ 0 };
	assert_int_equal(segment_begin(&s, &o.vnet, long_frame, SEGMENT_FRAME_MAX), 0);
	assert_int_equal(segment_begin(&s, &o.vnet, long_frame, SEGMENT_FRAME_MAX + 1), -EBADMSG);
	free(long_frame);

	/* Headers longer than any we make room for. */
	m.ip_version = 6;
	m.extension_len = 128;
	m.vlan_tags = 2;
	o = offload(&m, 3000, 1000, true);
	assert_int_equal(segment_begin(&s, &o.vnet, o.frame, o.len), -EBADMSG);
	offloaded_free(&o);
}

static int fill_payload(void **state)
{
	uint32_t seed = 4711;

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)model_random(&seed);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_is_cut),
		cmocka_unit_test(vlan_tags_stay_in_front),
		cmocka_unit_test(packets_without_ethernet_are_cut),
		cmocka_unit_test(a_packet_not_to_be_cut_is_sent_as_it_is),
		cmocka_unit_test(udp_is_cut),
		cmocka_unit_test(udp_checksums_are_never_zero),
		cmocka_unit_test(udp_without_checksum_stays_without),
		cmocka_unit_test(flags_go_where_they_belong),
		cmocka_unit_test(identification_and_sequence_wrap),
		cmocka_unit_test(a_wrong_complete_checksum_stays_wrong),
		cmocka_unit_test(the_pseudo_header_is_the_senders),
		cmocka_unit_test(a_frame_not_to_be_cut_is_sent_as_it_is),
		cmocka_unit_test(its_checksum_is_completed),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(other_kinds_are_refused),
		cmocka_unit_test(sizes_beyond_ip_are_refused),
	};

	return cmocka_run_group_tests(tests, fill_payload, NULL);
}
