/* SPDX-License-Identifier: BSD-2-Clause */
/* holders_test.c - tests of holders.c with children that hold sockets */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "process/holders.h"

/* A child that has a copy of @fd as @number, if it is not 0, until it is ended. */
static pid_t holder(int fd, int number)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (number)
			dup2(fd, number);
		close(fd);
		close(ready[0]);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 0);
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* A socket that only the child @ret holds, as 100. */
static pid_t given_away(struct held_socket *s)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(held_socket_of(fd, s), 0);
	pid = holder(fd, 100);
	close(fd);
	return pid;
}

static bool is_socket(int fd, const struct held_socket *s)
{
	struct held_socket seen;

	return held_socket_of(fd, &seen) == 0 && seen.ino == s->ino && seen.cookie == s->cookie;
}

static void a_socket_is_found_and_the_place_remembered(void **state)
{
	struct held_socket s;
	pid_t pid = given_away(&s);
	AUTO_FD found = held_socket_get(&s);

	assert_true(found >= 0);
	assert_true(is_socket(found, &s));
	assert_int_equal(s.pid, pid);
	assert_int_equal(s.number, 100);
	end(pid);
}

static void a_wrong_hint_costs_a_search(void **state)
{
	struct held_socket s;
	pid_t pid = given_away(&s);
	AUTO_FD first = -1;
	AUTO_FD second = -1;

	s.pid = pid;
	s.number = 99;
	first = held_socket_get(&s);
	assert_true(first >= 0);
	assert_int_equal(s.number, 100);
	s.pid = pid;
	s.number = -1;
	second = held_socket_get(&s);
	assert_true(is_socket(second, &s));
	assert_int_equal(s.pid, pid);
	end(pid);
}

static void another_socket_at_the_place_is_not_taken(void **state)
{
	struct held_socket s, other;
	pid_t pid = given_away(&s), second = given_away(&other);
	AUTO_FD found = -1;

	s.pid = second;
	s.number = 100;
	found = held_socket_get(&s);
	assert_true(is_socket(found, &s));
	assert_int_equal(s.pid, pid);
	s.cookie++; /* as if the inode's number had come to name another socket */
	assert_true(holders_take(&s, pid, 100) == -ESRCH);
	end(pid);
	end(second);
}

static void what_nobody_holds_is_not_found(void **state)
{
	struct held_socket s;
	pid_t pid = given_away(&s);

	s.pid = pid;
	s.number = 100;
	end(pid);
	/* -EPERM where processes of others may not be looked at. */
	assert_int_equal(held_socket_get(&s), geteuid() == 0 ? -ESRCH : -EPERM);
}

static void our_own_copy_does_not_count(void **state)
{
	AUTO_FD fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct held_socket s;

	assert_int_equal(held_socket_of(fd, &s), 0);
	assert_true(held_socket_get(&s) < 0);
}

static int lowest_free(void)
{
	const int fd = open("/", O_PATH | O_CLOEXEC);

	close(fd);
	return fd;
}

static bool see_nothing(void *arg, pid_t pid, int number, ino_t socket)
{
	return true;
}

/* With none left, with one for /proc, with one more for a process; with two more there is one for its descriptors. */
static void who_could_not_be_looked_into_may_hold_it(void **state)
{
	struct rlimit before, few;
	bool all[4];

	if (geteuid() != 0)
		skip();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (unsigned int left = 0; left < ARRAY_SIZE(all); left++) {
		few = before;
		few.rlim_cur = (rlim_t)lowest_free() + left;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		all[left] = holders_walk(see_nothing, NULL);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	}
	assert_false(all[0]);
	assert_false(all[1]);
	assert_false(all[2]);
	assert_true(all[3]);
}

/* Whether all was seen in a process for which the system has no memory at each @call. */
static bool walk_without_memory(int call)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

		if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOMEM), call, 0) < 0 ||
		    seccomp_load(filter) < 0)
			_exit(2);
		_exit(holders_walk(see_nothing, NULL));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status);
}

static void what_could_not_be_read_may_be_it(void **state)
{
	if (geteuid() != 0)
		skip();
	assert_true(walk_without_memory(SCMP_SYS(acct)));
	assert_false(walk_without_memory(SCMP_SYS(getdents64)));
	assert_false(walk_without_memory(SCMP_SYS(readlinkat)));
}

static void a_process_that_is_skipped_does_not_count(void **state)
{
	struct held_socket s;
	pid_t pid = given_away(&s);

	s.skip = pid;
	assert_true(held_socket_get(&s) < 0);
	end(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_is_found_and_the_place_remembered),
		cmocka_unit_test(a_wrong_hint_costs_a_search),
		cmocka_unit_test(another_socket_at_the_place_is_not_taken),
		cmocka_unit_test(what_nobody_holds_is_not_found),
		cmocka_unit_test(our_own_copy_does_not_count),
		cmocka_unit_test(who_could_not_be_looked_into_may_hold_it),
		cmocka_unit_test(what_could_not_be_read_may_be_it),
		cmocka_unit_test(a_process_that_is_skipped_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
