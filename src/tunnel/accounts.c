/* SPDX-License-Identifier: BSD-2-Clause */
/* accounts.c - see accounts.h */
#include "tunnel/accounts.h"

#include <assert.h>
#include <stdatomic.h>

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
		uint32_t counts = reason(i)->counts;
		uint64_t packets = read_counter(&drops[i]);

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

struct l2tp_stats session_stats(const struct session_record *r)
{
	struct l2tp_stats stats = {
		.tx_packets = read_counter(&r->tx.packets),
		.tx_bytes = read_counter(&r->tx.bytes),
		.rx_packets = read_counter(&r->rx.packets),
		.rx_bytes = read_counter(&r->rx.bytes),
		.rx_oos_packets = read_counter(&r->rx.oos_packets),
	};

	add_drops(&stats, r->rx.drops, RX_DROP_REASONS, rx_drop_reason);
	add_drops(&stats, r->tx.drops, TX_DROP_REASONS, tx_drop_reason);
	return stats;
}

void session_accounts(const struct session_record *r, struct ul2tp_accounts *ret)
{
	uint64_t *counters = ret->counters;

	*ret = (struct ul2tp_accounts){ 0 };
	counters[UL2TP_COUNTER_RX_PACKETS] = read_counter(&r->rx.packets);
	counters[UL2TP_COUNTER_RX_OCTETS] = read_counter(&r->rx.bytes);
	counters[UL2TP_COUNTER_RX_LAST] = read_counter(&r->rx.last_ms);
	counters[UL2TP_COUNTER_TX_PACKETS] = read_counter(&r->tx.packets);
	counters[UL2TP_COUNTER_TX_OCTETS] = read_counter(&r->tx.bytes);
	counters[UL2TP_COUNTER_TX_LAST] = read_counter(&r->tx.last_ms);
	counters[UL2TP_COUNTER_RX_HELD] = atomic_load_explicit(&r->rx.held, memory_order_relaxed);
	counters[UL2TP_COUNTER_RX_REORDERED] = read_counter(&r->rx.oos_packets);
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
		struct l2tp_stats one = session_stats(s->record);

		stats.rx_packets += one.rx_packets;
		stats.rx_bytes += one.rx_bytes;
		stats.tx_packets += one.tx_packets;
		stats.tx_bytes += one.tx_bytes;
		stats.tx_errors += one.tx_errors;
	}
	return stats;
}

/* Last times are the latest of its sessions'. */
static void add_last(struct ul2tp_accounts *to, const struct session_record *r)
{
	uint64_t rx = read_counter(&r->rx.last_ms), tx = read_counter(&r->tx.last_ms);

	if (rx > to->counters[UL2TP_COUNTER_RX_LAST])
		to->counters[UL2TP_COUNTER_RX_LAST] = rx;
	if (tx > to->counters[UL2TP_COUNTER_TX_LAST])
		to->counters[UL2TP_COUNTER_TX_LAST] = tx;
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
		add_last(ret, list_entry(node, struct session, in_tunnel)->record);
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
