/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_test.c - what an engine may not wish for, and which kernels are not as others */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "keeper/fast_path_private.h"
#include "keeper/server.h"

/* Whatever its reason is, what comes with it is copied. Only an engine that is no longer ours would say so. */
static void test_a_header_that_is_too_long_is_refused(void **state)
{
	struct fast_path f = { .board.sessions = 1 };
	struct server *server = calloc(1, sizeof(*server));
	struct fast_wish wish = { .tx_header_len = FAST_HEADER_MAX,
		                  .rx_header_len = FAST_HEADER_MAX };

	assert_non_null(server);
	server->fast = &f;
	for (wish.reason = FAST_USED; wish.reason <= FAST_OFF; wish.reason++) {
		assert_int_equal(fast_path_session(server, 0, &wish), -ENOENT);
		wish.tx_header_len++;
		assert_int_equal(fast_path_session(server, 0, &wish), -EINVAL);
		wish.tx_header_len--;
		wish.rx_header_len = UINT32_MAX;
		assert_int_equal(fast_path_session(server, 0, &wish), -EINVAL);
		wish.rx_header_len = FAST_HEADER_MAX;
	}
	free(server);
}

static void test_numbers_that_are_none_are_refused(void **state)
{
	struct fast_path f = { .board.sessions = 1 };
	struct server *server = calloc(1, sizeof(*server));
	struct fast_wish wish = { .reason = FAST_REASONS };

	assert_non_null(server);
	server->fast = &f;
	assert_int_equal(fast_path_session(server, 0, &wish), -EINVAL);
	wish.reason = FAST_OFF;
	assert_int_equal(fast_path_session(server, 1, &wish), -EINVAL);
	server->fast = NULL;
	assert_int_equal(fast_path_session(server, 0, &wish), -EINVAL);
	free(server);
}

/* As Debian's kernels have it, whose 6.12 no longer has /sys/kernel/realtime. */
static void test_a_realtime_kernel_is_known(void **state)
{
	assert_true(fast_is_realtime("#1 SMP PREEMPT_RT Debian 6.12.41-1 (2025-08-12)", false));
	assert_false(
		fast_is_realtime("#1 SMP PREEMPT_DYNAMIC Debian 6.12.41-1 (2025-08-12)", false));
	assert_true(fast_is_realtime("#1 SMP PREEMPT RT", true));
	assert_false(fast_is_realtime("", false));
}

static void test_a_clock_of_a_time_namespace_is_known(void **state)
{
	assert_true(fast_clock_is_the_kernels("monotonic           0         0\n"
	                                      "boottime            0         0\n"));
	assert_true(fast_clock_is_the_kernels("monotonic           0         0\n"
	                                      "boottime         3600         0\n"));
	assert_false(fast_clock_is_the_kernels("monotonic        1000         0\n"
	                                       "boottime            0         0\n"));
	assert_false(fast_clock_is_the_kernels("monotonic          -1 999999999\n"));
	assert_false(fast_clock_is_the_kernels("monotonic           0         1\n"));
	assert_true(fast_clock_is_the_kernels(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_header_that_is_too_long_is_refused),
		cmocka_unit_test(test_numbers_that_are_none_are_refused),
		cmocka_unit_test(test_a_realtime_kernel_is_known),
		cmocka_unit_test(test_a_clock_of_a_time_namespace_is_known),
	};

	return cmocka_run_group_tests_name("fast_path", tests, NULL, NULL);
}
