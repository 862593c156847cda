/* SPDX-License-Identifier: BSD-2-Clause */
/* account_print.c - counters, reasons and times; see account_print.h */
#include "cli/account_print.h"

#include <inttypes.h>
#include <time.h>

static const char *time_name(uint64_t seconds, char *buffer, size_t size)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds == 0)
		return "never";
	if (!gmtime_r(&t, &tm) || strftime(buffer, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return "?";
	return buffer;
}

void created_print(struct printer *p, uint64_t created_s)
{
	char buffer[40];

	printer_number(p, KEY_CREATED_S, NULL, created_s, "");
	printer_text(p, ", created ");
	printer_text(p, time_name(created_s, buffer, sizeof(buffer)));
	printer_text(p, "\n");
}

void stats_print(struct printer *p, const struct ul2tp_stats *s)
{
	printer_object_begin(p, KEY_STATISTICS);
	printer_number(p, KEY_TX_PACKETS, "  tx_packets ", s->tx_packets, "");
	printer_number(p, KEY_TX_BYTES, ", tx_bytes ", s->tx_bytes, "");
	printer_number(p, KEY_TX_ERRORS, ", tx_errors ", s->tx_errors, "\n");
	printer_number(p, KEY_RX_PACKETS, "  rx_packets ", s->rx_packets, "");
	printer_number(p, KEY_RX_BYTES, ", rx_bytes ", s->rx_bytes, "");
	printer_number(p, KEY_RX_ERRORS, ", rx_errors ", s->rx_errors, "\n");
	printer_number(p, KEY_RX_SEQ_DISCARDS, "  rx_seq_discards ", s->rx_seq_discards, "");
	printer_number(p, KEY_RX_OOS_PACKETS, ", rx_oos_packets ", s->rx_oos_packets, "");
	printer_number(p, KEY_RX_COOKIE_DISCARDS, ", rx_cookie_discards ", s->rx_cookie_discards,
	               "");
	printer_number(p, KEY_RX_INVALID, ", rx_invalid ", s->rx_invalid, "\n");
	printer_object_end(p);
}

static void print_last(struct printer *p, enum json_key key, const char *prefix, uint64_t ms)
{
	char buffer[40];

	printer_number(p, key, NULL, ms, "");
	printer_text(p, prefix);
	printer_text(p, time_name(ms / 1000, buffer, sizeof(buffer)));
}

static void print_counters(struct printer *p, const struct ul2tp_counters *c)
{
	printer_object_begin(p, KEY_COUNTERS);
	printer_number(p, KEY_TX_PACKETS, NULL, c->tx_packets, "");
	printer_number(p, KEY_TX_OCTETS, NULL, c->tx_octets, "");
	print_last(p, KEY_TX_LAST_MS, "  last sent ", c->tx_last_ms);
	printer_number(p, KEY_RX_PACKETS, NULL, c->rx_packets, "");
	printer_number(p, KEY_RX_OCTETS, NULL, c->rx_octets, "");
	print_last(p, KEY_RX_LAST_MS, ", last received ", c->rx_last_ms);
	printer_number(p, KEY_RX_HELD, ", held ", c->rx_held, "");
	printer_number(p, KEY_RX_REORDERED, ", reordered ", c->rx_reordered, "\n");
	printer_object_end(p);
}

static void print_reasons(struct printer *p, enum json_key key, const char *direction,
                          const struct ul2tp_reasons *reasons)
{
	printer_list_begin(p, key);
	for (size_t i = 0; i < reasons->count; i++) {
		const struct ul2tp_reason *r = &reasons->rows[i];

		if (!p->json) {
			fprintf(p->out, "    %s %-20s %10" PRIu64 "  %s\n", direction, r->name,
			        r->packets, r->words);
			continue;
		}
		printer_object_begin(p, KEY_NONE);
		printer_word(p, KEY_REASON, NULL, r->name, "");
		printer_number(p, KEY_PACKETS, NULL, r->packets, "");
		printer_word(p, KEY_WORDS, NULL, r->words, "");
		printer_object_end(p);
	}
	printer_list_end(p);
}

static void print_all_reasons(struct printer *p, const char *none,
                              const struct ul2tp_reasons *rx_drops,
                              const struct ul2tp_reasons *tx_drops)
{
	if (rx_drops->count + tx_drops->count == 0)
		printer_text(p, none);
	else if (!p->json)
		fprintf(p->out, "    %-23s %10s  %s\n", "dropped", "packets", "what it means");
	print_reasons(p, KEY_RX_DROPS, "rx", rx_drops);
	print_reasons(p, KEY_TX_DROPS, "tx", tx_drops);
}

void reasons_print(struct printer *p, const struct ul2tp_reasons *rx_drops,
                   const struct ul2tp_reasons *tx_drops)
{
	print_all_reasons(p, "  nothing dropped\n", rx_drops, tx_drops);
}

void accounts_print(struct printer *p, const struct ul2tp_counters *c,
                    const struct ul2tp_reasons *rx_drops, const struct ul2tp_reasons *tx_drops)
{
	print_counters(p, c);
	reasons_print(p, rx_drops, tx_drops);
}

void tunnel_accounts_print(struct printer *p, const struct ul2tp_counters *c,
                           const struct ul2tp_reasons *rx_drops,
                           const struct ul2tp_reasons *tx_drops)
{
	print_counters(p, c);
	print_all_reasons(p, "  nothing dropped outside its sessions\n", rx_drops, tx_drops);
}
