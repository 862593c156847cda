/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_busy.c - which sessions are worth the fast path: those with traffic
 *
 * A session that could be fast is idle until FAST_BUSY_PACKETS went through the engine between two looks at it; from
 * then on it is busy, whatever comes. So an idle one costs a look at its counters, and its interface has nothing of
 * ours on it. Those that have become busy are decided one after the other between requests of the engine, a few
 * milliseconds at a time: it does not wait for them, their data goes through it meanwhile. Those whose data does not go
 * through it, as what the host has configured allowed when they were decided last, come first.
 */
#include <stdatomic.h>

#include "base/monotonic.h"
#include "keeper/fast_path_flow.h"
#include "keeper/fast_path_private.h"
#include "keeper/records.h"
#include "keeper/server.h"

#define FAST_BUSY_PACKETS 16
#define LOOK_MS           200
#define LOOK_SESSIONS     2048 /* in one go; the others follow the next time */
#define TURN_NS           2000000
#define DOUBT_NS          500000000 /* of the second within which what the host has configured is to hold */

static uint64_t packets_of(const struct server *server, const struct fast_session *s)
{
	const struct session_record *r = &server->session_records[s->index];

	return atomic_load_explicit(&r->rx.packets, memory_order_relaxed) +
	       atomic_load_explicit(&r->tx.packets, memory_order_relaxed);
}

void fast_busy_consider(struct server *server, struct fast_session *s)
{
	struct fast_path *f = server->fast;

	if (s->busy) {
		if (s->way != FAST_NOT_ATTACHED)
			fast_decide(server, s);
		else
			fast_busy_again(f, s);
		return;
	}
	list_remove(&s->in_kind);
	if (s->wish.reason != FAST_USED) {
		fast_reason_set(server, s, s->wish.reason);
		return;
	}
	s->packets = packets_of(server, s);
	fast_reason_set(server, s, FAST_IDLE);
	list_append(&f->idle, &s->in_kind);
}

static void look(struct server *server, struct fast_path *f)
{
	struct list looked;

	list_init(&looked);
	for (int i = 0; i < LOOK_SESSIONS && !list_empty(&f->idle); i++) {
		struct fast_session *s = list_entry(f->idle.next, struct fast_session, in_kind);
		uint64_t packets = packets_of(server, s);

		list_remove(&s->in_kind);
		if (packets - s->packets < FAST_BUSY_PACKETS) {
			list_append(&looked, &s->in_kind);
		} else {
			s->busy = true;
			list_append(&s->netns->busy, &s->in_kind);
			fast_busy_again(f, s);
		}
		s->packets = packets;
	}
	list_for_each_safe (node, &looked) {
		list_remove(node);
		list_append(&f->idle, node);
	}
}

/* @entered: we are in its namespace, @here. What can not be decided that way, or not in time, goes to the queue. */
static void decide_doubted(struct server *server, struct fast_session *s, bool entered, ino_t here)
{
	bool in_time = monotonic_ns() - s->doubted_ns < DOUBT_NS;
	int number;

	list_remove(&s->in_queue);
	if (entered && in_time && !fast_decide_here(server, s, here, &number))
		return;
	if (!entered || !in_time)
		fast_shut(server, s, FAST_IN_DOUBT);
	list_append(&server->fast->queue, &s->in_queue);
}

/* At least one is done, however busy the machine is. One that has waited too long is only marked as not fast, which is
 * quick. */
static void doubted_turn(struct server *server, uint64_t until_ns)
{
	const struct list *doubted = &server->fast->doubted;
	const struct fast_netns *in = NULL;
	ino_t here = 0;

	if (list_empty(doubted))
		return;
	do {
		struct fast_session *s = list_entry(doubted->next, struct fast_session, in_queue);

		if (in && in != s->netns) {
			netns_go_home(&server->home);
			in = NULL;
		}
		if (!in && fast_enter(server, s, &here) == 0)
			in = s->netns;
		decide_doubted(server, s, in, here);
	} while (!list_empty(doubted) && monotonic_ns() < until_ns);
	if (in)
		netns_go_home(&server->home);
}

/* At least one is done, so that those in doubt do not keep the others waiting for ever. */
static void queue_turn(struct server *server, uint64_t until_ns)
{
	const struct list *queue = &server->fast->queue;

	if (list_empty(queue))
		return;
	do
		fast_decide(server, list_entry(queue->next, struct fast_session, in_queue));
	while (!list_empty(queue) && monotonic_ns() < until_ns);
}

/* First those that are on the fast path and perhaps must leave it; then those that want to get on it; then routes. */
void fast_path_turn(struct server *server, uint64_t now_ms)
{
	struct fast_path *f = server->fast;
	uint64_t until;

	if (!f)
		return;
	fast_board_watched(f, now_ms);
	if (now_ms >= f->look_ms) {
		look(server, f);
		fast_flows_look(server);
		f->look_ms = now_ms + LOOK_MS;
	}
	until = monotonic_ns() + TURN_NS;
	doubted_turn(server, until);
	queue_turn(server, until);
	fast_flows_turn(server);
}

static uint64_t rounds_due(const struct fast_path *f)
{
	uint64_t due = UINT64_MAX;

	list_for_each (node, &f->netns) {
		uint64_t one = fast_flows_due(list_entry(node, struct fast_netns, in_all));

		due = one < due ? one : due;
	}
	return due;
}

/* Then something is to be looked at. */
static bool is_watched(const struct fast_path *f)
{
	if (!list_empty(&f->idle))
		return true;
	list_for_each (node, &f->netns)
		if (list_entry(node, struct fast_netns, in_all)->flows.count)
			return true;
	return false;
}

uint64_t fast_path_due(const struct fast_path *f, uint64_t now_ms)
{
	uint64_t due;

	if (!f)
		return UINT64_MAX;
	if (!list_empty(&f->queue) || !list_empty(&f->doubted))
		return now_ms;
	due = rounds_due(f);
	return is_watched(f) && f->look_ms < due ? f->look_ms : due;
}
