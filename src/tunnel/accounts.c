/* SPDX-License-Identifier: BSD-2-Clause */
/* accounts.c - see accounts.h */
#include "tunnel/accounts.h"

#include <assert.h>
#include <stdatomic.h>
#include <time.h>

#include "base/monotonic.h"
#include "packet/drop_reason.h"
#include "tunnel/session.h"

static_assert(RX_DROP_REASONS <= RECORD_DROPS_MAX && TX_DROP_REASONS <= RECORD_DROPS_MAX,
              "records have room for all reasons");
static_assert(RX_DROP_REASONS <= UL2TP_DROPS_MAX && TX_DROP_REASONS <= UL2TP_DROPS_MAX,
              "messages have room for all reasons");

typedef const struct drop_reason *reason_fn(unsigned int reason);

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* The kernel's counters that drops add to. */
static void add_drops(struct l2tp_stats *stats, const _Atomic uint64_t *drops, unsigned int reasons,
                      reason_fn *reason)
{
	for (unsigned int i = 1; i < reasons; i++) {
		uint64_t packets = read_counter(&drops[i]);
		uint32_t counts = packets ? reason(i)->counts : 0;

		if (counts & COUNT_RX_ERRORS)
			stats->rx_errors += packets;
		if (counts & COUNT_RX_SEQ_DISCARDS)
			stats->rx_seq_discards += packets;
		if (counts & COUNT_RX_COOKIE_DISCARDS)
			stats->rx_cookie_discards += packets;
		if (counts & COUNT_TX_ERRORS)
			stats->tx_errors += packets;
		if (counts & COUNT_RX_INVALID)
			stats->rx_invalid += packets;
	}
}

static void copy_drops(struct ul2tp_drops *to, const _Atomic uint64_t *drops, unsigned int reasons,
                       reason_fn *reason)
{
	for (unsigned int i = 1; i < reasons; i++) {
		uint64_t packets = read_counter(&drops[i]);

		if (packets)
			to->rows[to->count++] =
				(struct ul2tp_drop){ reason(i)->name, reason(i)->words, packets };
	}
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The programs have a monotonic clock only. */
static uint64_t wall_ms(uint64_t then_ms)
{
	struct timespec now;

	if (!then_ms)
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 -
	       (monotonic_ms() - then_ms);
}

static uint64_t read_fast(const __u64 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

struct fast_sum session_fast_sum(const struct session *s)
{
	const struct fast_board *b = s->fast;
	struct fast_sum sum = { 0 };
	uint64_t tx_last_ns = 0, rx_last_ns = 0;

	if (!b || s->index >= b->sessions)
		return sum;
	for (uint32_t i = 0; i < b->lanes; i++) {
		const struct fast_count *lane = &b->counts[(size_t)s->index * b->lanes + i];

		sum.tx_packets += read_fast(&lane->tx_packets);
		sum.tx_bytes += read_fast(&lane->tx_bytes);
		tx_last_ns = later(tx_last_ns, read_fast(&lane->tx_last_ns));
		sum.rx_packets += read_fast(&lane->rx_packets);
		sum.rx_bytes += read_fast(&lane->rx_bytes);
		rx_last_ns = later(rx_last_ns, read_fast(&lane->rx_last_ns));
	}
	sum.tx_monotonic_ms = tx_last_ns / 1000000;
	sum.rx_monotonic_ms = rx_last_ns / 1000000;
	sum.tx_last_ms = wall_ms(sum.tx_monotonic_ms);
	sum.rx_last_ms = wall_ms(sum.rx_monotonic_ms);
	return sum;
}

/* What a tunnel adds up of its thousands of sessions, and no more. */
static struct l2tp_stats session_traffic(const struct session *s)
{
	const struct session_record *r = s->record;
	struct fast_sum fast = session_fast_sum(s);
	struct l2tp_stats stats = {
		.tx_packets = read_counter(&r->tx.packets) + fast.tx_packets,
		.tx_bytes = read_counter(&r->tx.bytes) + fast.tx_bytes,
		.rx_packets = read_counter(&r->rx.packets) + fast.rx_packets,
		.rx_bytes = read_counter(&r->rx.bytes) + fast.rx_bytes,
	};

	add_drops(&stats, r->tx.drops, TX_DROP_REASONS, tx_drop_reason);
	return stats;
}

struct l2tp_stats session_stats(const struct session *s)
{
	const struct session_record *r = s->record;
	struct l2tp_stats stats = session_traffic(s);

	stats.rx_oos_packets = read_counter(&r->rx.oos_packets);
	add_drops(&stats, r->rx.drops, RX_DROP_REASONS, rx_drop_reason);
	return stats;
}

void session_accounts(const struct session *s, struct ul2tp_accounts *ret)
{
	const struct session_record *r = s->record;
	struct fast_sum fast = session_fast_sum(s);
	uint64_t *counters = ret->counters;

	*ret = (struct ul2tp_accounts){ 0 };
	counters[UL2TP_COUNTER_RX_PACKETS] = read_counter(&r->rx.packets) + fast.rx_packets;
	counters[UL2TP_COUNTER_RX_OCTETS] = read_counter(&r->rx.bytes) + fast.rx_bytes;
	counters[UL2TP_COUNTER_RX_LAST] = later(read_counter(&r->rx.last_ms), fast.rx_last_ms);
	counters[UL2TP_COUNTER_TX_PACKETS] = read_counter(&r->tx.packets) + fast.tx_packets;
	counters[UL2TP_COUNTER_TX_OCTETS] = read_counter(&r->tx.bytes) + fast.tx_bytes;
	counters[UL2TP_COUNTER_TX_LAST] = later(read_counter(&r->tx.last_ms), fast.tx_last_ms);
	counters[UL2TP_COUNTER_RX_HELD] = atomic_load_explicit(&r->rx.held, memory_order_relaxed);
	counters[UL2TP_COUNTER_RX_REORDERED] = read_counter(&r->rx.oos_packets);
	counters[UL2TP_COUNTER_RX_FAST_PACKETS] = fast.rx_packets;
	counters[UL2TP_COUNTER_RX_FAST_OCTETS] = fast.rx_bytes;
	counters[UL2TP_COUNTER_TX_FAST_PACKETS] = fast.tx_packets;
	counters[UL2TP_COUNTER_TX_FAST_OCTETS] = fast.tx_bytes;
	copy_drops(&ret->rx_drops, r->rx.drops, RX_DROP_REASONS, rx_drop_reason);
	copy_drops(&ret->tx_drops, r->tx.drops, TX_DROP_REASONS, tx_drop_reason);
}

/* What a tunnel sent and took is what its sessions did, those that have gone included. */
struct l2tp_stats tunnel_stats(const struct tunnel *t)
{
	const struct tunnel_record *r = t->record;
	struct l2tp_stats stats = {
		.tx_packets = r->gone_tx_packets,
		.tx_bytes = r->gone_tx_bytes,
		.tx_errors = r->gone_tx_errors,
		.rx_packets = r->gone_rx_packets,
		.rx_bytes = r->gone_rx_bytes,
	};

	add_drops(&stats, r->rx_drops, RX_DROP_REASONS, rx_drop_reason);
	list_for_each (node, &t->sessions) {
		const struct session *s = list_entry(node, struct session, in_tunnel);
		struct l2tp_stats one = session_traffic(s);

		stats.rx_packets += one.rx_packets;
		stats.rx_bytes += one.rx_bytes;
		stats.tx_packets += one.tx_packets;
		stats.tx_bytes += one.tx_bytes;
		stats.tx_errors += one.tx_errors;
	}
	return stats;
}

/* Last times are the latest of its sessions'. */
static void add_last(struct ul2tp_accounts *to, const struct session *s)
{
	uint64_t *counters = to->counters;
	struct fast_sum fast = session_fast_sum(s);
	uint64_t rx = later(read_counter(&s->record->rx.last_ms), fast.rx_last_ms);
	uint64_t tx = later(read_counter(&s->record->tx.last_ms), fast.tx_last_ms);

	counters[UL2TP_COUNTER_RX_LAST] = later(counters[UL2TP_COUNTER_RX_LAST], rx);
	counters[UL2TP_COUNTER_TX_LAST] = later(counters[UL2TP_COUNTER_TX_LAST], tx);
}

void tunnel_accounts(const struct tunnel *t, struct ul2tp_accounts *ret)
{
	struct l2tp_stats stats = tunnel_stats(t);

	*ret = (struct ul2tp_accounts){ 0 };
	ret->counters[UL2TP_COUNTER_RX_PACKETS] = stats.rx_packets;
	ret->counters[UL2TP_COUNTER_RX_OCTETS] = stats.rx_bytes;
	ret->counters[UL2TP_COUNTER_TX_PACKETS] = stats.tx_packets;
	ret->counters[UL2TP_COUNTER_TX_OCTETS] = stats.tx_bytes;
	list_for_each (node, &t->sessions)
		add_last(ret, list_entry(node, struct session, in_tunnel));
	copy_drops(&ret->rx_drops, t->record->rx_drops, RX_DROP_REASONS, rx_drop_reason);
}

void accounts_rx_drops(struct ul2tp_drops *to, const _Atomic uint64_t *drops)
{
	copy_drops(to, drops, RX_DROP_REASONS, rx_drop_reason);
}

void accounts_tx_drops(struct ul2tp_drops *to, const _Atomic uint64_t *drops)
{
	copy_drops(to, drops, TX_DROP_REASONS, tx_drop_reason);
}
