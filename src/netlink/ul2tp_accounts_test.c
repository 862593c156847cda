/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_accounts_test.c - counters and drops by reason, written and read */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/ul2tp_accounts.h"

static void counters_and_the_reasons_that_occurred_are_written(void **state)
{
	const struct ul2tp_accounts accounts = {
		.counters = { 0, 1, 2, 3, 4, 5, 6, 7, 8 },
		.rx_drops = { 2, { { "cookie", "wrong", 9 }, { "unused", "never", 0 } } },
	};
	uint8_t room[512];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_accounts_put(&w, &accounts);
	assert_written(&w, "64000d80 0c000100 0100000000000000 0c000200 0200000000000000"
	                   "0c000300 0300000000000000 0c000400 0400000000000000"
	                   "0c000500 0500000000000000 0c000600 0600000000000000"
	                   "0c000700 0700000000000000 0c000800 0800000000000000"
	                   "2c000e80 28000180 0b000200 636f6f6b696500 00 0a000300 77726f6e6700 0000"
	                   "0c000400 0900000000000000"
	                   "04000f80");
}

static void what_is_missing_or_strange_in_counters_reads_as_zero(void **state)
{
	struct octets o =
		octets("08000100 11111111 0c000d00 2222222222222222 0c000000 2222222222222222"
	               "0c000800 0800000000000000");
	uint64_t counters[UL2TP_COUNTER_MAX_PLUS_1];

	ul2tp_counters_read(octets_reader(&o), counters);
	for (size_t n = 1; n < UL2TP_COUNTER_RX_REORDERED; n++)
		assert_int_equal(counters[n], 0);
	assert_int_equal(counters[UL2TP_COUNTER_RX_REORDERED], 8);
	for (size_t n = UL2TP_COUNTER_RX_REORDERED + 1; n < UL2TP_COUNTER_MAX_PLUS_1; n++)
		assert_int_equal(counters[n], 0);
}

static void drops_are_read(void **state)
{
	/* an attribute of a later release, then a row with words and one without */
	struct octets o = octets("08000900 00000000"
	                         "28000180 0b000200 636f6f6b696500 00 0a000300 77726f6e6700 0000"
	                         "0c000400 0900000000000000 0c000180 06000200 7800 0000");
	struct ul2tp_drops drops;

	assert_int_equal(ul2tp_drops_read(octets_reader(&o), &drops), 0);
	assert_int_equal(drops.count, 2);
	assert_string_equal(drops.rows[0].name, "cookie");
	assert_string_equal(drops.rows[0].words, "wrong");
	assert_int_equal(drops.rows[0].packets, 9);
	assert_string_equal(drops.rows[1].name, "x");
	assert_string_equal(drops.rows[1].words, "");
	assert_int_equal(drops.rows[1].packets, 0);
}

static void malformed_drops_are_not_taken(void **state)
{
	static const char *const cases[] = {
		"04000180",                                      /* no name */
		"0c000180 08000200 61626364",                    /* no NUL */
		"14000180 06000200 7800 0000 08000400 01000000", /* a short number */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct octets o = octets(cases[i]);
		struct ul2tp_drops drops;

		assert_int_equal(ul2tp_drops_read(octets_reader(&o), &drops), -EBADMSG);
	}
}

static void more_drops_than_fit_are_left_out(void **state)
{
	static struct ul2tp_drops drops;
	uint8_t room[OCTETS_MAX];
	struct writer w = writer_over(room, sizeof(room));

	for (int i = 0; i < UL2TP_DROPS_MAX + 5; i++) {
		size_t row = attribute_nest_begin(&w, UL2TP_DROP | NLA_F_NESTED);

		attribute_put_string(&w, UL2TP_DROP_NAME, "x");
		attribute_nest_end(&w, row);
	}
	assert_false(w.failed);
	assert_int_equal(ul2tp_drops_read(reader_over(room, write_len(&w)), &drops), 0);
	assert_int_equal(drops.count, UL2TP_DROPS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_and_the_reasons_that_occurred_are_written),
		cmocka_unit_test(what_is_missing_or_strange_in_counters_reads_as_zero),
		cmocka_unit_test(drops_are_read),
		cmocka_unit_test(malformed_drops_are_not_taken),
		cmocka_unit_test(more_drops_than_fit_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
