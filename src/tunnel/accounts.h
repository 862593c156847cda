/* SPDX-License-Identifier: BSD-2-Clause */
/* accounts.h - counters of records as the two families tell them
 *
 * One truth, two views: packets, octets and drops by reason are counted in the records; the kernel's counters
 * are computed from them by the table of drop reasons (STAT-1).
 */
#ifndef UL2TP_TUNNEL_ACCOUNTS_H
#define UL2TP_TUNNEL_ACCOUNTS_H

#include "keeper/records.h"
#include "netlink/l2tp_family.h"
#include "netlink/ul2tp_accounts.h"

struct session;
struct tunnel;

/** session_stats() - the kernel's counters of a session */
struct l2tp_stats session_stats(const struct session *s);

/** session_accounts() - our own counters of a session, by reason */
void session_accounts(const struct session *s, struct ul2tp_accounts *ret);

/* What a session's packets did on the fast path. */
struct fast_sum {
	uint64_t tx_packets, tx_bytes, tx_last_ms; /* last: milliseconds since 1970; 0: never */
	uint64_t rx_packets, rx_bytes, rx_last_ms;
	uint64_t tx_monotonic_ms, rx_monotonic_ms; /* the same times by that clock */
};

/** session_fast_sum() - all zero where there is no fast path */
struct fast_sum session_fast_sum(const struct session *s);

/** tunnel_stats() - the kernel's counters of a tunnel (LIM-11: most stay 0) */
struct l2tp_stats tunnel_stats(const struct tunnel *t);

/** tunnel_accounts() - our own counters of a tunnel: its packets, and drops before a session was known */
void tunnel_accounts(const struct tunnel *t, struct ul2tp_accounts *ret);

/** accounts_rx_drops() - append the reasons of @drops, by enum rx_drop, that have packets */
void accounts_rx_drops(struct ul2tp_drops *to, const _Atomic uint64_t *drops);

/** accounts_tx_drops() - the same by enum tx_drop */
void accounts_tx_drops(struct ul2tp_drops *to, const _Atomic uint64_t *drops);

#endif
