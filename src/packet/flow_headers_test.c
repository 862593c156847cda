/* SPDX-License-Identifier: BSD-2-Clause */
/* flow_headers_test.c - each bit of the headers: which may differ within a flow, and what the checksum says of them */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "packet/checksum.h"
#include "packet/flow_headers.h"
#include "packet/frame_model.h"

#define PAYLOAD 301

static uint8_t payload[PAYLOAD], frame[600];
static size_t frame_len;

typedef void judge_kind(const struct frame_model *m, const struct flow_headers *h);

static void set(const struct frame_model *m, struct flow_headers *h)
{
	struct inner_headers at;

	frame_len = frame_model_write(m, payload, sizeof(payload), frame);
	assert_true(m->bare ? inner_headers_read_ip(frame, frame_len, &at)
	                    : inner_headers_read(frame, frame_len, &at));
	flow_headers_set(h, frame, &at);
}

static void each_kind(judge_kind *judge)
{
	struct frame_model m = frame_model_default();
	struct flow_headers h;

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + 1);
	for (unsigned int kind = 0; kind < 32; kind++) {
		m.ip_version = kind & 1 ? 6 : 4;
		m.protocol = kind & 2 ? IPPROTO_UDP : IPPROTO_TCP;
		m.bare = kind & 4;
		m.vlan_tags = kind & 8 ? 2 : 0;
		m.tcp_option_len = kind & 16 ? 40 : 12;
		set(&m, &h);
		judge(&m, &h);
	}
}

static bool lies_in(size_t at, size_t from, size_t len)
{
	return at >= from && at < from + len;
}

/* Of the transport header; what of IPv4's may differ has a checksum of its own. */
static bool may_differ(const struct frame_model *m, size_t at, uint8_t bit)
{
	size_t l4 = frame_model_l4(m);

	if (m->protocol == IPPROTO_UDP)
		return lies_in(at, l4 + UDP_CHECKSUM, 2);
	return lies_in(at, l4 + TCP_SEQ, 4) || lies_in(at, l4 + TCP_CHECKSUM, 2) ||
	       (at == l4 + TCP_FLAGS + 1 && bit == TCP_PSH);
}

static void judge_bits(const struct frame_model *m, const struct flow_headers *h)
{
	assert_true(flow_headers_match(h, frame, frame_len));
	for (size_t at = 0; at < frame_model_headers_len(m); at++)
		for (unsigned int bit = 1; bit < 256; bit <<= 1) {
			frame[at] ^= bit;
			assert_int_equal(flow_headers_match(h, frame, frame_len),
			                 may_differ(m, at, (uint8_t)bit));
			frame[at] ^= bit;
		}
}

static void only_what_counts_up_and_checksums_may_differ(void **state)
{
	each_kind(judge_bits);
}

static void refresh_ipv4(const struct frame_model *m)
{
	uint8_t *ip = frame + frame_model_l3(m);

	checksum_store(ip + IPV4_CHECKSUM, 0);
	checksum_store(ip + IPV4_CHECKSUM, htons(model_checksum(0, ip, IPV4_HEADER_LEN)));
}

static void judge_ipv4_bits(const struct frame_model *m, const struct flow_headers *h)
{
	size_t ip = frame_model_l3(m);

	if (m->ip_version == 6)
		return;
	for (size_t at = ip; at < ip + IPV4_CHECKSUM; at++)
		for (unsigned int bit = 1; bit < 256; bit <<= 1) {
			frame[at] ^= bit;
			refresh_ipv4(m);
			assert_int_equal(flow_headers_match(h, frame, frame_len),
			                 lies_in(at, ip + IPV4_ID, 2));
			frame[at] ^= bit;
		}
}

static void of_ipv4_the_identification_if_its_checksum_is_right(void **state)
{
	each_kind(judge_ipv4_bits);
}

/* A checksum of 0 is written where all else sums up to 0xffff, and 0xffff is as valid there. */
static void judge_written(const struct frame_model *m, const struct flow_headers *h)
{
	uint8_t *ip = frame + frame_model_l3(m), *l4 = frame + frame_model_l4(m);

	if (m->ip_version == 4) {
		uint16_t checksum = checksum_load(ip + IPV4_CHECKSUM);

		checksum_store(ip + IPV4_CHECKSUM, 0);
		store_u16(ip + IPV4_ID, load_u16(ip + IPV4_ID) + ntohs(checksum));
		if (checksum_fold(checksum_sum(ip, IPV4_HEADER_LEN)) != 0xffff)
			store_u16(ip + IPV4_ID, load_u16(ip + IPV4_ID) + 1u);
		assert_int_equal(checksum_fold(checksum_sum(ip, IPV4_HEADER_LEN)), 0xffff);
		assert_true(flow_headers_match(h, frame, frame_len));
		checksum_store(ip + IPV4_CHECKSUM, 0xffff);
		assert_int_equal(checksum_fold(checksum_sum(ip, IPV4_HEADER_LEN)), 0xffff);
		assert_false(flow_headers_match(h, frame, frame_len));
		checksum_store(ip + IPV4_CHECKSUM, 0);
	}
	if (m->protocol == IPPROTO_UDP) {
		checksum_store(l4 + UDP_CHECKSUM, 0);
		assert_false(flow_headers_match(h, frame, frame_len));
	}
}

static void checksums_are_written_as_we_would(void **state)
{
	each_kind(judge_written);
}

/* The lengths say that there is more, or less. */
static void judge_length(const struct frame_model *m, const struct flow_headers *h)
{
	for (size_t len = 0; len < frame_len; len++)
		assert_false(flow_headers_match(h, frame, len));
	assert_false(flow_headers_match(h, frame, frame_len + 1));
}

static void a_frame_is_as_long_as_it_says(void **state)
{
	each_kind(judge_length);
}

static bool is_valid(const struct flow_headers *h, uint32_t payload_len)
{
	uint64_t sum = flow_headers_sum(h, frame, payload_len);

	return checksum_fold(sum + checksum_sum(frame + h->at.end, payload_len)) == 0xffff;
}

static void judge_sum(const struct frame_model *m, const struct flow_headers *h)
{
	struct frame_model next = *m;

	for (uint32_t len = 1; len <= sizeof(payload); len++) {
		next.seq = next.seq * 77 + 0xfff1;
		next.ip_id++;
		next.flags = (uint16_t)(TCP_ACK_FLAG | (len % 3 ? 0 : TCP_PSH));
		frame_len = frame_model_write(&next, payload, len, frame);
		assert_true(flow_headers_match(h, frame, frame_len));
		assert_true(is_valid(h, len));
		for (size_t at = frame_model_l4(m); at < frame_len; at++) {
			frame[at] ^= 0x10;
			if (flow_headers_match(h, frame, frame_len))
				assert_false(is_valid(h, len));
			frame[at] ^= 0x10;
		}
	}
}

static void of_one_that_matches_the_whole_is_summed(void **state)
{
	each_kind(judge_sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_counts_up_and_checksums_may_differ),
		cmocka_unit_test(of_ipv4_the_identification_if_its_checksum_is_right),
		cmocka_unit_test(checksums_are_written_as_we_would),
		cmocka_unit_test(a_frame_is_as_long_as_it_says),
		cmocka_unit_test(of_one_that_matches_the_whole_is_summed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
