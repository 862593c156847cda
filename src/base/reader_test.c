/* SPDX-License-Identifier: BSD-2-Clause */
/* reader_test.c - readers and writers at and past their ends */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/reader.h"
#include "base/writer.h"

static void reads_network_order(void **state)
{
	const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7 };
	struct reader r = reader_over(bytes, sizeof(bytes));

	assert_int_equal(read_u8(&r), 1);
	assert_int_equal(read_u16(&r), 0x0203);
	assert_int_equal(read_u32(&r), 0x04050607);
	assert_false(r.failed);
	assert_int_equal(read_left(&r), 0);
}

static void past_the_end_is_zero_and_stays_failed(void **state)
{
	const uint8_t bytes[] = { 9, 9, 9 };
	struct reader r = reader_over(bytes, sizeof(bytes));

	assert_int_equal(read_u32(&r), 0);
	assert_true(r.failed);
	assert_int_equal(read_u8(&r), 0);
	assert_true(r.failed);
}

static void a_sub_reader_cannot_leave_its_range(void **state)
{
	const uint8_t bytes[] = { 1, 2, 3, 4 };
	struct reader r = reader_over(bytes, sizeof(bytes));
	struct reader sub = read_sub(&r, 2);

	assert_int_equal(read_u16(&sub), 0x0102);
	assert_int_equal(read_u8(&sub), 0);
	assert_true(sub.failed);
	assert_false(r.failed);
	assert_int_equal(read_u16(&r), 0x0304);

	sub = read_sub(&r, 1);
	assert_true(sub.failed);
	assert_true(r.failed);
}

static void a_full_writer_fails_and_writes_nothing_more(void **state)
{
	uint8_t bytes[4] = { 0 };
	struct writer w = writer_over(bytes, 3);

	write_u16(&w, 0x0102);
	write_u16(&w, 0x0304);
	assert_true(w.failed);
	write_u8(&w, 5);
	assert_int_equal(write_len(&w), 2);
	assert_int_equal(bytes[2], 0);
}

/* A build with sanitizers says if NULL is added to. */
static void nothing_may_be_nowhere(void **state)
{
	struct reader r = reader_over(NULL, 0);

	assert_int_equal(read_left(&r), 0);
	assert_int_equal(read_u8(&r), 0);
	assert_true(r.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_network_order),
		cmocka_unit_test(past_the_end_is_zero_and_stays_failed),
		cmocka_unit_test(nothing_may_be_nowhere),
		cmocka_unit_test(a_sub_reader_cannot_leave_its_range),
		cmocka_unit_test(a_full_writer_fails_and_writes_nothing_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
