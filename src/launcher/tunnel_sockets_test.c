/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel_sockets_test.c - a program that closes and makes tunnels for months; fails if the table fills up with what it closed */
#include "launcher/tunnel_sockets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define KEPT  2000 /* sockets that live all the time */
#define FIRST 45583135u

static uint64_t newest;
static bool sees_all = true;

/* The first ones, and the last hundred of those that came since. */
static bool walk(void (*see)(void *arg, uint64_t ino), void *arg)
{
	for (uint64_t ino = FIRST; ino < FIRST + KEPT; ino++)
		see(arg, ino);
	for (uint64_t ino = newest - 100; ino <= newest; ino++)
		see(arg, ino);
	return sees_all;
}

static struct tunnel_sockets *full_life(uint64_t count)
{
	struct tunnel_sockets *all = calloc(1, sizeof(*all));

	assert_non_null(all);
	for (uint64_t i = 0; i < count; i++) {
		newest = FIRST + i;
		tunnel_sockets_add(all, newest);
		if (i % 1000 == 999)
			tunnel_sockets_collect(all, walk);
	}
	return all;
}

static unsigned int known(struct tunnel_sockets *all, uint64_t from, uint64_t count)
{
	unsigned int found = 0;

	for (uint64_t ino = from; ino < from + count; ino++)
		found += tunnel_sockets_has(all, ino);
	return found;
}

static void sockets_that_live_are_known_after_many_that_went(void **state)
{
	struct tunnel_sockets *all = full_life(500000);

	assert_int_equal(known(all, FIRST, KEPT), KEPT);
	assert_int_equal(known(all, newest - 100, 101), 101);
	assert_true(known(all, FIRST + KEPT, 400000) < 100);
	free(all);
}

static void where_not_all_can_be_seen_none_is_taken_out(void **state)
{
	struct tunnel_sockets *all;

	sees_all = false;
	all = full_life(20000);
	sees_all = true;
	assert_int_equal(known(all, FIRST, 20000), 20000);
	free(all);
}

static void one_that_is_removed_hides_no_other(void **state)
{
	struct tunnel_sockets *all = full_life(40000);

	for (uint64_t ino = newest - 100; ino <= newest; ino += 2)
		tunnel_sockets_remove(all, ino);
	assert_int_equal(known(all, newest - 100, 101), 50);
	assert_int_equal(known(all, FIRST, KEPT), KEPT);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_that_live_are_known_after_many_that_went),
		cmocka_unit_test(where_not_all_can_be_seen_none_is_taken_out),
		cmocka_unit_test(one_that_is_removed_hides_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
