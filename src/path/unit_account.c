/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_account.c - see unit_account.h */
#include "path/unit_account.h"

#include <assert.h>

#include "keeper/tap.h"
#include "path/counter.h"
#include "path/shared_device.h"
#include "path/unit_fast.h"
#include "tunnel/accounts.h"

static void counters_of(const struct unit *u, uint64_t *to)
{
	const struct unit_counters *rx = &u->record->rx, *tx = &u->record->tx;
	struct unit_fast_count fast_rx = unit_fast_count(u, true);
	struct unit_fast_count fast_tx = unit_fast_count(u, false);

	to[UL2TP_UNIT_COUNTER_RX_PACKETS] = counter_read(&rx->packets) + fast_rx.packets;
	to[UL2TP_UNIT_COUNTER_RX_OCTETS] = counter_read(&rx->octets) + fast_rx.octets;
	to[UL2TP_UNIT_COUNTER_RX_CONTROL_PACKETS] = counter_read(&rx->control_packets);
	to[UL2TP_UNIT_COUNTER_RX_CONTROL_OCTETS] = counter_read(&rx->control_octets);
	to[UL2TP_UNIT_COUNTER_RX_ERRORS] = counter_read(&rx->errors);
	to[UL2TP_UNIT_COUNTER_RX_DROPPED] = counter_read(&rx->dropped);
	to[UL2TP_UNIT_COUNTER_TX_PACKETS] = counter_read(&tx->packets) + fast_tx.packets;
	to[UL2TP_UNIT_COUNTER_TX_OCTETS] = counter_read(&tx->octets) + fast_tx.octets;
	to[UL2TP_UNIT_COUNTER_TX_CONTROL_PACKETS] = counter_read(&tx->control_packets);
	to[UL2TP_UNIT_COUNTER_TX_CONTROL_OCTETS] = counter_read(&tx->control_octets);
	to[UL2TP_UNIT_COUNTER_TX_ERRORS] = counter_read(&tx->errors);
	to[UL2TP_UNIT_COUNTER_TX_DROPPED] = counter_read(&tx->dropped);
}

static void prefixes_of(const struct unit *u, struct ul2tp_unit_message *ret)
{
	static_assert(UNIT_ADDRESSES_MAX <= UL2TP_UNIT_PREFIXES_MAX, "all fit the message");
	for (uint32_t i = 0; i < UNIT_ADDRESSES_MAX; i++)
		if (u->record->addresses[i].family)
			ret->prefixes[ret->prefix_count++] = u->record->addresses[i];
}

static struct ul2tp_rate rate_of(const struct unit_rate_record *r)
{
	return (struct ul2tp_rate){ .present = r->rate != 0, .rate = r->rate, .burst = r->burst };
}

void unit_account(const struct unit *u, struct ul2tp_unit_message *ret)
{
	*ret = (struct ul2tp_unit_message){
		.unit = u->number,
		.shared = u->shared != NULL,
		.rx = rate_of(&u->record->rx_rate),
		.tx = rate_of(&u->record->tx_rate),
	};
	if (u->shared) {
		memcpy(ret->device, u->shared->name, sizeof(ret->device));
		ret->strays = counter_read(&u->shared->strays);
	} else {
		tap_name(u->tx.device, ret->device);
	}
	counters_of(u, ret->counters);
	accounts_rx_drops(&ret->rx_drops, u->rx.counters->drops);
	accounts_tx_drops(&ret->tx_drops, u->tx.counters->drops);
	prefixes_of(u, ret);
}
