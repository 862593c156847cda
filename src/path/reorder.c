/* SPDX-License-Identifier: BSD-2-Clause */
/* reorder.c - sequence numbers of received packets, and the queue of those that came early
 *
 * Called by the receiving worker of a session for each of its data packets; owns no memory and no clock. The
 * queue is sorted by how far ahead of nr its packets are, modulo the number space (the kernel compares plain
 * integers and stalls when numbers wrap, SEQ-25); packets without numbers stay where they were put,
 * at its end (SEQ-23). With the timeout set to 0 while packets wait, the rest is appended (SEQ-26).
 *
 * Most packets are the expected one and find the queue empty: they are never queued.
 */
#include "path/reorder.h"

#include <stdatomic.h>

#include "wire/data_header.h"

#define DEFAULT_EXPIRY_MS 1000 /* of what is queued without a reorder timeout (RX-46) */
#define RESYNC_AFTER                                                                               \
	4 /* consecutive numbers after a first unexpected one and before the last (SEQ-4) */

void reorder_init(struct reorder *r, uint8_t version, struct reorder_pool *pool)
{
	*r = (struct reorder){
		.max = data_ns_max(version),
		.window = data_ns_max(version) / 2,
		.skip = true,
		.pool = pool,
	};
	list_init(&r->queue);
	r->hold_at = &r->queue;
}

void reorder_resume(struct reorder *r, const struct session_rx_record *from)
{
	r->nr = from->nr & r->max;
	r->oos_last = from->oos_last & r->max;
	r->oos_count = from->oos_count;
	r->skip = true;
}

void reorder_save(const struct reorder *r, struct session_rx_record *to)
{
	atomic_store_explicit(&to->nr, r->nr, memory_order_relaxed);
	to->oos_last = r->oos_last;
	to->oos_count = r->oos_count;
	to->skip = r->skip;
	atomic_store_explicit(&to->held, r->held, memory_order_relaxed);
}

static struct reorder_entry *entry_of(struct list *node)
{
	return list_entry(node, struct reorder_entry, node);
}

static uint32_t ahead(const struct reorder *r, uint32_t ns)
{
	return (ns - r->nr) & r->max;
}

/* The packet numbered @ns is about to be delivered, if nothing but its number decides: SEQ-20(b), SEQ-21. */
static bool take_turn(struct reorder *r, uint32_t ns)
{
	/* An expired packet still stands behind a late one that was waited for. */
	r->redefined = r->skip && !(r->expired_early && ns == r->nr);
	if (r->redefined) {
		r->skip = r->expired_early = false;
		r->nr = ns;
	}
	if (ns != r->nr)
		return false;
	r->nr = (ns + 1) & r->max;
	return true;
}

/* SEQ-4: no reordering, and not the number expected. True: believe it all the same. */
static bool resynchronise(struct reorder *r, uint32_t ns)
{
	r->oos_count = ns == ((r->oos_last + 1) & r->max) ? r->oos_count + 1 : 0;
	r->oos_last = ns;
	if (r->oos_count > RESYNC_AFTER)
		r->skip = true;
	return r->skip;
}

/* SEQ-6: where in the queue; false if a packet of this number is there (LIM-20). */
static bool find_place(struct reorder *r, uint32_t ns)
{
	for (struct list *node = r->queue.prev; node != &r->queue; node = node->prev) {
		const struct reorder_entry *e = entry_of(node);

		if (!e->has_ns)
			continue;
		if (e->ns == ns)
			return false;
		if (ahead(r, e->ns) < ahead(r, ns))
			break;
		r->hold_at = node;
	}
	return true;
}

static struct reorder_decision drop(enum rx_drop why)
{
	return (struct reorder_decision){ .verdict = REORDER_DROP, .why = why };
}

static struct reorder_decision deliver(bool out_of_order)
{
	return (struct reorder_decision){ .verdict = REORDER_DELIVER,
		                          .out_of_order = out_of_order };
}

static struct reorder_decision hold(const struct reorder *r, uint32_t octets)
{
	const struct reorder_pool *pool = r->pool;

	if (r->held >= REORDER_HELD_MAX || pool->packets >= pool->packets_max ||
	    pool->octets + octets > pool->octets_max)
		return drop(RX_DROP_QUEUE_FULL);
	return (struct reorder_decision){ .verdict = REORDER_HOLD,
		                          .out_of_order = r->hold_at != &r->queue };
}

struct reorder_decision reorder_receive(struct reorder *r, const struct reorder_arrival *a)
{
	r->due = false;
	r->hold_at = &r->queue;
	if (!a->has_ns) {
		r->due = true;
		return r->held ? hold(r, a->octets) : deliver(false);
	}

	if (ahead(r, a->ns) >= r->window)
		return drop(RX_DROP_OUTSIDE_WINDOW);
	if (!a->timeout_ms && a->ns != r->nr && !resynchronise(r, a->ns))
		return drop(RX_DROP_OUT_OF_SEQUENCE);

	r->due = true;
	if (!r->held) {
		if (take_turn(r, a->ns))
			return deliver(false);
	} else if (a->timeout_ms) {
		if (!find_place(r, a->ns))
			return drop(RX_DROP_DUPLICATE);
		/* In front of all that waits, so it need not be queued first. */
		if (a->ns == r->nr && r->hold_at == r->queue.next && take_turn(r, a->ns))
			return deliver(true);
	}
	return hold(r, a->octets);
}

void reorder_hold(struct reorder *r, const struct reorder_arrival *a, struct reorder_entry *e)
{
	e->has_ns = a->has_ns;
	e->ns = a->ns;
	e->octets = a->octets;
	e->expires_ms = a->now_ms + (a->timeout_ms ? a->timeout_ms : DEFAULT_EXPIRY_MS);
	list_insert_before(r->hold_at, &e->node);
	r->held++;
	r->pool->packets++;
	r->pool->octets += e->octets;
}

static struct reorder_entry *take_out(struct reorder *r, struct reorder_entry *e)
{
	list_remove(&e->node);
	r->held--;
	r->pool->packets--;
	r->pool->octets -= e->octets;
	return e;
}

struct reorder_entry *reorder_next(struct reorder *r, uint64_t now_ms, enum rx_drop *why)
{
	struct reorder_entry *e;

	if (!r->due || !r->held)
		return NULL;
	e = entry_of(r->queue.next);
	if (now_ms > e->expires_ms) {
		r->skip = true;
		*why = RX_DROP_EXPIRED;
		return take_out(r, e);
	}
	if (e->has_ns && !take_turn(r, e->ns))
		return NULL;
	*why = RX_DROP_NONE;
	return take_out(r, e);
}

struct reorder_entry *reorder_next_expired(struct reorder *r, uint64_t now_ms)
{
	if (now_ms <= reorder_deadline_ms(r))
		return NULL;
	r->skip = r->expired_early = true;
	return take_out(r, entry_of(r->queue.next));
}

uint64_t reorder_deadline_ms(const struct reorder *r)
{
	return r->held ? entry_of(r->queue.next)->expires_ms : UINT64_MAX;
}

struct reorder_entry *reorder_remove(struct reorder *r)
{
	return r->held ? take_out(r, entry_of(r->queue.next)) : NULL;
}
