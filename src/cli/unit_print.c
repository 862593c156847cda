/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_print.c - see unit_print.h */
#include "cli/unit_print.h"

#include <arpa/inet.h>

#include "cli/account_print.h"
#include "cli/rate.h"

#define PREFIX_NAME_MAX (INET6_ADDRSTRLEN + 4)

void unit_head_print(struct printer *p, const struct ul2tp_ppp_unit_info *u)
{
	printer_number(p, KEY_UNIT, "Unit ", u->number, "");
	if (*u->ifname)
		printer_word(p, KEY_INTERFACE, ", interface ", u->ifname, "");
	printer_bool(p, KEY_SHARED, u->shared);
	printer_text(p, u->shared ? ", which others have, too\n" : "\n");
}

static const char *prefix_name(const struct ul2tp_ppp_prefix *prefix, char buffer[PREFIX_NAME_MAX])
{
	char address[INET6_ADDRSTRLEN];
	const void *octets = prefix->address.family == AF_INET ? (const void *)&prefix->address.v4
	                                                       : &prefix->address.v6;

	if (!inet_ntop(prefix->address.family, octets, address, sizeof(address)))
		return "?";
	snprintf(buffer, PREFIX_NAME_MAX, "%s/%u", address, prefix->bits);
	return buffer;
}

static void addresses_print(struct printer *p, const struct ul2tp_ppp_unit_info *u)
{
	char buffer[PREFIX_NAME_MAX];

	printer_list_begin(p, KEY_ADDRESSES);
	for (size_t i = 0; i < u->prefix_count; i++)
		printer_word(p, KEY_NONE, i ? " " : "  addresses ",
		             prefix_name(&u->prefixes[i], buffer), "");
	printer_list_end(p);
	if (u->prefix_count)
		printer_text(p, "\n");
}

static void rate_print(struct printer *p, enum json_key rate_key, enum json_key burst_key,
                       const char *direction, const struct ul2tp_ppp_rate *rate)
{
	char rate_words[RATE_NAME_MAX], burst_words[RATE_NAME_MAX];

	if (rate->bits_per_second == 0)
		return;
	printer_number(p, rate_key, NULL, rate->bits_per_second, "");
	printer_number(p, burst_key, NULL, rate->burst_octets, "");
	if (!p->json)
		fprintf(p->out, "  police %s %s burst %s\n", direction,
		        rate_name(rate->bits_per_second, rate_words),
		        size_name(rate->burst_octets, burst_words));
}

static void account_print(struct printer *p, const struct ul2tp_ppp_unit_info *u)
{
	const struct ul2tp_ppp_account *a = u->account;

	printer_object_begin(p, KEY_COUNTERS);
	printer_number(p, KEY_RX_PACKETS, "  rx_packets ", a->rx_packets, "");
	printer_number(p, KEY_RX_OCTETS, ", rx_octets ", a->rx_octets, "");
	printer_number(p, KEY_RX_CONTROL_PACKETS, ", of control: ", a->rx_control_packets, "");
	printer_number(p, KEY_RX_CONTROL_OCTETS, " with ", a->rx_control_octets, " octets\n");
	printer_number(p, KEY_RX_ERRORS, "  rx_errors ", a->rx_errors, "");
	printer_number(p, KEY_RX_DROPPED, ", rx_dropped ", a->rx_dropped, "");
	printer_number(p, KEY_RX_POLICED, ", of these policed ", a->rx_policed, "");
	printer_number(p, KEY_RX_SPOOFED, ", from a wrong address ", a->rx_spoofed, "\n");
	printer_number(p, KEY_TX_PACKETS, "  tx_packets ", a->tx_packets, "");
	printer_number(p, KEY_TX_OCTETS, ", tx_octets ", a->tx_octets, "");
	printer_number(p, KEY_TX_CONTROL_PACKETS, ", of control: ", a->tx_control_packets, "");
	printer_number(p, KEY_TX_CONTROL_OCTETS, " with ", a->tx_control_octets, " octets\n");
	printer_number(p, KEY_TX_ERRORS, "  tx_errors ", a->tx_errors, "");
	printer_number(p, KEY_TX_DROPPED, ", tx_dropped ", a->tx_dropped, "");
	printer_number(p, KEY_TX_POLICED, ", of these policed ", a->tx_policed, "\n");
	if (u->shared)
		printer_number(p, KEY_STRAYS, "  for no unit of the interface ", a->strays, "\n");
	printer_object_end(p);
}

void unit_print(struct printer *p, const struct ul2tp_ppp_unit_info *u, bool reasons)
{
	printer_object_begin(p, KEY_NONE);
	unit_head_print(p, u);
	addresses_print(p, u);
	rate_print(p, KEY_RX_RATE, KEY_RX_BURST, "rx", &u->rx_rate);
	rate_print(p, KEY_TX_RATE, KEY_TX_BURST, "tx", &u->tx_rate);
	account_print(p, u);
	if (reasons)
		reasons_print(p, &u->rx_drops, &u->tx_drops);
	printer_object_end(p);
}
