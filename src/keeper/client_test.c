/* SPDX-License-Identifier: BSD-2-Clause */
/* client_test.c - who may ask for changes (NL-12) */
#include "keeper/test_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

struct fixture {
	struct test_daemon daemon;
	int netns;
};

static int start(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || geteuid() != 0)
		return 0;
	if (!test_daemon_start(&f->daemon))
		return -1;
	f->netns = test_netns();
	return f->netns < 0 ? -1 : 0;
}

static int stop(void **state)
{
	struct fixture *f = *state;
	int status = 0;

	if (f->daemon.pid > 0) {
		close(f->netns);
		status = test_daemon_stop(&f->daemon);
	}
	free(f);
	return status;
}

static void need_root(void)
{
	if (geteuid() != 0) {
		print_message("# needs root: namespaces and users are changed\n");
		skip();
	}
}

/* What the engine was answered about the rights of who sends on @connection; 1: no answer came. */
static int check(int connection, bool over_daemon)
{
	struct order order = { .kind = ORDER_CHECK, .over_daemon = over_daemon };
	struct result result;

	return test_order(connection, &order, &result) ? result.err : 1;
}

/* Run @act in a child and give its answer: a negative errno, 0, or 1 if something went wrong before. */
static int in_child(int (*act)(struct fixture *f, int connection), struct fixture *f,
                    int connection)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(-act(f, connection) & 0xff);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(65534, 65534, 65534) < 0 ||
	    setresuid(65534, 65534, 65534) < 0)
		_exit(99);
}

static int connect_as_nobody(struct fixture *f, int connection)
{
	become_nobody();
	return check(test_connect(&f->daemon), false);
}

/* The keeper asks for itself: an engine that forgot to ask, or does not want to, gets nothing. */
static int make_device_as_nobody(struct fixture *f, int connection)
{
	struct order order = { .kind = ORDER_DEVICE, .mtu.otherwise_bytes = 1446 };
	struct result result;

	become_nobody();
	return test_order(test_connect(&f->daemon), &order, &result) ? result.err : 99;
}

static int send_as_nobody(struct fixture *f, int connection)
{
	become_nobody();
	return check(connection, false);
}

static int send_as_root(struct fixture *f, int connection)
{
	return check(connection, false);
}

/* The namespace belongs to a user namespace of this process: mighty there, and nowhere else. */
static int act_in_user_namespace(struct fixture *f, int connection)
{
	int over_own, over_daemon;

	if (unshare(CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNET) < 0)
		return 99;
	connection = test_connect(&f->daemon);
	over_own = check(connection, false);
	over_daemon = check(connection, true);
	return over_own == 0 && over_daemon == -EPERM ? 0 : -99;
}

static int act_on_foreign_namespace(struct fixture *f, int connection)
{
	if (setns(f->netns, CLONE_NEWNET) < 0 || unshare(CLONE_NEWUSER) < 0)
		return 99;
	return check(test_connect(&f->daemon), false);
}

/* Opens mighty, then is nobody: what it sends counts, not what it was. */
static int open_and_drop(struct fixture *f, int connection)
{
	connection = test_connect(&f->daemon);
	if (check(connection, false) != 0)
		return 99;
	become_nobody();
	return check(connection, false);
}

/* Requirements: NL-12 */
static void test_nobody_is_refused(void **state)
{
	struct fixture *f = *state;

	need_root();
	assert_int_equal(in_child(connect_as_nobody, f, -1), -EPERM);
	assert_int_equal(in_child(make_device_as_nobody, f, -1), -EPERM);
}

/* Requirements: NL-12 */
static void test_opener_and_sender_both_need_the_right(void **state)
{
	struct fixture *f = *state;
	AUTO_FD connection = -1;

	need_root();
	connection = test_connect(&f->daemon);
	assert_int_equal(check(connection, false), 0);
	assert_int_equal(in_child(send_as_root, f, connection), 0);
	assert_int_equal(in_child(send_as_nobody, f, connection), -EPERM);
	assert_int_equal(in_child(open_and_drop, f, -1), -EPERM);
}

/* Requirements: NL-12 */
static void test_root_of_a_user_namespace_rules_what_that_owns(void **state)
{
	struct fixture *f = *state;

	need_root();
	assert_int_equal(in_child(act_in_user_namespace, f, -1), 0);
	assert_int_equal(in_child(act_on_foreign_namespace, f, -1), -EPERM);
}

/* Requirements: NL-4 */
static void test_connection_stays_where_it_was_made(void **state)
{
	struct fixture *f = *state;
	struct order who = { .kind = ORDER_WHO };
	AUTO_FD there = -1, here = -1;
	struct result a, b;

	need_root();
	there = test_connect_in(&f->daemon, f->netns);
	here = test_connect(&f->daemon);
	assert_true(test_order(there, &who, &a));
	assert_true(test_order(here, &who, &b));
	assert_true(a.client.netns.cookie != b.client.netns.cookie);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(test_nobody_is_refused),
		ONE(test_opener_and_sender_both_need_the_right),
		ONE(test_root_of_a_user_namespace_rules_what_that_owns),
		ONE(test_connection_stays_where_it_was_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
