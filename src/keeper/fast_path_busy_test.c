/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_busy_test.c - thousands of sessions are decided a little at a time, those on the fast path first, and one that waits
 * too long is not on it meanwhile
 *
 * What decides, and takes some time for it, is in this file, as is all that has to do with the kernel.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/monotonic.h"
#include "keeper/fast_path_flow.h"
#include "keeper/fast_path_private.h"
#include "keeper/server.h"

#define SESSIONS  10000
#define DECIDE_NS 20000 /* what it takes on a slow machine */
#define TURN_NS   2000000

struct host {
	struct server server;
	struct fast_path fast;
	struct fast_netns netns;
	struct fast_session sessions[SESSIONS];
};

static uint32_t decided_here, decided, shut, entered;
static uint64_t flows_take_ns;

static void spend(uint64_t ns)
{
	uint64_t begun = monotonic_ns();

	while (monotonic_ns() - begun < ns)
		;
}

bool fast_decide_here(struct server *server, struct fast_session *s, ino_t here, int *number)
{
	spend(DECIDE_NS);
	decided_here++;
	s->device = 1;
	return false;
}

void fast_decide(struct server *server, struct fast_session *s)
{
	list_remove(&s->in_queue);
	decided++;
	s->device = 1;
}

void fast_shut(struct server *server, struct fast_session *s, enum fast_reason reason)
{
	assert_int_equal(reason, FAST_IN_DOUBT);
	shut++;
}

int fast_enter(struct server *server, const struct fast_session *s, ino_t *here)
{
	entered++;
	return 0;
}

void netns_go_home(const struct netns_home *home)
{
}

void fast_reason_set(struct server *server, const struct fast_session *s, enum fast_reason reason)
{
}

void fast_board_watched(struct fast_path *f, uint64_t now_ms)
{
}

void fast_flows_look(struct server *server)
{
}

void fast_flows_turn(struct server *server)
{
	spend(flows_take_ns);
}

uint64_t fast_flows_due(const struct fast_netns *n)
{
	return UINT64_MAX;
}

static struct host *host_new(enum fast_way way)
{
	struct host *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->server.fast = &h->fast;
	list_init(&h->fast.netns);
	list_init(&h->fast.idle);
	list_init(&h->fast.queue);
	list_init(&h->fast.doubted);
	for (size_t i = 0; i < SESSIONS; i++) {
		h->sessions[i] = (struct fast_session){ .netns = &h->netns, .way = way };
		list_init(&h->sessions[i].in_queue);
	}
	decided_here = decided = shut = entered = 0;
	flows_take_ns = 0;
	return h;
}

static void doubt_all(struct host *h)
{
	for (size_t i = 0; i < SESSIONS; i++)
		fast_busy_again(&h->fast, &h->sessions[i]);
}

/* Return: how long it took of the processor, so that others do not count. */
static uint64_t turn(struct host *h)
{
	struct timespec begun, end;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begun);
	fast_path_turn(&h->server, 1);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	return (uint64_t)(end.tv_sec - begun.tv_sec) * 1000000000 + (uint64_t)end.tv_nsec -
	       (uint64_t)begun.tv_nsec;
}

static void test_a_turn_is_short_however_many_there_are(void **state)
{
	struct host *h = host_new(FAST_CLSACT);

	doubt_all(h);
	assert_true(turn(h) < 3 * TURN_NS);
	assert_in_range(decided_here, 1, SESSIONS / 10);
	assert_int_equal(entered, 1);
	assert_int_equal(fast_path_due(&h->fast, 7), 7);
	while (!list_empty(&h->fast.doubted))
		turn(h);
	assert_int_equal(decided_here + shut, SESSIONS);
	while (!list_empty(&h->fast.queue))
		turn(h);
	for (size_t i = 0; i < SESSIONS; i++)
		assert_int_equal(h->sessions[i].device, 1);
	assert_true(fast_path_due(&h->fast, 7) == UINT64_MAX);
	free(h);
}

/* Those who wait to begin were there before. */
static void test_those_on_the_fast_path_come_first(void **state)
{
	struct host *h = host_new(FAST_NOT_ATTACHED);

	h->sessions[SESSIONS - 1].way = FAST_TCX;
	doubt_all(h);
	fast_path_turn(&h->server, 1);
	assert_int_equal(decided_here, 1);
	assert_int_equal(h->sessions[SESSIONS - 1].device, 1);
	free(h);
}

/* While routes are asked for on a slow machine, and while there is always somebody in doubt. */
static void test_neither_keeps_the_other_waiting(void **state)
{
	struct host *h = host_new(FAST_CLSACT);

	h->sessions[0].way = FAST_NOT_ATTACHED;
	flows_take_ns = 2 * TURN_NS;
	doubt_all(h);
	fast_path_turn(&h->server, 1);
	assert_int_not_equal(decided_here, 0);
	assert_false(list_empty(&h->fast.doubted));
	assert_int_equal(decided, 1);
	assert_int_equal(h->sessions[0].device, 1);
	free(h);
}

static void test_who_waits_too_long_is_not_fast_meanwhile(void **state)
{
	struct host *h = host_new(FAST_CLSACT);

	doubt_all(h);
	for (size_t i = 0; i < SESSIONS / 2; i++)
		h->sessions[i].doubted_ns -= 600000000;
	while (shut < SESSIONS / 2)
		turn(h);
	assert_false(list_empty(&h->fast.queue));
	while (!list_empty(&h->fast.doubted) || !list_empty(&h->fast.queue))
		turn(h);
	assert_int_equal(decided, shut);
	assert_int_equal(decided + decided_here, SESSIONS);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_turn_is_short_however_many_there_are),
		cmocka_unit_test(test_those_on_the_fast_path_come_first),
		cmocka_unit_test(test_neither_keeps_the_other_waiting),
		cmocka_unit_test(test_who_waits_too_long_is_not_fast_meanwhile),
	};

	return cmocka_run_group_tests_name("fast_path_busy", tests, NULL, NULL);
}
