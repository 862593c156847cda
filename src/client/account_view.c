/* SPDX-License-Identifier: BSD-2-Clause */
/* account_view.c - what libul2tp hands out of that which a PPP unit has counted */
#include <string.h>

#include "client/ppp.h"
#include "netlink/ul2tp_unit_message.h"

static uint64_t dropped(const struct ul2tp_drops *drops, const char *name)
{
	for (size_t i = 0; i < drops->count; i++)
		if (!strcmp(drops->rows[i].name, name))
			return drops->rows[i].packets;
	return 0;
}

void ppp_account_of(const struct ul2tp_unit_message *m, struct ul2tp_ppp_account *ret)
{
	const uint64_t *c = m->counters;

	*ret = (struct ul2tp_ppp_account){
		.size = sizeof(*ret),
		.unit = m->unit,
		.shared = m->shared,
		.rx_packets = c[UL2TP_UNIT_COUNTER_RX_PACKETS],
		.rx_octets = c[UL2TP_UNIT_COUNTER_RX_OCTETS],
		.rx_control_packets = c[UL2TP_UNIT_COUNTER_RX_CONTROL_PACKETS],
		.rx_control_octets = c[UL2TP_UNIT_COUNTER_RX_CONTROL_OCTETS],
		.rx_errors = c[UL2TP_UNIT_COUNTER_RX_ERRORS],
		.rx_dropped = c[UL2TP_UNIT_COUNTER_RX_DROPPED],
		.tx_packets = c[UL2TP_UNIT_COUNTER_TX_PACKETS],
		.tx_octets = c[UL2TP_UNIT_COUNTER_TX_OCTETS],
		.tx_control_packets = c[UL2TP_UNIT_COUNTER_TX_CONTROL_PACKETS],
		.tx_control_octets = c[UL2TP_UNIT_COUNTER_TX_CONTROL_OCTETS],
		.tx_errors = c[UL2TP_UNIT_COUNTER_TX_ERRORS],
		.tx_dropped = c[UL2TP_UNIT_COUNTER_TX_DROPPED],
		.rx_policed = dropped(&m->rx_drops, "policed"),
		.rx_spoofed = dropped(&m->rx_drops, "source"),
		.tx_policed = dropped(&m->tx_drops, "policed"),
		.strays = m->strays,
	};
	memcpy(ret->ifname, m->device, sizeof(ret->ifname));
}
