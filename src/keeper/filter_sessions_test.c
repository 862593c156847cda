/* SPDX-License-Identifier: BSD-2-Clause */
/* filter_sessions_test.c - order and uniqueness of what stands in a filter */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "keeper/filter_sessions.h"

static struct divert_session v3(uint32_t id, uint8_t least)
{
	return (struct divert_session){ .version = 3, .session_id = id, .least = least };
}

static struct divert_session v2(uint32_t conn_id, uint32_t id)
{
	return (struct divert_session){ .version = 2, .conn_id = conn_id, .session_id = id };
}

static void add(struct filter_sessions *all, struct divert_session s, int expected)
{
	assert_int_equal(filter_sessions_add(all, &s), expected);
}

static void assert_ascending(const struct filter_sessions *all)
{
	for (size_t i = 1; i < all->count; i++)
		assert_true(filter_session_compare(&all->at[i - 1], &all->at[i]) < 0);
}

static void whatever_the_order_they_come_in(void **state)
{
	struct filter_sessions all = { 0 };

	for (uint32_t i = 0; i < 100; i++) {
		add(&all, v3(i * 37 % 101, 8), 1);
		add(&all, v2(1, i * 31 % 101), 1);
	}
	assert_int_equal(all.count, 200);
	assert_ascending(&all);
	filter_sessions_release(&all);
}

/* A new engine says again what the one before it said. */
static void the_same_again_changes_nothing(void **state)
{
	struct filter_sessions all = { 0 };

	add(&all, v3(5, 8), 1);
	add(&all, v3(5, 8), 0);
	add(&all, v3(5, 16), 1);
	assert_int_equal(all.count, 1);
	assert_int_equal(all.at[0].least, 16);
	filter_sessions_release(&all);
}

static void of_version_2_the_low_16_bits_count(void **state)
{
	struct filter_sessions all = { 0 };
	const struct divert_session s = v2(0x30005, 0x40006);

	add(&all, s, 1);
	add(&all, v2(5, 6), 0);
	assert_int_equal(all.at[0].key, 0x00050006);
	assert_true(filter_sessions_remove(&all, &s));
	assert_false(filter_sessions_remove(&all, &s));
	assert_int_equal(all.count, 0);
	filter_sessions_release(&all);
}

static void two_sets_become_one(void **state)
{
	struct filter_sessions a = { 0 }, b = { 0 }, both;

	add(&a, v3(1, 8), 1);
	add(&a, v3(3, 8), 1);
	add(&b, v2(9, 9), 1);
	add(&b, v3(3, 20), 1);
	add(&b, v3(4, 8), 1);
	assert_int_equal(filter_sessions_merge(&a, &b, &both), 0);
	assert_int_equal(both.count, 4);
	assert_ascending(&both);
	assert_int_equal(both.at[2].least, 8);
	filter_sessions_release(&a);
	filter_sessions_release(&b);
	filter_sessions_release(&both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_the_order_they_come_in),
		cmocka_unit_test(the_same_again_changes_nothing),
		cmocka_unit_test(of_version_2_the_low_16_bits_count),
		cmocka_unit_test(two_sets_become_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
