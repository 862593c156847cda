/* SPDX-License-Identifier: BSD-2-Clause */
/* guard_test.c - tests of guard.c and guard_process.c
 *
 * Three processes besides the guard: the test, a program that holds sockets, and a keeper that is killed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/classic.h"
#include "keeper/guard.h"
#include "keeper/raw_filter.h"

#define SOCKETS 3
#define TIME_MS 10000

/* Sockets with a filter that drops everything; the far ends are the test's, the near ones the program's. */
struct sockets {
	int far[SOCKETS];
	struct held_socket near[SOCKETS];
	pid_t program;
	int answers; /* from the program: a number for each datagram that reaches it */
};

static struct classic nothing;

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Never returns. */
static void program_run(const int near[SOCKETS], int answers)
{
	struct pollfd fds[SOCKETS];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < SOCKETS; i++)
		fds[i] = (struct pollfd){ .fd = near[i], .events = POLLIN };
	while (poll(fds, SOCKETS, -1) > 0)
		for (char i = 0; i < SOCKETS; i++) {
			char octet;

			if (fds[(int)i].revents && recv(near[(int)i], &octet, 1, 0) == 1 &&
			    write(answers, &i, 1) != 1)
				_exit(1);
		}
	_exit(0);
}

static int set_up(void **state)
{
	struct sockets *s = calloc(1, sizeof(*s));
	int near[SOCKETS], answers[2];

	filter_build_nothing(&nothing);
	assert_int_equal(pipe(answers), 0);
	for (int i = 0; i < SOCKETS; i++) {
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
		s->far[i] = pair[0];
		near[i] = pair[1];
		assert_int_equal(classic_attach(&nothing, near[i]), 0);
		assert_int_equal(held_socket_of(near[i], &s->near[i]), 0);
	}
	s->program = fork();
	if (s->program == 0)
		program_run(near, answers[1]);
	close(answers[1]);
	s->answers = answers[0];
	for (int i = 0; i < SOCKETS; i++)
		close(near[i]);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct sockets *s = *state;

	end(s->program);
	close(s->answers);
	for (int i = 0; i < SOCKETS; i++)
		close(s->far[i]);
	free(s);
	return 0;
}

/* Whether a datagram reaches the program through socket @i within @ms; sent again and again. */
static bool reaches(const struct sockets *s, char i, int ms)
{
	struct pollfd answer = { .fd = s->answers, .events = POLLIN };

	for (int waited = 0; waited <= ms; waited += 20) {
		char got;

		assert_int_equal(send(s->far[(int)i], "x", 1, 0), 1);
		while (poll(&answer, 1, 20) == 1 && read(s->answers, &got, 1) == 1)
			if (got == i)
				return true;
	}
	return false;
}

/* A process that guards all sockets but the last, until it is killed. *@guard: its guard. */
static pid_t keeper_start(const struct sockets *s, pid_t *guard)
{
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct guard *g = guard_new(SOCKETS, NULL);
		uint32_t place;

		prctl(PR_SET_PDEATHSIG, SIGKILL); /* of a test that failed */
		for (int i = 0; i < SOCKETS; i++)
			guard_add(g, NULL, &s->near[i], &place);
		guard_remove(g, place);
		pid = guard_pid(g);
		if (write(ready[1], &pid, sizeof(pid)) != sizeof(pid))
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], guard, sizeof(*guard)), sizeof(*guard));
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void wait_until_gone(pid_t pid)
{
	AUTO_FD process = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd fd = { .fd = process, .events = POLLIN };

	if (process >= 0)
		assert_int_equal(poll(&fd, 1, TIME_MS), 1);
}

static void a_killed_keepers_sockets_are_freed(void **state)
{
	struct sockets *s = *state;
	pid_t guard, keeper = keeper_start(s, &guard);

	assert_false(reaches(s, 0, 60));
	end(keeper);
	assert_true(reaches(s, 0, 2000));
	assert_true(reaches(s, 1, 2000));
	assert_false(reaches(s, 2, 60));
	wait_until_gone(guard);
}

/* The number of sockets and pipes that process @pid holds, its standard streams and its own pipe aside. Files are opened and
 * closed again by the library that gives up capabilities. */
static int descriptors_of(pid_t pid)
{
	struct dirent *entry;
	char path[64], target[16];
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (atoi(entry->d_name) > 3 &&
		    readlinkat(dirfd(dir), entry->d_name, target, sizeof(target)) > 0 &&
		    (!strncmp(target, "socket:", 7) || !strncmp(target, "pipe:", 5)))
			count++;
	closedir(dir);
	return count;
}

/* From its first moment on: else it would be found as one that holds a program's socket. */
static void a_guard_holds_nothing(void **state)
{
	struct sockets *s = *state;
	pid_t guard, keeper = keeper_start(s, &guard);

	assert_int_equal(descriptors_of(guard), 0);
	end(keeper);
	wait_until_gone(guard);
}

static void a_guard_ignores_signals_to_the_whole_group(void **state)
{
	struct sockets *s = *state;
	pid_t guard, keeper = keeper_start(s, &guard);

	kill(guard, SIGTERM);
	kill(guard, SIGINT);
	kill(guard, SIGHUP);
	end(keeper);
	assert_true(reaches(s, 0, 2000));
	wait_until_gone(guard);
}

static void in_the_orderly_case_it_ends_and_does_nothing(void **state)
{
	struct sockets *s = *state;
	struct guard *g = guard_new(SOCKETS, NULL);
	uint32_t place;
	pid_t pid;

	assert_int_equal(guard_pid(g), 0);
	assert_int_equal(guard_add(g, NULL, &s->near[0], &place), 0);
	pid = guard_pid(g);
	assert_true(pid > 0);
	guard_free(g);
	assert_int_equal(kill(pid, 0), -1);
	assert_false(reaches(s, 0, 60));
}

static void places_are_used_again(void **state)
{
	struct sockets *s = *state;
	struct guard *g = guard_new(2, NULL);
	uint32_t place[3];

	assert_int_equal(guard_add(g, NULL, &s->near[0], &place[0]), 0);
	assert_int_equal(guard_add(g, NULL, &s->near[1], &place[1]), 0);
	assert_int_equal(guard_add(g, NULL, &s->near[2], &place[2]), -ENFILE);
	guard_remove(g, place[0]);
	assert_int_equal(guard_add(g, NULL, &s->near[2], &place[2]), 0);
	assert_int_equal(place[2], place[0]);
	guard_free(g);
}

static void a_killed_guard_is_replaced(void **state)
{
	struct sockets *s = *state;
	struct guard *g = guard_new(1, NULL);
	uint32_t place;
	pid_t first;

	assert_int_equal(guard_add(g, NULL, &s->near[0], &place), 0);
	first = guard_pid(g);
	guard_look(g, NULL);
	assert_int_equal(guard_pid(g), first);
	kill(first, SIGKILL);
	wait_until_gone(first);
	guard_look(g, NULL);
	assert_true(guard_pid(g) > 0 && guard_pid(g) != first);
	guard_free(g);
}

#define WITH_SOCKETS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SOCKETS(a_killed_keepers_sockets_are_freed),
		WITH_SOCKETS(a_guard_holds_nothing),
		WITH_SOCKETS(a_guard_ignores_signals_to_the_whole_group),
		WITH_SOCKETS(in_the_orderly_case_it_ends_and_does_nothing),
		WITH_SOCKETS(places_are_used_again),
		WITH_SOCKETS(a_killed_guard_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
