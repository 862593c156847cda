/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_fast.c - see unit_fast.h */
#include "path/unit_fast.h"

#include <stdatomic.h>

#include "path/channel.h"
#include "path/dataplane_private.h"
#include "tunnel/accounts.h"

void unit_fast_tell(struct unit *u)
{
	u->fast_reason = unit_fast_reason(u);
	u->fast_protocols = unit_fast_protocols(u);
	list_for_each (node, &u->channels) {
		struct channel *c = list_entry(node, struct channel, in_unit);

		if (c->session)
			dataplane_fast_tell(u->dp, c->session->tunnel, c->session->index, c);
	}
}

void unit_fast_changed(struct unit *u)
{
	if (unit_fast_reason(u) != u->fast_reason || unit_fast_protocols(u) != u->fast_protocols)
		unit_fast_tell(u);
}

/* --- counters ----------------------------------------------------------------------------------------- */

static struct unit_fast_count count_of(const struct session *s, bool received)
{
	struct fast_sum sum = session_fast_sum(s);
	struct unit_fast_count c = {
		.packets = received ? sum.rx_packets : sum.tx_packets,
		.octets = received ? sum.rx_bytes : sum.tx_bytes,
		.last_ms = received ? sum.rx_monotonic_ms : sum.tx_monotonic_ms,
	};

	c.octets -= c.packets * dataplane_fast_header_len(s, !received);
	return c;
}

/* Numbers that wrap: added later is what is subtracted here. */
static void subtract(struct unit *u, const struct session *s)
{
	struct unit_fast_count rx = count_of(s, true), tx = count_of(s, false);

	u->record->fast_rx.packets -= rx.packets;
	u->record->fast_rx.octets -= rx.octets;
	u->record->fast_tx.packets -= tx.packets;
	u->record->fast_tx.octets -= tx.octets;
}

static void add_last(uint64_t *last_ms, uint64_t ms)
{
	if (ms > *last_ms)
		*last_ms = ms;
}

void unit_fast_session_gone(struct unit *u, const struct session *s)
{
	struct unit_fast_count rx = count_of(s, true), tx = count_of(s, false);

	if (!u->record)
		return; /* it is dead, and shows nothing any more */
	u->record->fast_rx.packets += rx.packets;
	u->record->fast_rx.octets += rx.octets;
	add_last(&u->record->fast_rx.last_ms, rx.last_ms);
	u->record->fast_tx.packets += tx.packets;
	u->record->fast_tx.octets += tx.octets;
	add_last(&u->record->fast_tx.last_ms, tx.last_ms);
}

/* An earlier engine has done it for those that were connected before. */
void unit_fast_join(struct unit *u, struct channel *c)
{
	if (c->session && !u->dp->ppp_adopting)
		subtract(u, c->session);
	unit_fast_tell(u);
}

void unit_fast_leave(struct unit *u, struct channel *c)
{
	if (c->session) {
		dataplane_fast_tell(u->dp, c->session->tunnel, c->session->index, c);
		unit_fast_session_gone(u, c->session);
	}
	unit_fast_tell(u);
}

struct unit_fast_count unit_fast_count(const struct unit *u, bool received)
{
	const struct unit_fast_record *r = received ? &u->record->fast_rx : &u->record->fast_tx;
	struct unit_fast_count sum = { r->packets, r->octets, r->last_ms };

	list_for_each (node, &u->channels) {
		const struct channel *c = list_entry(node, struct channel, in_unit);
		struct unit_fast_count one;

		if (!c->session)
			continue;
		one = count_of(c->session, received);
		sum.packets += one.packets;
		sum.octets += one.octets;
		add_last(&sum.last_ms, one.last_ms);
	}
	/* An engine was killed between a channel's leaving and this: what was subtracted is not there to be added. */
	if ((int64_t)sum.packets < 0 || (int64_t)sum.octets < 0)
		sum.packets = sum.octets = 0;
	return sum;
}
