/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_gate.c - see fast_gate.h */
#include "path/fast_gate.h"

#include <poll.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/monotonic.h"

#define NOT_SEEN                                                                                   \
	UINT64_MAX /* the next look may come at once, and tells nothing of the time since */
#define WAIT_NS_MAX 2000000 /* the backlog was dropped, then */

static uint64_t read_word(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void write_word(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

void fast_gate_init(struct fast_gate *g)
{
	*g = (struct fast_gate){ .fd = -1 };
	list_init(&g->in_unsettled);
}

static void open_gate(struct fast_gate *g, struct list *unsettled, int fd)
{
	g->taken = read_word(g->passed);
	g->fresh = true;
	g->settled = g->in_step = false;
	g->looks = 0;
	g->seen = NOT_SEEN;
	g->unsettled = unsettled;
	g->fd = fd;
	list_append(unsettled, &g->in_unsettled);
}

void fast_gate_open_rx(struct fast_gate *g, struct list *unsettled, const struct fast_board *board,
                       const struct session_record *record, uint32_t index, int fd)
{
	if (!board || index >= board->sessions)
		return;
	g->passed = (const uint64_t *)&board->passed[index].rx;
	g->done = (uint64_t *)&board->done[index].rx;
	g->counts = &board->counts[(size_t)index * board->lanes];
	g->lanes = board->lanes;
	g->record = record;
	open_gate(g, unsettled, fd);
}

void fast_gate_open_tx(struct fast_gate *g, struct list *unsettled, const struct fast_board *board,
                       const struct session_record *record, uint32_t index, int fd)
{
	if (!board || index >= board->sessions)
		return;
	g->passed = (const uint64_t *)&board->passed[index].tx;
	g->done = (uint64_t *)&board->done[index].tx;
	g->record = record;
	open_gate(g, unsettled, fd);
}

void fast_gate_close(struct fast_gate *g)
{
	if (!g->passed)
		return;
	write_word(g->done, FAST_CLOSED);
	list_remove(&g->in_unsettled);
	g->passed = NULL;
}

void fast_gate_shut(const struct fast_board *board, uint32_t index)
{
	if (!board || index >= board->sessions)
		return;
	write_word((uint64_t *)&board->done[index].rx, FAST_CLOSED);
	write_word((uint64_t *)&board->done[index].tx, FAST_CLOSED);
}

static uint64_t in_backlog(const struct fast_gate *g)
{
	uint64_t sent = 0, seen = 0;

	/* Seen first: what is seen was sent before. */
	for (uint32_t i = 0; i < g->lanes; i++)
		seen += read_word((const uint64_t *)&g->counts[i].rx_seen);
	for (uint32_t i = 0; i < g->lanes; i++)
		sent += read_word((const uint64_t *)&g->counts[i].rx_sent);
	return sent - seen;
}

/* Another processor is about to deal with the packet, or this one as soon as we let it. So we yield; putting our
 * packet aside would cost more than that takes. Bounded, since some may have been dropped there. */
static void wait_for_backlog(struct fast_gate *g)
{
	uint64_t until = 0, waiting;

	while ((waiting = in_backlog(g)) != g->lost) {
		if (waiting < g->lost) {
			g->lost = waiting;
			return;
		}
		if (!until)
			until = monotonic_ns() + WAIT_NS_MAX;
		else if (monotonic_ns() > until) {
			g->lost = waiting;
			return;
		}
		sched_yield();
	}
}

void fast_gate_unsettle(struct fast_gate *g)
{
	g->settled = false;
	g->seen = NOT_SEEN;
	list_append(g->unsettled, &g->in_unsettled);
	if (g->counts)
		wait_for_backlog(g);
}

static bool is_numbered(const struct fast_gate *g)
{
	return atomic_load(&g->record->send_seq);
}

/* A socket is asked once in a look, since thousands of sessions share one. */
struct look {
	int fd; /* asked last */
	bool is_empty;
};

/* Since .passed was read, of every gate. */
static bool nothing_to_read(const struct fast_gate *g, struct look *look)
{
	struct pollfd fd = { .fd = g->fd, .events = POLLIN };

	if (look->fd != g->fd)
		*look = (struct look){ g->fd, poll(&fd, 1, 0) == 0 };
	return look->is_empty;
}

static void come_into_step(struct fast_gate *g, struct look *look)
{
	int64_t ahead = (int64_t)(g->now - g->taken);

	if (!nothing_to_read(g, look))
		return;
	if (g->looks == 0 || ahead < g->ahead)
		g->ahead = ahead;
	if (++g->looks < FAST_GATE_LOOKS)
		return;
	g->taken += (uint64_t)g->ahead;
	g->in_step = true;
	g->looks = 0;
}

/* All that was handed up is through; or some of it was lost on its way, and has been so for a while. Something may have
 * come that the programs have not counted, a datagram in fragments for one: the counts alone could be equal while as
 * many wait to be read. */
static bool all_through(struct fast_gate *g, struct look *look)
{
	const uint64_t passed = g->now;
	bool through;

	if (passed == 0) /* nobody counts yet, and .done will not do when somebody does */
		return true;
	if (!g->in_step ||
	    passed != g->taken) /* the programs were off the interface for a while, for instance */
		come_into_step(g, look);
	through = !g->fresh && ((g->in_step && passed == g->taken) || passed == g->seen) &&
	          nothing_to_read(g, look);
	g->fresh = false;
	g->seen = passed;
	return through;
}

static void settle(struct fast_gate *g, uint64_t passed)
{
	g->settled = true;
	list_remove(&g->in_unsettled);
	g->taken = passed;
	g->in_step = passed != 0;
	g->looks = 0;
	write_word(g->done, is_numbered(g) ? FAST_CLOSED : passed);
	if (is_numbered(g)) /* since we asked */
		write_word(g->done, FAST_CLOSED);
}

void fast_gates_tick(struct list *unsettled, bool (*holds)(const struct fast_gate *g))
{
	struct look look = { .fd = -1 };

	list_for_each (node, unsettled) {
		struct fast_gate *g = list_entry(node, struct fast_gate, in_unsettled);

		g->now = read_word(g->passed);
	}
	list_for_each_safe (node, unsettled) {
		struct fast_gate *g = list_entry(node, struct fast_gate, in_unsettled);

		if (all_through(g, &look) && !holds(g))
			settle(g, g->now);
	}
}
