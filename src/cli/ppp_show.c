/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_show.c - units and channels for people and programs; see ppp_show.h */
#include "cli/ppp_show.h"

#include <inttypes.h>

#include "ul2tp_netlink.h"
#include "ul2tp_ppp.h"
#include "base/cleanup.h"
#include "cli/account_print.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/unit_print.h"

struct listing {
	struct printer *printer;
	bool stats;
};

/* In words what enum ul2tp_ppp_state of a socket is. */
static const char *state_name(unsigned int state)
{
	static const char *const names[] = {
		[UL2TP_PPP_CONNECTED] = "connected",
		[UL2TP_PPP_BOUND] = "bound",
		[UL2TP_PPP_SESSION_GONE] = "session-gone",
	};

	return state < ARRAY_SIZE(names) && names[state] ? names[state] : "other";
}

static void unit_stats_print(struct printer *p, const struct ul2tp_ppp_unit_info *u)
{
	printer_object_begin(p, KEY_COUNTERS);
	printer_number(p, KEY_TX_PACKETS, "  tx_packets ", u->tx_packets, "");
	printer_number(p, KEY_TX_OCTETS, ", tx_octets ", u->tx_octets, "");
	printer_number(p, KEY_TX_ERRORS, ", tx_errors ", u->tx_errors, "\n");
	printer_number(p, KEY_RX_PACKETS, "  rx_packets ", u->rx_packets, "");
	printer_number(p, KEY_RX_OCTETS, ", rx_octets ", u->rx_octets, "");
	printer_number(p, KEY_RX_ERRORS, ", rx_errors ", u->rx_errors, "\n");
	printer_object_end(p);
	reasons_print(p, &u->rx_drops, &u->tx_drops);
}

static void channel_stats_print(struct printer *p, const struct ul2tp_ppp_channel_info *c)
{
	if (!p->json)
		fprintf(p->out,
		        "  tx_packets %" PRIu64 ", tx_octets %" PRIu64 "\n"
		        "  rx_packets %" PRIu64 ", rx_octets %" PRIu64 "\n",
		        c->counters.tx_packets, c->counters.tx_octets, c->counters.rx_packets,
		        c->counters.rx_octets);
	accounts_print(p, &c->counters, &c->rx_drops, &c->tx_drops);
}

static int print_unit(const struct ul2tp_ppp_unit_info *u, void *arg)
{
	const struct listing *l = arg;
	struct printer *p = l->printer;

	printer_object_begin(p, KEY_NONE);
	unit_head_print(p, u);
	if (l->stats)
		unit_stats_print(p, u);
	printer_object_end(p);
	return 0;
}

static int print_channel(const struct ul2tp_ppp_channel_info *c, void *arg)
{
	const struct listing *l = arg;
	struct printer *p = l->printer;

	printer_object_begin(p, KEY_NONE);
	printer_number(p, KEY_CHANNEL, "Channel ", c->number, "");
	printer_word(p, KEY_STATE, ", ", state_name(c->state), "");
	printer_number(p, KEY_FILES, ", open files ", c->files, "\n");
	if (c->has_session) {
		printer_number(p, KEY_SESSION_ID, "  session ", c->session_id, "");
		printer_number(p, KEY_TUNNEL_ID, " in tunnel ", c->tunnel_id, "\n");
	}
	if (c->has_unit)
		printer_number(p, KEY_UNIT, "  connected to unit ", c->unit, "\n");
	if (c->has_bridge)
		printer_number(p, KEY_BRIDGE, "  bridged to channel ", c->bridge, "\n");
	if (l->stats && c->has_session)
		channel_stats_print(p, c);
	printer_object_end(p);
	return 0;
}

static int list(struct cli *cli)
{
	struct printer p = cli_printer(cli);
	struct listing l = { &p, cli_extent(cli) >= PRINT_STATS };
	int err;

	printer_object_begin(&p, KEY_NONE);
	printer_list_begin(&p, KEY_UNITS);
	err = ul2tp_ppp_unit_list(cli->u, print_unit, &l);
	printer_list_end(&p);
	printer_list_begin(&p, KEY_CHANNELS);
	if (!err)
		err = ul2tp_ppp_channel_list(cli->u, print_channel, &l);
	printer_list_end(&p);
	printer_object_end(&p);
	printer_line_end(&p);
	return err < 0 ? cli_refused(cli) : CLI_DONE;
}

static int word_refuse(struct cli *cli, const char *word, void *arg)
{
	return cli_wrong(cli, "show ppp takes no \"%s\"", word);
}

int ppp_show(struct cli *cli, struct words *words)
{
	int status = options_and_words(cli, words, word_refuse, NULL);

	if (status != CLI_DONE)
		return status;
	if (cli->options.help)
		return help_topic(cli, "ppp");
	status = cli_connect(cli);
	return status == CLI_DONE ? list(cli) : status;
}
