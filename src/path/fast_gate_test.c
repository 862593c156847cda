/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_gate_test.c - tests of fast_gate.c: what the programs counted and what has come, tick by tick */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "path/fast_gate.h"

struct fixture {
	struct fast_count counts;
	struct fast_passed passed;
	struct fast_done done;
	struct fast_board board;
	struct session_record record;
	struct list unsettled;
	struct fast_gate gate;
	int to_engine;
};

static bool nothing_is_held(const struct fast_gate *g)
{
	return false;
}

static void tick(struct fixture *f)
{
	fast_gates_tick(&f->unsettled, nothing_is_held);
}

static bool is_open(const struct fixture *f)
{
	return f->done.rx == f->passed.rx;
}

/* A program hands up a packet, and it waits for the engine. */
static void pass(struct fixture *f)
{
	f->passed.rx++;
	assert_int_equal(send(f->to_engine, "x", 1, 0), 1);
}

/* One comes that no program has counted. */
static void come_uncounted(struct fixture *f)
{
	assert_int_equal(send(f->to_engine, "x", 1, 0), 1);
}

static void read_all(struct fixture *f)
{
	char c;

	while (recv(f->gate.fd, &c, 1, MSG_DONTWAIT) == 1)
		fast_gate_take(&f->gate);
}

static int start(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int pair[2];

	*state = f;
	if (!f || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		return -1;
	f->passed.rx = FAST_PASSED_FROM;
	f->done.rx = FAST_CLOSED;
	f->board = (struct fast_board){
		.counts = &f->counts,
		.passed = &f->passed,
		.done = &f->done,
		.lanes = 1,
		.sessions = 1,
	};
	f->to_engine = pair[1];
	list_init(&f->unsettled);
	fast_gate_init(&f->gate);
	fast_gate_open_rx(&f->gate, &f->unsettled, &f->board, &f->record, 0, pair[0]);
	return 0;
}

static int stop(void **state)
{
	struct fixture *f = *state;

	close(f->gate.fd);
	close(f->to_engine);
	fast_gate_close(&f->gate);
	free(f);
	return 0;
}

static void settle(struct fixture *f)
{
	for (int i = 0; i < 2 * FAST_GATE_LOOKS && !is_open(f); i++)
		tick(f);
	assert_true(is_open(f));
}

static void test_it_opens_when_all_has_come(void **state)
{
	struct fixture *f = *state;

	settle(f);
	for (int i = 0; i < 3; i++) {
		pass(f);
		assert_false(is_open(f));
		tick(f);
		read_all(f);
		tick(f);
		assert_true(is_open(f));
	}
}

/* It would overtake what waits. */
static void test_what_waits_keeps_it_shut(void **state)
{
	struct fixture *f = *state;

	settle(f);
	pass(f);
	read_all(f);
	pass(f);
	for (int i = 0; i < 3 * FAST_GATE_LOOKS; i++)
		tick(f);
	assert_false(is_open(f));
	read_all(f);
	tick(f);
	assert_true(is_open(f));
}

/* Three came that were not counted, and then three that were: the counts are equal, and these are not through. */
static void test_equal_counts_do_not_open_it(void **state)
{
	struct fixture *f = *state;

	settle(f);
	for (int i = 0; i < 3; i++)
		come_uncounted(f);
	read_all(f);
	for (int i = 0; i < 3; i++)
		pass(f);
	assert_int_equal(f->gate.taken, f->passed.rx);
	tick(f);
	tick(f);
	assert_false(is_open(f));
	read_all(f);
	settle(f);
}

/* As where a queue is full. */
static void test_what_was_lost_keeps_it_shut_for_a_tick_only(void **state)
{
	struct fixture *f = *state;

	settle(f);
	pass(f);
	f->passed.rx++;
	read_all(f);
	tick(f);
	assert_false(is_open(f));
	tick(f);
	assert_true(is_open(f));
}

/* The programs were off the interface for a while, and traffic never stops for two ticks: so much was not counted. */
static void test_what_was_never_counted_keeps_it_shut_for_some_ticks_only(void **state)
{
	struct fixture *f = *state;

	settle(f);
	for (int i = 0; i < 100; i++)
		come_uncounted(f);
	read_all(f);
	for (int i = 0; i <= FAST_GATE_LOOKS; i++) {
		pass(f);
		assert_false(is_open(f));
		read_all(f);
		tick(f);
	}
	assert_true(is_open(f));
	assert_int_equal(f->gate.taken, f->passed.rx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_it_opens_when_all_has_come, start, stop),
		cmocka_unit_test_setup_teardown(test_what_waits_keeps_it_shut, start, stop),
		cmocka_unit_test_setup_teardown(test_equal_counts_do_not_open_it, start, stop),
		cmocka_unit_test_setup_teardown(test_what_was_lost_keeps_it_shut_for_a_tick_only,
		                                start, stop),
		cmocka_unit_test_setup_teardown(
			test_what_was_never_counted_keeps_it_shut_for_some_ticks_only, start, stop),
	};

	return cmocka_run_group_tests_name("fast_gate", tests, NULL, NULL);
}
