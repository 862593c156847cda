/* SPDX-License-Identifier: BSD-2-Clause */
/* file_test.c - ends of pairs that outlive the engine
 *
 * The end is that of a client's own connection to the engine: if the keeper has a duplicate, the next engine goes on
 * to obey what comes by it.
 */
#include "keeper/test_daemon.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

static int start(void **state)
{
	struct test_daemon *d = calloc(1, sizeof(*d));

	*state = d;
	return d && (geteuid() != 0 || test_daemon_start(d)) ? 0 : -1;
}

static int stop(void **state)
{
	struct test_daemon *d = *state;
	int status = d->pid > 0 ? test_daemon_stop(d) : 0;

	free(d);
	return status;
}

static void need_root(void)
{
	if (geteuid() != 0) {
		print_message("# needs root: the keeper gives up rights that it must have\n");
		skip();
	}
}

static struct result act(int client, enum order_kind kind, uint32_t slot)
{
	struct result result;

	assert_true(test_order(client, &(struct order){ .kind = kind, .slot = slot }, &result));
	return result;
}

static void crash(int client)
{
	send(client, &(struct order){ .kind = ORDER_CRASH }, sizeof(struct order), MSG_NOSIGNAL);
}

/* Nothing has been said by the other end, nor will be. */
static bool at_end(int client)
{
	struct result result;

	return recv(client, &result, sizeof(result), 0) == 0;
}

static void test_next_engine_has_the_end(void **state)
{
	AUTO_FD kept = -1, other = -1;
	struct result r;

	need_root();
	kept = test_connect(*state);
	other = test_connect(*state);
	r = act(kept, ORDER_FILE_KEEP, 0);
	assert_int_equal(r.err, 0);
	crash(other);
	assert_true(at_end(other));
	r = act(kept, ORDER_RESUMED, 0);
	assert_int_equal(r.engines, 2);
	assert_int_equal(r.count, 1);
}

static void test_an_end_that_was_given_up_is_gone(void **state)
{
	AUTO_FD first = -1, second = -1, third = -1;
	struct result a, b;

	need_root();
	first = test_connect(*state);
	second = test_connect(*state);
	a = act(first, ORDER_FILE_KEEP, 0);
	b = act(second, ORDER_FILE_KEEP, 0);
	assert_int_equal(a.err, 0);
	assert_int_equal(b.err, 0);
	assert_int_not_equal(a.file, b.file);
	act(first, ORDER_FILE_CLOSE, a.file);
	act(first, ORDER_FILE_CLOSE, a.file);
	crash(first);
	assert_true(at_end(first));
	assert_int_equal(act(second, ORDER_RESUMED, 0).count, 1);
	third = test_connect(*state);
	assert_int_equal(act(third, ORDER_FILE_KEEP, 0).file, a.file);
}

static void test_only_ends_of_pairs_are_kept(void **state)
{
	AUTO_FD client = -1;
	struct result r;

	need_root();
	client = test_connect(*state);
	r = act(client, ORDER_FILE_STDERR, 0);
	assert_int_equal(r.err, -EINVAL);
	assert_true(r.ea.text[0]);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(test_next_engine_has_the_end),
		ONE(test_an_end_that_was_given_up_is_gone),
		ONE(test_only_ends_of_pairs_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
