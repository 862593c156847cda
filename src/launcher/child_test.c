/* SPDX-License-Identifier: BSD-2-Clause */
/* child_test.c - what a child brings back, and that nobody of the namespace it enters can look into it */
#include "launcher/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static int open_null(void *arg, int *fd)
{
	*fd = open("/dev/null", O_RDONLY);
	return *(int *)arg;
}

static int is_dumpable(void *arg, int *fd)
{
	return prctl(PR_GET_DUMPABLE);
}

static int is_killed(void *arg, int *fd)
{
	return raise(SIGKILL);
}

static void test_a_result_and_a_descriptor(void **state)
{
	int wanted = 7, fd = -1;

	assert_int_equal(child_run(open_null, &wanted, &fd), 7);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(child_run(open_null, &wanted, NULL), 7);
}

static void test_one_that_is_killed(void **state)
{
	assert_int_equal(child_run(is_killed, NULL, NULL), -ECHILD);
}

static void test_nobody_can_trace_it(void **state)
{
	assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
	assert_int_equal(child_run(is_dumpable, NULL, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_result_and_a_descriptor),
		cmocka_unit_test(test_one_that_is_killed),
		cmocka_unit_test(test_nobody_can_trace_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
