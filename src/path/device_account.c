/* SPDX-License-Identifier: BSD-2-Clause */
/* device_account.c - see device_account.h
 *
 * Source: RX-61, TX-10, ETH-20, PPP-64 of doc/kernel-behaviour.md.
 */
#include "path/device_account.h"

#include "base/hash.h"
#include "keeper/tap.h"
#include "packet/drop_reason.h"
#include "path/counter.h"
#include "path/unit.h"
#include "path/unit_account.h"
#include "tunnel/accounts.h"
#include "tunnel/session.h"

/* Counted as received by the session, and not by the interface. */
static const enum rx_drop untaken[] = {
	RX_DROP_FRAME_SHORT, RX_DROP_NO_DEVICE,   RX_DROP_DEVICE_DOWN,
	RX_DROP_DEVICE_GONE, RX_DROP_DEVICE_BUSY, RX_DROP_DEVICE_ERROR,
};

static bool is_error(enum rx_drop why)
{
	return why == RX_DROP_DEVICE_DOWN || why == RX_DROP_DEVICE_BUSY ||
	       why == RX_DROP_DEVICE_ERROR;
}

/* One counter may be newer than another. */
static uint64_t without(uint64_t all, uint64_t part)
{
	return all > part ? all - part : 0;
}

static uint32_t header_len(const struct session *s)
{
	const struct session_record *r = s->record;

	return 4u + (endpoint_is_udp(s->tunnel->endpoint) ? 4 : 0) + r->cookie_len +
	       (r->l2spec_type == L2TP_L2SPECTYPE_DEFAULT ? 4 : 0); /* HDR-4 */
}

static void session_account(const struct session *s, uint64_t *to)
{
	const struct session_rx_record *rx = &s->record->rx;
	const uint64_t lost_bytes = counter_read(&rx->lost_bytes);
	const struct l2tp_stats stats = session_stats(s);
	uint64_t lost = 0;

	for (size_t i = 0; i < ARRAY_SIZE(untaken); i++) {
		uint64_t packets = counter_read(&rx->drops[untaken[i]]);

		lost += packets;
		if (is_error(untaken[i]))
			to[UL2TP_DEVICE_COUNTER_RX_ERRORS] += packets;
	}
	to[UL2TP_DEVICE_COUNTER_RX_PACKETS] = without(stats.rx_packets, lost);
	to[UL2TP_DEVICE_COUNTER_RX_OCTETS] = without(stats.rx_bytes, lost_bytes);
	to[UL2TP_DEVICE_COUNTER_TX_PACKETS] = stats.tx_packets;
	to[UL2TP_DEVICE_COUNTER_TX_OCTETS] =
		without(stats.tx_bytes, stats.tx_packets * header_len(s));
	to[UL2TP_DEVICE_COUNTER_TX_DROPPED] = stats.tx_errors;
}

static void unit_counters(const struct unit *u, uint64_t *to)
{
	struct ul2tp_unit_message m;
	const uint64_t *from = m.counters;

	unit_account(u, &m);
	to[UL2TP_DEVICE_COUNTER_RX_PACKETS] = from[UL2TP_UNIT_COUNTER_RX_PACKETS];
	to[UL2TP_DEVICE_COUNTER_RX_OCTETS] = from[UL2TP_UNIT_COUNTER_RX_OCTETS];
	to[UL2TP_DEVICE_COUNTER_RX_ERRORS] = from[UL2TP_UNIT_COUNTER_RX_ERRORS];
	to[UL2TP_DEVICE_COUNTER_RX_DROPPED] = from[UL2TP_UNIT_COUNTER_RX_DROPPED];
	to[UL2TP_DEVICE_COUNTER_TX_PACKETS] = from[UL2TP_UNIT_COUNTER_TX_PACKETS];
	to[UL2TP_DEVICE_COUNTER_TX_OCTETS] = from[UL2TP_UNIT_COUNTER_TX_OCTETS];
	to[UL2TP_DEVICE_COUNTER_TX_ERRORS] = from[UL2TP_UNIT_COUNTER_TX_ERRORS];
	to[UL2TP_DEVICE_COUNTER_TX_DROPPED] = from[UL2TP_UNIT_COUNTER_TX_DROPPED];
}

/* An interface that was moved to another namespace may have another's number there, so several can have one here. */
static bool sessions_of(const struct netns *ns, uint32_t ifindex, device_account_fn *fn, void *arg)
{
	const struct bucket_node *node =
		buckets_first(&ns->sessions_by_device, hash_u64(ifindex, 0));

	for (; node; node = buckets_next(node)) {
		const struct session *s = container_of(node, struct session, by_device);
		struct ul2tp_device_message m = { .ifindex = ifindex };

		if ((uint32_t)s->ifindex != ifindex || tap_name(s->tap, m.name) < 0)
			continue;
		session_account(s, m.counters);
		if (!fn(&m, arg))
			return false;
	}
	return true;
}

static bool units_of(const struct netns *ns, uint32_t ifindex, device_account_fn *fn, void *arg)
{
	const struct bucket_node *node = buckets_first(&ns->units_by_device, hash_u64(ifindex, 0));

	for (; node; node = buckets_next(node)) {
		const struct unit *u = container_of(node, struct unit, by_device);
		struct ul2tp_device_message m = { .ifindex = ifindex };

		if ((uint32_t)u->ifindex != ifindex || tap_name(u->tx.device, m.name) < 0)
			continue;
		unit_counters(u, m.counters);
		if (!fn(&m, arg))
			return false;
	}
	return true;
}

void device_accounts(const struct netns *ns, const struct ul2tp_device_request *which,
                     device_account_fn *fn, void *arg)
{
	for (size_t i = 0; i < which->count; i++)
		if (!sessions_of(ns, which->ifindex[i], fn, arg) ||
		    !units_of(ns, which->ifindex[i], fn, arg))
			return;
}
