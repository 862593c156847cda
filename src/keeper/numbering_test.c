/* SPDX-License-Identifier: BSD-2-Clause */
/* numbering_test.c - tests of numbering.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "keeper/numbering.h"

static const struct netns_id here = { .cookie = 7 };

static void nothing_is_known_at_first(void **state)
{
	struct numbering n = { 0 };
	char name[IFNAMSIZ];

	assert_false(numbering_guess(&n, here, "l2tpeth%d", 0, name));
	assert_false(numbering_guess(&n, here, "l2tpeth%d", 1000, name));
}

static void the_next_of_a_row_is_one_more(void **state)
{
	struct numbering n = { 0 };
	char name[IFNAMSIZ];

	numbering_note(&n, here, "l2tpeth%d", "l2tpeth9", 1000);
	assert_true(numbering_guess(&n, here, "l2tpeth%d", 1000 + NUMBERING_ROW_MS, name));
	assert_string_equal(name, "l2tpeth10");
	numbering_note(&n, here, "a%db", "a41b", 1000);
	assert_true(numbering_guess(&n, here, "a%db", 1000, name));
	assert_string_equal(name, "a42b");
}

static void only_the_same_row_is_guessed(void **state)
{
	const struct netns_id there = { .cookie = 8 };
	struct numbering n = { 0 };
	char name[IFNAMSIZ];

	numbering_note(&n, here, "l2tpeth%d", "l2tpeth9", 1000);
	assert_false(numbering_guess(&n, there, "l2tpeth%d", 1000, name));
	assert_false(numbering_guess(&n, here, "x%d", 1000, name));
	assert_false(numbering_guess(&n, here, "l2tpeth%d", 1001 + NUMBERING_ROW_MS, name));
	assert_false(numbering_guess(&n, here, "l2tpeth", 1000, name));
}

static void a_given_name_changes_nothing(void **state)
{
	struct numbering n = { 0 };
	char name[IFNAMSIZ];

	numbering_note(&n, here, "l2tpeth%d", "l2tpeth9", 1000);
	numbering_note(&n, here, "wan0", "wan0", 1000);
	assert_true(numbering_guess(&n, here, "l2tpeth%d", 1000, name));
	assert_string_equal(name, "l2tpeth10");
}

static void a_number_that_became_free_ends_the_row(void **state)
{
	struct numbering n = { 0 };
	char name[IFNAMSIZ];

	numbering_note(&n, here, "l2tpeth%d", "l2tpeth9", 1000);
	numbering_forget(&n);
	assert_false(numbering_guess(&n, here, "l2tpeth%d", 1000, name));
}

static void a_name_that_is_too_long_is_not_guessed(void **state)
{
	struct numbering n = { 0 };
	char name[IFNAMSIZ];

	numbering_note(&n, here, "abcdefghijkl%d", "abcdefghijkl999", 1000);
	assert_false(numbering_guess(&n, here, "abcdefghijkl%d", 1000, name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_at_first),
		cmocka_unit_test(the_next_of_a_row_is_one_more),
		cmocka_unit_test(only_the_same_row_is_guessed),
		cmocka_unit_test(a_given_name_changes_nothing),
		cmocka_unit_test(a_number_that_became_free_ends_the_row),
		cmocka_unit_test(a_name_that_is_too_long_is_not_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
