/* SPDX-License-Identifier: BSD-2-Clause */
/* coalesce_round_trip_test.c - cutting gives back what came, and coalescing what was cut */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "packet/coalesce_fixture.h"
#include "packet/segment.h"

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
			flows[i].bare = batch.bare;
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
			len = frame_model_write(m, batch.payload + model_random(&seed) % 8192, size,
			                        frame);
			if (model_random(&seed) % 20 == 0)
				frame[model_random(&seed) % len] ^= 1 << model_random(&seed) % 8;
			if (model_random(&seed) % 40 == 0)
				len = model_random(&seed) % len;
			add_octets(&batch.owner_a, ALL, frame, len);
			m->seq += (uint32_t)size;
			m->ip_id++;
		}
		finish();
		merged += (uint32_t)batch.came_count - batch.emitted_count;
	}
	assert_true(merged > 400 * 20); /* and a good part was merged */
}

static void whatever_comes_is_what_cutting_gives_back(void **state)
{
	check_whatever_comes(20);
}

static void so_it_is_without_ethernet(void **state)
{
	batch.bare = true;
	check_whatever_comes(22);
	batch.bare = false;
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
		len = frame_model_write(&m, batch.payload,
		                        size * count - model_random(&seed) % size, frame);
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
			add_octets(&batch.owner_a, ALL, wire, part.headers_len + part.payload_len);
		}
		finish();
		emitted_were(count);
		assert_int_equal(batch.last_emitted_len, len);
		assert_memory_equal(batch.last_emitted, frame, len);
		assert_memory_equal(&batch.last_vnet, &vnet, sizeof(vnet));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_comes_is_what_cutting_gives_back),
		cmocka_unit_test(so_it_is_without_ethernet),
		cmocka_unit_test(what_was_cut_is_put_together_again),
	};

	return cmocka_run_group_tests(tests, fill_payload, NULL);
}
