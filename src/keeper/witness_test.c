/* SPDX-License-Identifier: BSD-2-Clause */
/* witness_test.c - whom a search does not find has gone only if it could look everywhere */
#include "keeper/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The number of no namespace. */
#define NOWHERE 1

static bool search(void)
{
	struct witness w = { .ino = NOWHERE, .process = -1 }, *wanted = &w;
	const pid_t skip[2] = { getpid(), 0 };

	return witness_search(&wanted, 1, skip);
}

/* Whether a process in which @call fails with @err believes its search. */
static bool believes(int err, int call)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

		if (!filter ||
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)err), call, 0) < 0 ||
		    seccomp_load(filter) < 0)
			_exit(2);
		_exit(search());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status);
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

static void one_that_could_look_is_believed(void **state)
{
	need_root();
	assert_true(search());
	assert_true(believes(EACCES, SCMP_SYS(readlinkat)));
}

static void one_without_memory_is_not(void **state)
{
	need_root();
	assert_false(believes(ENOMEM, SCMP_SYS(readlinkat)));
	assert_false(believes(ENOMEM, SCMP_SYS(getdents64)));
	assert_false(believes(ENFILE, SCMP_SYS(openat)));
}

/* Nor is one that was told of anything else that is no answer. */
static void one_that_could_not_read_is_not(void **state)
{
	need_root();
	assert_false(believes(EINTR, SCMP_SYS(read)));
	assert_false(believes(EIO, SCMP_SYS(read)));
	assert_false(believes(EIO, SCMP_SYS(getdents64)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_could_look_is_believed),
		cmocka_unit_test(one_without_memory_is_not),
		cmocka_unit_test(one_that_could_not_read_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
