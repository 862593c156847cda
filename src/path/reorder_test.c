/* SPDX-License-Identifier: BSD-2-Clause */
/* reorder_test.c - which numbers are expected, early or late, and what a session that goes on believes */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "path/reorder_story.h"

/* Requirements: RX-47 */
static void unnumbered_packets_pass(void **state)
{
	start(3, 0);
	story_goes("u u", "u u");
	start(3, 100);
	story_goes("u u", "u u");
	assert_false(reorder_holds(&story.r));
}

/* Requirements: SEQ-21 */
static void expected_numbers_pass(void **state)
{
	start(3, 0);
	story_goes("0 1 2 3", "0 1 2 3");
	assert_int_equal(story.r.nr, 4);
	counted(0, 0, 0);
}

/* Requirements: SEQ-21 */
static void numbers_wrap(void **state)
{
	for (uint32_t timeout = 0; timeout <= 100; timeout += 100) {
		start(2, timeout);
		story.r.nr = 65534;
		story_goes("65534 65535 0 1", "65534 65535 0 1");
		start(3, timeout);
		story.r.nr = 0xfffffe;
		story_goes("16777214 16777215 0 1", "16777214 16777215 0 1");
	}
}

/* Requirements: SEQ-2 */
static void old_and_delivered_numbers_are_errors_only(void **state)
{
	for (uint32_t timeout = 0; timeout <= 100; timeout += 100) {
		start(3, timeout);
		story_goes("0 1 2 2 0 1 3", "0 1 2 2x 0x 1x 3");
		counted(3, 0, 0);
	}
}

/* Requirements: SEQ-2 */
static void the_window_is_half_the_numbers(void **state)
{
	start(2, 100);
	story_goes("100 32868 32867", "100 32868x 32867h"); /* 101 + 0x7fff, 101 + 0x7ffe */
	start(3, 100);
	story_goes("100 8388708 8388707", "100 8388708x 8388707h"); /* 101 + 0x7fffff */
	counted(1, 0, 0);
}

/* Requirements: SEQ-3, Q-24 */
static void the_window_holds_for_the_first_packet_too(void **state)
{
	for (uint32_t timeout = 0; timeout <= 100; timeout += 100) {
		start(3, timeout);
		story_goes("8388607 8388606", "8388607x 8388606"); /* 0x7fffff */
		start(2, timeout);
		story_goes("32767 32766", "32767x 32766");
		counted(1, 0, 0);
	}
}

/* Requirements: SEQ-4 */
static void the_first_number_is_believed(void **state)
{
	start(3, 0);
	story_goes("500 501 503", "500 501 503x");
	counted(1, 1, 0);
}

/* Requirements: SEQ-4, Q-23 */
static void six_in_a_row_resynchronise(void **state)
{
	start(3, 0);
	story_goes("0 9 10 11 12 13 14 15", "0 9x 10x 11x 12x 13x 14 15");
	counted(5, 5, 0);
}

/* Requirements: SEQ-4 */
static void what_is_not_in_a_row_does_not(void **state)
{
	start(3, 0);
	story_goes("0 9 10 11 12 13 15 16 17 18 19 20",
	           "0 9x 10x 11x 12x 13x 15x 16x 17x 18x 19x 20");
	/* the expected number in between is delivered */
	start(3, 0);
	story_goes("0 2 3 1 2", "0 2x 3x 1 2");
}

/* Requirements: SEQ-5 */
static void the_row_is_not_broken_by_expected_numbers(void **state)
{
	start(3, 0);
	story_goes("0 9 10 11 1 12 13 2 14", "0 9x 10x 11x 1 12x 13x 2 14");
	/* nor begun anew by the resynchronisation: the next in the row counts at once */
	start(3, 0);
	story_goes("0 9 10 11 12 13 14", "0 9x 10x 11x 12x 13x 14");
	story.r.nr = 5;
	story_goes("15 16", "15 16");
}

static void the_record_carries_the_numbers_on(void **state)
{
	struct session_rx_record record = { 0 };

	start(3, 0);
	story_goes("0 1 9 10", "0 1 9x 10x");
	reorder_save(&story.r, &record);
	assert_int_equal(record.nr, 2);
	assert_int_equal(record.oos_last, 10);
	assert_int_equal(record.oos_count, 1);
	assert_int_equal(record.skip, false);
	assert_int_equal(record.held, 0);

	/* What came meanwhile is lost, so the next number is believed, if it is not an old one. */
	start(3, 0);
	reorder_resume(&story.r, &record);
	story_goes("1 30 31", "1x 30 31");
}

static void a_record_that_is_not_of_this_version_stays_in_range(void **state)
{
	const struct session_rx_record record = { .nr = 0xfffffff, .oos_last = UINT32_MAX };

	start(2, 0);
	reorder_resume(&story.r, &record);
	assert_int_equal(story.r.nr, 0xffff);
	assert_int_equal(story.r.oos_last, 0xffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unnumbered_packets_pass),
		cmocka_unit_test(expected_numbers_pass),
		cmocka_unit_test(numbers_wrap),
		cmocka_unit_test(old_and_delivered_numbers_are_errors_only),
		cmocka_unit_test(the_window_is_half_the_numbers),
		cmocka_unit_test(the_window_holds_for_the_first_packet_too),
		cmocka_unit_test(the_first_number_is_believed),
		cmocka_unit_test(six_in_a_row_resynchronise),
		cmocka_unit_test(what_is_not_in_a_row_does_not),
		cmocka_unit_test(the_row_is_not_broken_by_expected_numbers),
		cmocka_unit_test(the_record_carries_the_numbers_on),
		cmocka_unit_test(a_record_that_is_not_of_this_version_stays_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
