/* SPDX-License-Identifier: BSD-2-Clause */
/* reorder.h - hand a session's packets on in the order of their numbers
 *
 * RFC 3931 §4.6.1: a session may number its packets, and the network may swap two of them. With a reorder timeout an
 * early packet is held; what waited longer is discarded (SEQ-20) and the gap given up. Without one a
 * number that is not the next is discarded until six came in a row (SEQ-4).
 *
 * For each received data packet, after sequence_mode():
 *
 *	d = reorder_receive(&s->reorder, &arrival);
 *	switch (d.verdict) {
 *	case REORDER_DELIVER: deliver it (SEQ-21);
 *	case REORDER_DROP:    count d.why;
 *	case REORDER_HOLD:    copy it into memory of ours that has a struct reorder_entry, reorder_hold() that;
 *	}                     without memory count RX_DROP_QUEUE_FULL instead
 *	if (d.out_of_order) oos_packets++;
 *	while (reorder_holds(&s->reorder) && (e = reorder_next(&s->reorder, now_ms, &why)))
 *		why == RX_DROP_NONE: deliver it; else count why;   then free e
 *
 * The loop is the kernel's dequeue procedure, which runs on every arriving data packet (SEQ-20); after a packet
 * that was dropped by its number alone it finds nothing to do, as in the kernel.
 * Pure: packets are known by their struct reorder_entry, time is an argument.
 */
#ifndef UL2TP_PATH_REORDER_H
#define UL2TP_PATH_REORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "keeper/records.h"
#include "packet/drop_reason.h"

#define REORDER_HELD_MAX 4096 /* packets of one session (LIM-7) */

/* What the sessions of one worker may hold together; the limits are set by the worker. */
struct reorder_pool {
	uint32_t packets, packets_max;
	uint64_t octets, octets_max;
};

/* In front of each held packet, whose memory is the caller's. */
struct reorder_entry {
	struct list node;
	uint64_t expires_ms;
	uint32_t ns;
	uint32_t octets; /* what the pool is charged */
	bool has_ns;
};

struct reorder {
	uint32_t nr;     /* next expected */
	uint32_t max;    /* greatest number: 0xffff or 0xffffff */
	uint32_t window; /* SEQ-2 */
	uint32_t oos_last, oos_count;
	bool skip;          /* take the number of the next packet for the expected one */
	bool expired_early; /* skip was set by reorder_next_expired() */
	bool redefined; /* the last packet whose turn it was made its number the expected one (SEQ-20 b) */
	bool due; /* the last packet starts the dequeue procedure */
	uint32_t held;
	struct list queue; /* of struct reorder_entry, in order of delivery */
	struct list *hold_at;
	struct reorder_pool *pool;
};

struct reorder_arrival {
	bool has_ns;
	uint32_t ns;         /* within max */
	uint32_t timeout_ms; /* reorder timeout of the session, 0: none */
	uint32_t octets;     /* of memory, if it has to be held */
	uint64_t now_ms;     /* monotonic */
};

enum reorder_verdict {
	REORDER_DELIVER,
	REORDER_HOLD,
	REORDER_DROP,
};

struct reorder_decision {
	enum reorder_verdict verdict;
	enum rx_drop why; /* of REORDER_DROP */
	bool out_of_order; /* a good packet that came before its turn or late: rx_oos_packets +1 (SEQ-6) */
};

/** reorder_init() - nothing received yet; @pool is shared and outlives @r */
void reorder_init(struct reorder *r, uint8_t version, struct reorder_pool *pool);

/** reorder_resume() - go on where an earlier engine stopped; what it held is lost */
void reorder_resume(struct reorder *r, const struct session_rx_record *from);

/** reorder_save() - write nr, oos_last, oos_count, skip and held for a later reorder_resume() and for readers */
void reorder_save(const struct reorder *r, struct session_rx_record *to);

static inline bool reorder_holds(const struct reorder *r)
{
	return r->held;
}

/**
 * reorder_receive() - what to do with a packet that has just come
 *
 * REORDER_DELIVER has already moved nr on. After REORDER_HOLD the next call on @r is reorder_hold(), or
 * the packet is forgotten.
 */
struct reorder_decision reorder_receive(struct reorder *r, const struct reorder_arrival *a);

/** reorder_hold() - keep the packet that reorder_receive() said to hold; @e is filled and linked */
void reorder_hold(struct reorder *r, const struct reorder_arrival *a, struct reorder_entry *e);

/**
 * reorder_next() - the next held packet whose time has come (SEQ-20)
 * @why: RX_DROP_NONE: deliver it; RX_DROP_EXPIRED: it waited too long
 *
 * Return: the packet, the caller's from now on; NULL when the rest has to wait.
 */
struct reorder_entry *reorder_next(struct reorder *r, uint64_t now_ms, enum rx_drop *why);

/**
 * reorder_next_expired() - the next held packet that has waited too long, without delivering any (LIM-8)
 *
 * For a timer that gives memory back. What is delivered later is the same with and without, but for packets that
 * are themselves later than the timeout. Return: one to be counted as RX_DROP_EXPIRED, or NULL.
 */
struct reorder_entry *reorder_next_expired(struct reorder *r, uint64_t now_ms);

/** reorder_deadline_ms() - when the first held packet expires; UINT64_MAX if none is held */
uint64_t reorder_deadline_ms(const struct reorder *r);

/** reorder_remove() - take any held packet out, RX_DROP_DELETED; NULL when there is none left */
struct reorder_entry *reorder_remove(struct reorder *r);

#endif
