/* SPDX-License-Identifier: BSD-2-Clause */
/* reverse_path_test.c - the settings of a namespace of the test's own, and settings that can not be read */
#include "keeper/reverse_path.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define LOOPBACK 1 /* the ifindex of lo, in each namespace */

static void set(const char *path, char value)
{
	AUTO_FD fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, &value, 1), 1);
}

static void set_both(char all, char here)
{
	set("/proc/sys/net/ipv4/conf/all/rp_filter", all);
	set("/proc/sys/net/ipv4/conf/lo/rp_filter", here);
}

static void begin(void)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(unshare(CLONE_NEWNET), 0);
}

static void either_setting_will_do(void **state)
{
	begin();
	set_both('0', '0');
	assert_false(reverse_path_filters(LOOPBACK));
	set_both('2', '0');
	assert_false(reverse_path_filters(LOOPBACK));
	set_both('1', '0');
	assert_true(reverse_path_filters(LOOPBACK));
	set_both('0', '1');
	assert_true(reverse_path_filters(LOOPBACK));
}

/* What is said of lo in a process in which @call fails. */
static bool filters_without(int call)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

		if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENFILE), call, 0) < 0 ||
		    seccomp_load(filter) < 0)
			_exit(2);
		_exit(reverse_path_filters(LOOPBACK));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status);
}

/* The name of an interface takes a descriptor, too. */
static void what_can_not_be_read_may_be_set(void **state)
{
	begin();
	set_both('0', '0');
	assert_false(filters_without(SCMP_SYS(acct)));
	assert_true(filters_without(SCMP_SYS(openat)));
	assert_true(filters_without(SCMP_SYS(socket)));
	assert_true(filters_without(SCMP_SYS(read)));
	assert_true(reverse_path_filters(INT32_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(either_setting_will_do),
		cmocka_unit_test(what_can_not_be_read_may_be_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
