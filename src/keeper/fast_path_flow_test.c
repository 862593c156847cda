/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_flow_test.c - routes in use are asked for again: all of them, few at a time, and who goes by them hears of it
 *
 * In place of the kernel answers fast_route() of this file.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/monotonic.h"
#include "keeper/fast_path_flow.h"
#include "keeper/fast_path_private.h"
#include "keeper/server.h"

#define PEERS 5000

/* By the number of a peer. */
static uint32_t mtu_bytes[PEERS], asked[PEERS], asked_of_all;

static uint32_t number_of(const union address *peer)
{
	return ntohl(peer->v4.sin_addr.s_addr) - 0x0a000000;
}

int fast_route(int fd, const struct fast_asker *asker, struct fast_route *ret)
{
	uint32_t peer = number_of(&asker->peer);

	assert_true(fd >= 0);
	asked[peer]++;
	asked_of_all++;
	if (!mtu_bytes[peer])
		return -ENETUNREACH;
	*ret = (struct fast_route){ .ifindex = 1, .mtu_bytes = mtu_bytes[peer] };
	return 0;
}

int fast_enter(struct server *server, const struct fast_session *s, ino_t *here)
{
	*here = 0;
	return s->wish.endpoint ? 0 : -ENOENT; /* a program's, which it has closed */
}

void fast_busy_again(struct fast_path *f, struct fast_session *s)
{
	if (list_empty(&s->in_queue))
		list_append(&f->queue, &s->in_queue);
}

/* --- namespaces and sessions -------------------------------------------------------------------------- */

struct host {
	struct server server;
	struct fast_path fast;
	struct fast_netns netns[3];
	struct fast_session sessions[PEERS];
};

static struct host *host_new(void)
{
	struct host *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->server.fast = &h->fast;
	list_init(&h->fast.netns);
	list_init(&h->fast.queue);
	for (size_t i = 0; i < ARRAY_SIZE(h->netns); i++) {
		list_init(&h->netns[i].busy);
		list_append(&h->fast.netns, &h->netns[i].in_all);
	}
	for (uint32_t i = 0; i < PEERS; i++)
		mtu_bytes[i] = 1500;
	memset(asked, 0, sizeof(asked));
	asked_of_all = 0;
	return h;
}

static void session_goes_to(struct fast_session *s, uint32_t peer)
{
	const struct endpoint_params socket = { .local.v4.sin_family = AF_INET };
	struct fast_route route;

	s->wish.peer.v4 = (struct sockaddr_in){ .sin_family = AF_INET,
		                                .sin_addr.s_addr = htonl(0x0a000000 + peer) };
	assert_int_equal(fast_flow(&s->there, &socket, 0, &s->wish.peer, &route), 0);
	assert_int_equal(route.mtu_bytes, mtu_bytes[peer]);
}

static struct fast_session *session_add(struct host *h, struct fast_netns *n, uint32_t index,
                                        uint32_t peer)
{
	struct fast_session *s = &h->sessions[index];

	s->netns = n;
	s->wish.endpoint = 1;
	list_init(&s->in_queue);
	list_append(&n->busy, &s->in_kind);
	fast_use_init(&s->there, s);
	session_goes_to(s, peer);
	return s;
}

static void session_remove(struct fast_session *s)
{
	list_remove(&s->in_kind);
	list_remove(&s->in_queue);
	fast_flow_leave(&s->there);
}

static void host_free(struct host *h)
{
	for (size_t i = 0; i < ARRAY_SIZE(h->netns); i++) {
		list_for_each_safe (node, &h->netns[i].busy)
			session_remove(list_entry(node, struct fast_session, in_kind));
		assert_int_equal(h->netns[i].flows.count, 0);
		buckets_release(&h->netns[i].flows);
	}
	free(h);
}

static uint32_t in_queue(struct host *h)
{
	uint32_t count = 0;

	list_for_each_safe (node, &h->fast.queue) {
		list_remove(node);
		count++;
	}
	return count;
}

/* --- tests -------------------------------------------------------------------------------------------- */

static void test_one_question_is_for_all_sessions_of_a_peer(void **state)
{
	struct host *h = host_new();

	for (uint32_t i = 0; i < 100; i++)
		session_add(h, &h->netns[0], i, i / 50);
	assert_int_equal(asked_of_all, 2);
	assert_int_equal(h->netns[0].flows.count, 2);
	host_free(h);
}

/* What has changed is not decided in one go, and what has not is left alone. */
static void test_the_sessions_of_a_changed_route_are_queued(void **state)
{
	struct host *h = host_new();

	for (uint32_t i = 0; i < 100; i++)
		session_add(h, &h->netns[0], i, i / 10);
	fast_flows_look(&h->server);
	assert_int_equal(in_queue(h), 0);
	mtu_bytes[3] = 1280;
	fast_flows_look(&h->server);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(!list_empty(&h->sessions[i].in_queue), i / 10 == 3);
	assert_int_equal(in_queue(h), 10);
	fast_flows_look(&h->server);
	assert_int_equal(in_queue(h), 0);
	mtu_bytes[3] = 0;
	fast_flows_look(&h->server);
	assert_int_equal(in_queue(h), 10);
	mtu_bytes[3] = 1280;
	fast_flows_look(&h->server);
	assert_int_equal(in_queue(h), 10);
	host_free(h);
}

/* Thousands of peers are all followed; in one look, few are asked for. */
static void test_of_many_peers_none_is_left_out(void **state)
{
	struct host *h = host_new();
	uint32_t before = 0, looks = 0;

	for (uint32_t i = 0; i < PEERS; i++)
		session_add(h, &h->netns[0], i, i);
	for (uint32_t i = 0; i < PEERS; i++)
		mtu_bytes[i] = 1280;
	for (; looks < PEERS / 64 + 1; looks++) {
		before = asked_of_all;
		fast_flows_look(&h->server);
		assert_in_range(asked_of_all - before, 1, 64 + 16); /* a chain is gone through */
	}
	assert_int_equal(in_queue(h), PEERS);
	host_free(h);
}

/* As many as of one: what a look costs does not grow with them. A socket that is closed is not entered by. */
static void test_namespaces_take_turns(void **state)
{
	struct host *h = host_new();
	uint32_t before;

	session_add(h, &h->netns[0], 0, 0);
	for (uint32_t i = 1; i < 1001; i++)
		session_add(h, &h->netns[1], i, i);
	for (uint32_t i = 1001; i < 1301; i++)
		session_add(h, &h->netns[2], i, i);
	h->sessions[1].wish.endpoint = 0;
	memset(asked, 0, sizeof(asked));
	for (uint32_t looks = 0; looks < 1301 / 64 + 1; looks++) {
		before = asked_of_all;
		fast_flows_look(&h->server);
		assert_in_range(asked_of_all - before, 1, 64 + 16);
	}
	for (uint32_t i = 0; i < 1301; i++)
		assert_int_not_equal(asked[i], 0);
	host_free(h);
}

static void test_few_are_asked_once_in_a_look(void **state)
{
	struct host *h = host_new();

	for (uint32_t i = 0; i < 12; i++)
		session_add(h, &h->netns[i % 3], i, i);
	for (uint32_t looks = 1; looks < 4; looks++) {
		fast_flows_look(&h->server);
		for (uint32_t i = 0; i < 12; i++)
			assert_int_equal(asked[i], 1 + looks);
	}
	host_free(h);
}

/* Peers come and go for years. */
static void test_an_answer_goes_with_its_last_session(void **state)
{
	struct host *h = host_new();
	struct fast_netns *n = &h->netns[0];
	struct fast_session *s = session_add(h, n, 0, 0), *other = session_add(h, n, 1, 0);

	session_goes_to(s, 1);
	assert_int_equal(n->flows.count, 2);
	session_goes_to(s, 1);
	assert_int_equal(n->flows.count, 2);
	session_remove(other);
	assert_int_equal(n->flows.count, 1);
	fast_flows_forget(n);
	assert_int_equal(n->flows.count, 0);
	session_goes_to(s, 1);
	assert_int_equal(n->flows.count, 1);
	host_free(h);
}

/* A routing daemon loads its table: they are told of all the time. */
static void test_changed_routes_are_asked_for_in_rounds(void **state)
{
	struct host *h = host_new();
	uint32_t queued = 0, before;
	uint64_t begun;

	for (uint32_t i = 0; i < PEERS; i++)
		session_add(h, &h->netns[0], i, i);
	assert_true(fast_flows_due(&h->netns[0]) == UINT64_MAX);
	fast_flows_turn(&h->server);
	assert_int_equal(asked_of_all, PEERS);
	mtu_bytes[PEERS - 1] = mtu_bytes[0] = 1280;
	fast_flows_changed(&h->netns[0]);
	do {
		before = asked_of_all;
		begun = monotonic_ns();
		fast_flows_turn(&h->server);
		assert_in_range(asked_of_all - before, 1, 64 + 16);
		queued += in_queue(h);
		fast_flows_changed(&h->netns[0]);
	} while (!h->netns[0].round.not_before);
	assert_int_equal(queued, 2);
	for (uint32_t i = 0; i < PEERS; i++)
		assert_int_equal(asked[i], 2);
	/* The next waits: others want the processor, too. Here for a minute, however long the test does not run. */
	assert_in_range(h->netns[0].round.not_before - h->netns[0].round.spent_ns * 3, begun,
	                monotonic_ns());
	h->netns[0].round.not_before += 60000000000;
	before = asked_of_all;
	fast_flows_turn(&h->server);
	assert_int_equal(asked_of_all, before);
	h->netns[0].round.not_before = monotonic_ns();
	fast_flows_turn(&h->server);
	assert_in_range(asked_of_all - before, 1, 64 + 16);
	host_free(h);
}

/* For a moment there are no descriptors, or nobody's socket by which to enter: the round goes on where it was. */
static void test_a_round_that_can_not_ask_goes_on_later(void **state)
{
	struct host *h = host_new();
	struct fast_session *s = session_add(h, &h->netns[0], 0, 0);
	struct rlimit limit, none;

	mtu_bytes[0] = 1280;
	fast_flows_changed(&h->netns[0]);
	s->wish.endpoint = 0;
	fast_flows_turn(&h->server);
	s->wish.endpoint = 1;
	assert_in_range(fast_flows_due(&h->netns[0]), monotonic_ns() / 1000000 + 1,
	                monotonic_ns() / 1000000 + 101);
	h->netns[0].round.not_before = monotonic_ns();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	fast_flows_turn(&h->server);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(asked[0], 1);
	assert_true(h->netns[0].round.not_before > monotonic_ns());
	h->netns[0].round.not_before = monotonic_ns();
	fast_flows_turn(&h->server);
	assert_int_equal(in_queue(h), 1);
	assert_true(fast_flows_due(&h->netns[0]) == UINT64_MAX);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_question_is_for_all_sessions_of_a_peer),
		cmocka_unit_test(test_the_sessions_of_a_changed_route_are_queued),
		cmocka_unit_test(test_of_many_peers_none_is_left_out),
		cmocka_unit_test(test_namespaces_take_turns),
		cmocka_unit_test(test_few_are_asked_once_in_a_look),
		cmocka_unit_test(test_an_answer_goes_with_its_last_session),
		cmocka_unit_test(test_changed_routes_are_asked_for_in_rounds),
		cmocka_unit_test(test_a_round_that_can_not_ask_goes_on_later),
	};

	return cmocka_run_group_tests_name("fast_path_flow", tests, NULL, NULL);
}
