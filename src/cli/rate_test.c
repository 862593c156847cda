/* SPDX-License-Identifier: BSD-2-Clause */
/* rate_test.c - rates and sizes as tc(8) takes them */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "cli/rate.h"

static void test_rates(void **state)
{
	static const struct {
		const char *word;
		uint64_t bits;
	} good[] = {
		{ "0", 0 },
		{ "none", 0 },
		{ "9600", 9600 },
		{ "8bit", 8 },
		{ "10mbit", 10000000 },
		{ "10Mbit", 10000000 },
		{ "1.5gbit", 1500000000 },
		{ "0.000001mbit", 1 },
		{ "2kibit", 2048 },
		{ "100kbps", 800000 },
		{ "1MiBps", 8388608 },
		{ "18446744073709551615", UINT64_MAX },
	};
	static const char *const bad[] = {
		"",
		"mbit",
		"-1",
		"+1",
		"10 mbit",
		"10mb",
		"1.bit",
		".5",
		"1.0.0bit",
		"1.1234567bit",
		"0x10",
		"18446744073709551616",
		"18446745tbit",
		"NONE",
	};
	uint64_t bits;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(rate_read(good[i].word, &bits), 0);
		assert_int_equal(bits, good[i].bits);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(rate_read(bad[i], &bits), -EINVAL);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *word;
		uint32_t octets;
	} good[] = {
		{ "1500", 1500 },     { "1500b", 1500 },
		{ "100k", 102400 },   { "100kb", 102400 },
		{ "1.5MB", 1572864 }, { "8kbit", 1024 },
		{ "3g", 3221225472 }, { "4294967295", UINT32_MAX },
	};
	static const char *const bad[] = {
		"", "kb", "1kib", "none", "4gb", "4294967296", "1.5.5k"
	};
	uint32_t octets;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(size_read(good[i].word, &octets), 0);
		assert_int_equal(octets, good[i].octets);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(size_read(bad[i], &octets), -EINVAL);
}

static void test_what_is_printed_can_be_read(void **state)
{
	static const uint64_t values[] = { 1,     999,      1000,       1500,
		                           64000, 10000000, 1500000000, UINT64_MAX };
	char buffer[RATE_NAME_MAX];
	uint32_t octets;
	uint64_t bits;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		assert_int_equal(rate_read(rate_name(values[i], buffer), &bits), 0);
		assert_int_equal(bits, values[i]);
		assert_int_equal(size_read(size_name((uint32_t)values[i], buffer), &octets), 0);
		assert_int_equal(octets, (uint32_t)values[i]);
	}
	assert_string_equal(rate_name(10000000, buffer), "10Mbit");
	assert_string_equal(rate_name(1500000, buffer), "1500Kbit");
	assert_string_equal(rate_name(0, buffer), "none");
	assert_string_equal(size_name(102400, buffer), "100Kb");
	assert_string_equal(size_name(0, buffer), "0b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_what_is_printed_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
