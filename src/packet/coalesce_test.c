/* SPDX-License-Identifier: BSD-2-Clause */
/* coalesce_test.c - what is merged, and what the whole is then */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/coalesce_fixture.h"
#include "packet/segment.h"

static void segments_of_a_flow_are_merged(void **state)
{
	struct frame_model m = frame_model_default();

	for (m.ip_version = 4; m.ip_version <= 6; m.ip_version += 2)
		for (m.vlan_tags = 0; m.vlan_tags <= 2; m.vlan_tags++) {
			begin();
			m.tcp_option_len = 12;
			for (int i = 0; i < 10; i++)
				add_next(&m, 1400);
			assert_int_equal(batch.emitted_count, 0);
			finish();
			emitted_were(10);
			assert_int_equal(batch.last_vnet.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
			assert_int_equal(batch.last_vnet.gso_type,
			                 m.ip_version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4
			                                   : VIRTIO_NET_HDR_GSO_TCPV6);
			assert_int_equal(batch.last_vnet.gso_size, 1400);
			assert_int_equal(batch.last_vnet.hdr_len, frame_model_headers_len(&m));
			assert_int_equal(batch.last_vnet.csum_start, frame_model_l4(&m));
			assert_int_equal(batch.last_vnet.csum_offset, 16);
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
			value = model_checksum(0, batch.last_emitted + l4,
			                       batch.last_emitted_len - l4);
			batch.last_emitted[l4 + batch.last_vnet.csum_offset] =
				(uint8_t)(value >> 8);
			batch.last_emitted[l4 + batch.last_vnet.csum_offset + 1] = (uint8_t)value;
			assert_true(
				frame_model_valid(&m, batch.last_emitted, batch.last_emitted_len));
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
		assert_false(coalesce_is_super(batch.came[0].data, batch.came[0].len, false));
		add_next(&m, 1000);
		finish();
		assert_true(coalesce_is_super(batch.last_emitted, batch.last_emitted_len, false));
		assert_false(coalesce_is_super(batch.last_emitted, batch.last_emitted_len, true));
		assert_true(coalesce_is_super(batch.last_emitted + 14, batch.last_emitted_len - 14,
		                              true));
		assert_false(
			coalesce_is_super(batch.last_emitted, batch.last_emitted_len - 1, false));
		assert_false(
			coalesce_is_super(batch.last_emitted, batch.last_emitted_len + 1, false));
		batch.last_emitted[frame_model_l4(&m) + 16] ^= 1;
		assert_false(coalesce_is_super(batch.last_emitted, batch.last_emitted_len, false));
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

/* What is copied and summed has no boundary it likes. */
static void frames_may_begin_anywhere(void **state)
{
	struct frame_model m = frame_model_default();
	size_t len = 1;

	for (batch.begins_at = 0; batch.begins_at < 65; batch.begins_at++, len += 22)
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
	batch.begins_at = 0;
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
		assert_int_equal(batch.last_vnet.gso_type, VIRTIO_NET_HDR_GSO_UDP_L4);
		assert_int_equal(batch.last_vnet.gso_size, 1200);
		add_next(&m, 1200);
		add_next(&m, 1201);
		finish();
		emitted_were(6, 1, 1);
	}
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
	assert_int_equal(batch.emitted_count, 0);
	add_next(&flows[COALESCE_FLOWS], 1000); /* ends the oldest */
	emitted_were(5);
	finish();
	emitted_were(5, 5, 5, 5, 5, 5, 5, 5, 1);
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
				size_t len = frame_model_write(&m, batch.payload, 1000, frame);

				add_octets(&batch.owner_a,
				           with ? needed[kind] : ALL & ~needed[kind], frame, len);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_of_a_flow_are_merged),
		cmocka_unit_test(the_whole_is_a_valid_frame),
		cmocka_unit_test(a_super_frame_is_known),
		cmocka_unit_test(a_short_segment_is_the_last),
		cmocka_unit_test(psh_is_on_the_last),
		cmocka_unit_test(ece_on_all_is_merged),
		cmocka_unit_test(frames_may_begin_anywhere),
		cmocka_unit_test(so_many_segments_and_octets_at_most),
		cmocka_unit_test(numbers_wrap),
		cmocka_unit_test(udp_of_one_size_is_merged),
		cmocka_unit_test(flows_beside_each_other_are_merged),
		cmocka_unit_test(the_device_decides),
	};

	return cmocka_run_group_tests(tests, fill_payload, NULL);
}
