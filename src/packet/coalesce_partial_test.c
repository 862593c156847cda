/* SPDX-License-Identifier: BSD-2-Clause */
/* coalesce_partial_test.c - frames whose checksum was left to the receiver, and what the device is told of them */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "packet/coalesce.h"
#include "packet/frame_model.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_packet_is_to_be_summed),
		cmocka_unit_test(longer_tcp_is_to_be_cut),
		cmocka_unit_test(any_other_checksum_is_none_of_our_business),
	};

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
