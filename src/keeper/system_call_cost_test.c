/* SPDX-License-Identifier: BSD-2-Clause */
/* system_call_cost_test.c - what a system call takes here, and whether that is much */
#include "keeper/system_call_cost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/monotonic.h"

#define CALLS 1000

/* Not less than nothing, and not more than calls take that count what else runs, too. */
static void test_what_one_takes_is_seen(void **state)
{
	const uint32_t ns = system_call_ns();
	const uint64_t began_ns = monotonic_ns();

	(void)state;
	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	assert_in_range(ns, 1, 4 * (monotonic_ns() - began_ns) / CALLS);
}

static void test_which_are_dear(void **state)
{
	(void)state;
	assert_false(system_calls_are_dear(120));
	assert_false(system_calls_are_dear(SYSTEM_CALL_DEAR_NS));
	assert_true(system_calls_are_dear(1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_one_takes_is_seen),
		cmocka_unit_test(test_which_are_dear),
	};

	return cmocka_run_group_tests_name("system_call_cost", tests, NULL, NULL);
}
