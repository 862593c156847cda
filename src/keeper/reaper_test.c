/* SPDX-License-Identifier: BSD-2-Clause */
/* reaper_test.c - tests of reaper.c and delete_many.c, in network namespaces made for them */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "keeper/delete_many.h"
#include "keeper/link.h"
#include "keeper/reaper.h"
#include "keeper/tap.h"

struct fixture {
	struct netns_home home;
	struct reaper *reaper;
};

static int open_tap(const char *name)
{
	char got[IFNAMSIZ];

	return tap_open(name, got);
}

static int start(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	*state = f;
	if (!f)
		return -1;
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return 0;
	fd = open_tap("probe");
	if (fd < 0)
		return 0;
	close(fd);
	if (netns_home_open(&f->home) < 0)
		return -1;
	f->reaper = reaper_start(&f->home);
	return f->reaper ? 0 : -1;
}

static int stop(void **state)
{
	struct fixture *f = *state;

	if (f->reaper) {
		reaper_free(f->reaper);
		netns_home_close(&f->home);
	}
	free(f);
	return 0;
}

static struct fixture *started(void **state)
{
	struct fixture *f = *state;

	if (!f->reaper) {
		print_message("# needs root and /dev/net/tun: interfaces are made\n");
		skip();
	}
	return f;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* More than there are threads, each on the way while the next is made. How fast is printed.
 *
 * Requirements: TUN-42
 */
static void test_name_comes_again_and_again(void **state)
{
	enum { TIMES = 50 };
	struct fixture *f = started(state);
	double begin = seconds();

	for (int i = 0; i < TIMES; i++) {
		int fd = open_tap("again");

		assert_true(fd >= 0);
		assert_false(delete_is_done(fd));
		reaper_take(f->reaper, fd);
		assert_true(reaper_wait_names(f->reaper));
	}
	print_message("# the same name %.0f times a second\n", TIMES / (seconds() - begin));
}

/* Requirements: TUN-42 */
static void test_names_of_all_that_were_taken_are_free(void **state)
{
	enum { MANY = 100 };
	struct fixture *f = started(state);
	char name[IFNAMSIZ];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++) {
			snprintf(name, sizeof(name), "many%d", i);
			int fd = open_tap(name);

			assert_true(fd >= 0);
			reaper_take(f->reaper, fd);
		}
		reaper_wait_names(f->reaper);
		assert_false(reaper_wait_names(f->reaper));
	}
}

static void test_each_namespace_has_its_own(void **state)
{
	struct fixture *f = started(state);

	for (int i = 0; i < 5; i++) {
		int here = open_tap("same"), there;

		assert_int_equal(unshare(CLONE_NEWNET), 0);
		there = open_tap("same");
		assert_true(here >= 0 && there >= 0);
		reaper_take(f->reaper, here);
		reaper_take(f->reaper, there);
		assert_true(reaper_wait_names(f->reaper));
		there = open_tap("same");
		netns_go_home(&f->home);
		here = open_tap("same");
		assert_true(here >= 0 && there >= 0);
		reaper_take(f->reaper, here);
		reaper_take(f->reaper, there);
		reaper_wait_names(f->reaper);
	}
}

static void test_one_that_is_gone_is_not_waited_for(void **state)
{
	struct fixture *f = started(state);
	int fd = open_tap("gone"), link = link_socket();

	assert_true(fd >= 0 && link >= 0);
	assert_int_equal(link_set_group(link, "gone", 4711), 0);
	assert_int_equal(link_delete_group(link, 4711), 0);
	close(link);
	assert_true(delete_is_done(fd));
	reaper_take(f->reaper, fd);
	reaper_wait_names(f->reaper);
	reaper_rest(f->reaper);
	assert_int_equal(close(fd), -1);
}

/* As an interface when there is no memory for a request: closing it is all that can be done, and is waited for. */
static void test_what_can_not_be_deleted_is_closed(void **state)
{
	struct fixture *f = started(state);
	int pair[2];
	char c;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	reaper_take(f->reaper, pair[0]);
	assert_true(reaper_wait_names(f->reaper));
	assert_int_equal(read(pair[1], &c, 1), 0);
	close(pair[1]);
}

static void test_all_is_closed_at_rest(void **state)
{
	enum { MANY = 20 };
	struct fixture *f = started(state);
	int ends[MANY];
	char c;

	for (int i = 0; i < MANY; i++) {
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
		reaper_close(f->reaper, pair[0]);
		ends[i] = pair[1];
	}
	reaper_rest(f->reaper);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(read(ends[i], &c, 1), 0);
		close(ends[i]);
	}
}

static int threads(void)
{
	char line[80];
	int count = 0;
	FILE *f = fopen("/proc/self/status", "r");

	assert_non_null(f);
	while (count == 0 && fgets(line, sizeof(line), f))
		sscanf(line, "Threads: %d", &count);
	fclose(f);
	return count;
}

/* As before a fork: there is no thread, and what comes is done all the same. */
static void test_at_rest_there_is_no_thread(void **state)
{
	struct fixture *f = started(state);
	int before = threads(), pair[2];
	char c;

	for (int i = 0; i < 3; i++) {
		reaper_take(f->reaper, open_tap("first"));
		reaper_rest(f->reaper);
		assert_true(threads() < before);
		reaper_take(f->reaper, open_tap("first"));
		assert_false(reaper_wait_names(f->reaper));
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
		reaper_close(f->reaper, pair[0]);
		assert_int_equal(read(pair[1], &c, 1), 0);
		close(pair[1]);
		reaper_go_on(f->reaper);
		assert_int_equal(threads(), before);
	}
}

/* The namespace that the keeper is in just then is not kept by them. */
static void test_threads_are_at_home(void **state)
{
	struct fixture *f = started(state);
	struct stat home, task;
	struct dirent *entry;
	DIR *tasks;

	assert_int_equal(fstat(f->home.fd, &home), 0);
	reaper_rest(f->reaper);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	reaper_go_on(f->reaper);
	netns_go_home(&f->home);
	tasks = opendir("/proc/self/task");
	assert_non_null(tasks);
	while ((entry = readdir(tasks))) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "/proc/self/task/%s/ns/net", entry->d_name);
		for (int i = 0; entry->d_name[0] != '.'; i++) {
			assert_int_equal(stat(path, &task), 0);
			if (task.st_ino == home.st_ino)
				break;
			assert_true(i < 5000);
			usleep(1000);
		}
	}
	closedir(tasks);
}

/* Nobody waits: they go all the same, and what is left when the keeper ends goes then. */
static void test_the_end_deletes_what_is_left(void **state)
{
	struct fixture *f = started(state);
	int fd = open_tap("left");

	assert_true(fd >= 0);
	reaper_take(f->reaper, fd);
	reaper_free(f->reaper);
	f->reaper = reaper_start(&f->home);
	assert_non_null(f->reaper);
	fd = open_tap("left");
	assert_true(fd >= 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_name_comes_again_and_again, start, stop),
		cmocka_unit_test_setup_teardown(test_names_of_all_that_were_taken_are_free, start,
		                                stop),
		cmocka_unit_test_setup_teardown(test_each_namespace_has_its_own, start, stop),
		cmocka_unit_test_setup_teardown(test_one_that_is_gone_is_not_waited_for, start,
		                                stop),
		cmocka_unit_test_setup_teardown(test_what_can_not_be_deleted_is_closed, start,
		                                stop),
		cmocka_unit_test_setup_teardown(test_all_is_closed_at_rest, start, stop),
		cmocka_unit_test_setup_teardown(test_at_rest_there_is_no_thread, start, stop),
		cmocka_unit_test_setup_teardown(test_threads_are_at_home, start, stop),
		cmocka_unit_test_setup_teardown(test_the_end_deletes_what_is_left, start, stop),
	};

	return cmocka_run_group_tests_name("reaper", tests, NULL, NULL);
}
