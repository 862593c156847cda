/* SPDX-License-Identifier: BSD-2-Clause */
/* coalesce_partial_test.c - frames whose checksum was left to the receiver, and what the device is told of them */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "packet/checksum.h"
#include "packet/coalesce.h"
#include "packet/frame_model.h"
#include "packet/segment.h"

#define MTU 1446
#define ACCEPT                                                                                     \
	(COALESCE_TCP4 | COALESCE_TCP6 | COALESCE_UDP | COALESCE_PARTIAL |                         \
	 MTU << COALESCE_MTU_SHIFT)

static struct virtio_net_hdr told[4];
static uint32_t emitted;
static uint8_t payload[65536], frame[66000];
_Alignas(COALESCE_PAGE) static uint8_t room[COALESCE_ROOM_OCTETS];

static void emit(void *arg, const struct coalesced *c)
{
	assert_int_equal(c->frames, 1);
	memcpy(&told[emitted++], c->iov[0].iov_base, sizeof(told[0]));
}

/* Adds one frame to an empty coalescer, with the sum of the pseudo header (or that and one) for a checksum. */
static void add(const struct frame_model *m, size_t payload_len, uint32_t accepts, uint16_t off)
{
	size_t len = frame_model_write(m, payload, payload_len, frame);
	size_t l4 = frame_model_l4(m);
	uint32_t sum = frame_model_pseudo(m, frame, len - l4);
	uint8_t *checksum = frame + l4 + (m->protocol == IPPROTO_TCP ? 16 : 6);
	struct coalescer c;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	checksum[0] = (uint8_t)((sum + off) >> 8);
	checksum[1] = (uint8_t)(sum + off);
	emitted = 0;
	coalesce_init(&c, room, emit, NULL);
	coalesce_add(&c, &c, accepts, frame, len);
	coalesce_flush(&c);
	assert_int_equal(emitted, 1);
}

static void one_packet_is_to_be_summed(void **state)
{
	struct frame_model m = frame_model_default();

	for (m.ip_version = 4; m.ip_version <= 6; m.ip_version += 2)
		for (m.protocol = IPPROTO_TCP;; m.protocol = IPPROTO_UDP) {
			add(&m, 1001, ACCEPT, 0);
			assert_int_equal(told[0].flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
			assert_int_equal(told[0].gso_type, VIRTIO_NET_HDR_GSO_NONE);
			assert_int_equal(told[0].csum_start, frame_model_l4(&m));
			assert_int_equal(told[0].csum_offset, m.protocol == IPPROTO_TCP ? 16 : 6);
			if (m.protocol == IPPROTO_UDP)
				break;
		}
}

static void longer_tcp_is_to_be_cut(void **state)
{
	struct frame_model m = frame_model_default();

	for (m.ip_version = 4; m.ip_version <= 6; m.ip_version += 2) {
		add(&m, 40000, ACCEPT, 0);
		assert_int_equal(told[0].flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
		assert_int_equal(told[0].gso_type, m.ip_version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4
		                                                     : VIRTIO_NET_HDR_GSO_TCPV6);
		assert_int_equal(told[0].hdr_len, frame_model_headers_len(&m));
		assert_int_equal(
			told[0].gso_size + frame_model_headers_len(&m) - frame_model_l3(&m), MTU);
	}
}

static void any_other_checksum_is_none_of_our_business(void **state)
{
	const struct virtio_net_hdr nothing = { 0 };
	struct frame_model m = frame_model_default();

	add(&m, 1001, ACCEPT, 1);
	assert_memory_equal(&told[0], &nothing, sizeof(nothing));
	add(&m, 1001, ACCEPT & ~COALESCE_PARTIAL, 0);
	assert_memory_equal(&told[0], &nothing, sizeof(nothing));
	m.fragment = 0x2000;
	add(&m, 1001, ACCEPT, 0);
	assert_memory_equal(&told[0], &nothing, sizeof(nothing));
}

/* For somebody who is told nothing. Return: how many packets it becomes, each valid, with all of the payload in order. */
static uint32_t finished(const struct frame_model *m, size_t payload_len)
{
	size_t l3 = frame_model_l3(m), at = 0;
	uint8_t packet[2000];
	struct virtio_net_hdr vnet;
	struct segmenter s;
	struct segment part;

	add(m, payload_len, ACCEPT, 0);
	assert_true(coalesce_left_ip(frame + l3, frame_model_headers_len(m) - l3 + payload_len, MTU,
	                             &vnet));
	assert_int_equal(segment_begin_ip(&s, &vnet, frame + l3,
	                                  frame_model_headers_len(m) - l3 + payload_len),
	                 0);
	while (segment_next(&s, packet, &part)) {
		size_t len = part.headers_len + part.payload_len, l4 = frame_model_l4(m) - l3;
		size_t addresses = m->ip_version == 4 ? 12 : 8;

		assert_true(len <= MTU);
		memcpy(packet + part.headers_len, part.payload, part.payload_len);
		if (m->ip_version == 4)
			assert_int_equal(checksum_fold(checksum_sum(packet, l4)), 0xffff);
		assert_int_equal(checksum_fold(checksum_pseudo(packet + addresses,
		                                               m->ip_version == 4 ? 8 : 32,
		                                               m->protocol, (uint32_t)(len - l4)) +
		                               checksum_sum(packet + l4, len - l4)),
		                 0xffff);
		assert_memory_equal(part.payload, payload + at, part.payload_len);
		at += part.payload_len;
	}
	assert_int_equal(at, payload_len);
	return s.count;
}

static void what_can_not_be_told_is_done(void **state)
{
	struct frame_model m = frame_model_default();

	for (m.ip_version = 4; m.ip_version <= 6; m.ip_version += 2) {
		m.protocol = IPPROTO_TCP;
		assert_int_equal(finished(&m, 0), 1);
		assert_int_equal(finished(&m, 1001), 1);
		assert_true(finished(&m, 40000) > 40000 / MTU);
		m.protocol = IPPROTO_UDP;
		assert_int_equal(finished(&m, 1001), 1);
	}
}

static void a_damaged_packet_stays_so(void **state)
{
	struct frame_model m = frame_model_default();
	size_t l3 = frame_model_l3(&m), len;
	struct virtio_net_hdr vnet;

	add(&m, 1001, ACCEPT, 0);
	len = frame_model_headers_len(&m) - l3 + 1001;
	assert_true(coalesce_left_ip(frame + l3, len, MTU, &vnet));
	assert_false(coalesce_left_ip(frame + l3, len - 1, MTU, &vnet));
	frame[l3 + 10] ^= 1; /* the header's checksum */
	assert_false(coalesce_left_ip(frame + l3, len, MTU, &vnet));
	add(&m, 1001, ACCEPT, 1);
	assert_false(coalesce_left_ip(frame + l3, len, MTU, &vnet));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_packet_is_to_be_summed),
		cmocka_unit_test(longer_tcp_is_to_be_cut),
		cmocka_unit_test(any_other_checksum_is_none_of_our_business),
		cmocka_unit_test(what_can_not_be_told_is_done),
		cmocka_unit_test(a_damaged_packet_stays_so),
	};

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
