/* SPDX-License-Identifier: BSD-2-Clause */
/* checksum_test.c - the internet checksum against a plain one, at every length and alignment */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "packet/checksum.h"
#include "packet/frame_model.h"

static uint16_t value_of(const uint8_t *data, size_t len)
{
	return ntohs(checksum_value(checksum_sum(data, len)));
}

/* RFC 1071 §3: its own example. */
static void the_example_of_the_rfc(void **state)
{
	const uint8_t data[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	assert_int_equal(value_of(data, sizeof(data)), (uint16_t)~0xddf2);
}

static void every_length_and_alignment(void **state)
{
	uint8_t *data = malloc(4096);
	uint32_t seed = 1;

	assert_non_null(data);
	for (size_t i = 0; i < 4096; i++)
		data[i] = (uint8_t)model_random(&seed);
	for (size_t len = 0; len < 700; len++)
		for (size_t at = 0; at < 9; at++)
			assert_int_equal(value_of(data + at, len),
			                 model_checksum(0, data + at, len));
	free(data);
}

static void a_copy_is_whole_and_has_the_same_sum(void **state)
{
	uint8_t data[900], to[900];
	uint32_t seed = 3;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)model_random(&seed);
	for (size_t len = 0; len < 700; len++) {
		for (size_t at = 0; at < 9; at++) {
			memset(to, 0x55, sizeof(to));
			assert_true(checksum_copy(to + 8 - at, data + at, len) ==
			            checksum_sum(data + at, len));
			assert_memory_equal(to + 8 - at, data + at, len);
			assert_int_equal(to[8 - at + len], 0x55);
		}
	}
}

/* Nothing is lost where every addition carries. */
static void all_ones(void **state)
{
	uint8_t *data = malloc(65536);

	assert_non_null(data);
	memset(data, 0xff, 65536);
	for (size_t len = 65500; len <= 65536; len++)
		assert_int_equal(value_of(data, len), model_checksum(0, data, len));
	free(data);
}

static void of_zeros_is_zero_before_it_is_inverted(void **state)
{
	const uint8_t zeros[100] = { 0 };

	assert_int_equal(checksum_fold(checksum_sum(zeros, sizeof(zeros))), 0);
	assert_int_equal(checksum_value(0), 0xffff);
	assert_int_equal(checksum_value(0xffff), 0);
	assert_int_equal(checksum_value_nonzero(0xffff), 0xffff);
}

static void parts_add_up(void **state)
{
	uint8_t data[256];
	uint32_t seed = 2;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)model_random(&seed);
	for (size_t at = 0; at < sizeof(data); at += 2)
		assert_int_equal(checksum_value(checksum_sum(data, at) +
		                                checksum_sum(data + at, sizeof(data) - at)),
		                 checksum_value(checksum_sum(data, sizeof(data))));
}

static void the_pseudo_header(void **state)
{
	struct frame_model m = frame_model_default();
	uint8_t frame[256], payload[100] = { 1, 2, 3 };
	size_t len;

	for (m.ip_version = 4; m.ip_version <= 6; m.ip_version += 2) {
		const uint8_t *l3 = frame + frame_model_l3(&m);
		uint64_t sum;

		len = frame_model_write(&m, payload, sizeof(payload), frame);
		sum = checksum_pseudo(l3 + (m.ip_version == 4 ? 12 : 8), m.ip_version == 4 ? 8 : 32,
		                      m.protocol, 70000);
		assert_int_equal(ntohs(checksum_value(sum)),
		                 model_checksum(frame_model_pseudo(&m, frame, 70000), NULL, 0));
		assert_true(frame_model_valid(&m, frame, len));
	}
}

/* Leaves the sum of the pseudo header in the field, as the kernel does, and lets it be finished. */
static void a_partial_checksum_is_finished(void **state)
{
	struct frame_model m = frame_model_default();
	uint8_t frame[256], partial[256], payload[101] = { 9, 8, 7 };
	size_t len = frame_model_write(&m, payload, sizeof(payload), frame);
	size_t l4 = frame_model_l4(&m);
	uint16_t sum = (uint16_t)~model_checksum(frame_model_pseudo(&m, frame, len - l4), NULL, 0);

	memcpy(partial, frame, len);
	partial[l4 + 16] = (uint8_t)(sum >> 8);
	partial[l4 + 17] = (uint8_t)sum;
	assert_int_equal(checksum_finish(partial, len, l4, 16), 0);
	assert_memory_equal(partial, frame, len);
}

/* A value of 0 would say "none" to UDP; the kernel writes 0xffff whatever the protocol. */
static void a_finished_checksum_is_not_zero(void **state)
{
	uint8_t frame[4] = { 0xff, 0xff, 0, 0 };

	assert_int_equal(checksum_finish(frame, sizeof(frame), 0, 2), 0);
	assert_memory_equal(frame, "\xff\xff\xff\xff", 4);
}

static void a_field_outside_the_frame_is_refused(void **state)
{
	uint8_t frame[20] = { 0 };
	const uint8_t zeros[20] = { 0 };

	assert_int_equal(checksum_finish(frame, 20, 21, 0), -EBADMSG);
	assert_int_equal(checksum_finish(frame, 20, 20, 0), -EBADMSG);
	assert_int_equal(checksum_finish(frame, 20, 19, 0), -EBADMSG);
	assert_int_equal(checksum_finish(frame, 20, 4, 15), -EBADMSG);
	assert_int_equal(checksum_finish(frame, 20, 4, 65535), -EBADMSG);
	assert_int_equal(checksum_finish(frame, 20, 65535, 65535), -EBADMSG);
	assert_memory_equal(frame, zeros, sizeof(frame));
	assert_int_equal(checksum_finish(frame, 20, 4, 14), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_rfc),
		cmocka_unit_test(every_length_and_alignment),
		cmocka_unit_test(a_copy_is_whole_and_has_the_same_sum),
		cmocka_unit_test(all_ones),
		cmocka_unit_test(of_zeros_is_zero_before_it_is_inverted),
		cmocka_unit_test(parts_add_up),
		cmocka_unit_test(the_pseudo_header),
		cmocka_unit_test(a_partial_checksum_is_finished),
		cmocka_unit_test(a_finished_checksum_is_not_zero),
		cmocka_unit_test(a_field_outside_the_frame_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
