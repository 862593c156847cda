/* SPDX-License-Identifier: BSD-2-Clause */
/* help.c - what one can say to ul2tp; see help.h */
#include "cli/help.h"

#include <string.h>

#include "base/cleanup.h"
#include "cli/options.h"
#include "cli/parameter.h"

/* clang-format off */
static const struct {
	enum command command;
	const char *usage;
	const char *example;
} command_rows[] = {
	{ ADD_TUNNEL,
	  "add tunnel tunnel_id ID peer_tunnel_id ID local ADDR remote ADDR\n"
	  "                        [ encap { udp | ip } ] [ udp_sport PORT udp_dport PORT ] ...",
	  "ul2tp add tunnel tunnel_id 10 peer_tunnel_id 20 local 198.51.100.10 \\\n"
	  "      remote 203.0.113.20 udp_sport 1701 udp_dport 1701" },
	{ ADD_SESSION,
	  "add session tunnel_id ID session_id ID peer_session_id ID [ name NAME ] ...",
	  "ul2tp add session tunnel_id 10 session_id 1 peer_session_id 2 name l2tpeth0 \\\n"
	  "      cookie 5ca1ab1e0ddba11a peer_cookie 0ff1ce0dec0ded00" },
	{ DEL_TUNNEL,   "del tunnel tunnel_id ID",
	  "ul2tp del tunnel tunnel_id 10          # with its sessions" },
	{ DEL_SESSION,  "del session { tunnel_id ID session_id ID | name NAME }",
	  "ul2tp del session name l2tpeth0" },
	{ SET_TUNNEL,   "set tunnel tunnel_id ID [ label TEXT ] [ peer_check { socket | ids } ]",
	  "ul2tp set tunnel tunnel_id 10 label \"to Berlin\"" },
	{ SET_SESSION,
	  "set session { tunnel_id ID session_id ID | name NAME } [ seq SEQ ] ...",
	  "ul2tp set session name l2tpeth0 seq both reorder_timeout 20" },
	{ SHOW_TUNNEL,  "show tunnel [ tunnel_id ID ]",
	  "ul2tp -s show tunnel tunnel_id 10      # with what was counted" },
	{ SHOW_SESSION, "show session [ tunnel_id ID ] [ session_id ID ] [ name NAME ]",
	  "ul2tp -j -s show session | jq '.[].rx_drops'" },
	{ LIMITS_SET,
	  "limits set [ tunnels N ] [ sessions N ] [ memory_kib N ] [ requests N ] [ subscribers N ]",
	  "ul2tp limits set tunnels 100 sessions none" },
};

static const struct {
	const char *name;
	const char *words;
} topics[] = {
	{ "debug",
	  "Usage: ul2tp show debug [ pppol2tp ] [ tunnels ]\n\n"
	  "Prints what a kernel with L2TP shows of its tunnels and sessions in /proc/net/pppol2tp (L2TPv2 alone)\n"
	  "and in l2tp/tunnels of debugfs: both, or the one that is named.\n\n"
	  "Example:\n"
	  "  ul2tp show debug tunnels\n" },
	{ "ppp",
	  "Usage: ul2tp [ -j ] [ -s ] show ppp\n\n"
	  "Lists the PPP units of this network namespace and the channels that can be connected to them. With --stats\n"
	  "what was counted for each, and how many packets were dropped for which reason.\n\n"
	  "Example:\n"
	  "  ul2tp -j -s show ppp | jq '.units[].tx_drops'\n" },
	{ "unit",
	  "Usage: ul2tp [ -j ] [ -s ] show unit [ UNIT ]\n"
	  "       ul2tp unit address { add | del } UNIT ADDRESS[/BITS]\n"
	  "       ul2tp unit police UNIT [ rx RATE [ burst SIZE ] ] [ tx RATE [ burst SIZE ] ]\n\n"
	  "PPP units, by number, by interface, or by pppN, as the program that made unit N calls it. Shown are the addresses,\n"
	  "the rates and what was counted; with --stats also how many packets were dropped for which reason.\n\n"
	  "  address                 of the far end of a unit that shares its interface (ul2tpd --ppp-device shared)\n"
	  "  rx, tx                  what may be received from the far end and sent to it, as tc(8) writes rates:\n"
	  "                          10mbit, 1.5gbit, 500kbps (octets); none: no limit. What is above is dropped\n"
	  "  burst                   what may come at once, as 100kb; 100 ms of the rate if left out, at least 64kb\n\n"
	  "Example:\n"
	  "  ul2tp unit address add ppp0 10.0.0.2/32\n"
	  "  ul2tp unit police ppp0 rx 10mbit burst 100kb tx 50mbit\n"
	  "  ul2tp -j show unit ppp0 | jq '.[].counters.rx_policed'\n" },
	{ "monitor",
	  "Usage: ul2tp [ -j ] [ -t ] monitor\n\n"
	  "Prints a line for each tunnel and session that is added, changed or deleted: the words of the\n"
	  "command, or with --json an object. The first line, \"ready\", says that nothing is missed from then\n"
	  "on; \"lost\" says that something was, because it was not read in time. Ctrl-C ends it.\n\n"
	  "Example:\n"
	  "  ul2tp -j -t monitor | jq -c 'select(.event == \"del\")'\n" },
	{ "trace",
	  "Usage: ul2tp [ -j ] trace [ EVENT ] ...\n\n"
	  "Prints the trace events that a kernel with L2TP has, as its trace_pipe does, or with --json an object a line:\n"
	  "those that are named, or all. \"# ready\" says that nothing is missed from then on; \"# lost N events\" that\n"
	  "something was, because it was not read in time. Ctrl-C ends it.\n\n"
	  "  register_tunnel delete_tunnel free_tunnel register_session delete_session free_session\n"
	  "  session_seqnum_lns_enable session_seqnum_lns_disable session_seqnum_update session_seqnum_reset\n"
	  "  session_pkt_expired session_pkt_outside_rx_window session_pkt_oos\n\n"
	  "Example:\n"
	  "  ul2tp trace session_pkt_oos session_pkt_expired\n" },
	{ "save",
	  "Usage: ul2tp save\n\n"
	  "Prints the commands that make the tunnels and sessions there are now.\n\n"
	  "Example:\n"
	  "  ul2tp save > tunnels.txt\n"
	  "  ul2tp -batch tunnels.txt\n" },
	{ "status",
	  "Usage: ul2tp [ -j ] status\n\n"
	  "Shows whether ul2tpd or the kernel answers; of ul2tpd also its release, its features, what it can not do\n"
	  "here and why, and what this network namespace uses and may use.\n\n"
	  "Example:\n"
	  "  ul2tp -j status | jq .features\n" },
	{ "upgrade",
	  "Usage: ul2tp [ -j ] upgrade\n\n"
	  "Has ul2tpd become the release that its file is by now. Nothing ends, and packets wait for some milliseconds. Prints the\n"
	  "release when it is done; a file that can not take over is refused, and all goes on as it was. The same as\n"
	  "`systemctl reload ul2tpd'; see UPGRADES in ul2tpd(8).\n\n"
	  "Example:\n"
	  "  ul2tp upgrade\n" },
	{ "run",
	  "Usage: ul2tp run [ OPTIONS ] [ -- ] PROGRAM [ ARGUMENT ... ]\n\n"
	  "Starts PROGRAM so that it finds in ul2tpd the L2TP that its kernel lacks: generic netlink, sockets, /dev/ppp.\n"
	  "The programs that it starts find it, too. Where the kernel has L2TP and no ul2tpd runs, PROGRAM is simply executed.\n\n"
	  "  --reply WAY             how answers reach the program: auto (the first way that works here), uevent, fib or trap\n"
	  "  --files                 also show the files of L2TP in /proc, debugfs and tracefs that such a kernel has, and in\n"
	  "                          `ip -s link' the counters that its interfaces would have\n"
	  "  -s, --all-sends         for programs that move a netlink socket to a low number\n"
	  "  -v, --verbose           say what was chosen; twice: each system call that is served\n"
	  "  --check                 start nothing: show what works here, with how much privilege, and what is missing\n\n"
	  "Exit status: that of PROGRAM; 126 it can not be executed; 127 there is no such program;\n"
	  "1 wrong use, or this machine lacks what is needed; 3 no ul2tpd answers.\n\n"
	  "Examples:\n"
	  "  ul2tp run --check\n"
	  "  ul2tp run -- ip l2tp show tunnel\n"
	  "  ul2tp run xl2tpd -D\n" },
};
/* clang-format on */

static void print_parameters(FILE *out, enum command command)
{
	for (size_t i = 0; i < PARAMETERS; i++) {
		const struct parameter_row *row = parameter_row((enum parameter)i);
		char words[80];

		if (!(row->commands & command))
			continue;
		snprintf(words, sizeof(words), "%s %s", row->name, row->value);
		fprintf(out, "  %-26s  %s\n", words, row->help);
	}
}

int help_commands(struct cli *cli, unsigned int commands)
{
	bool first = true;

	for (size_t i = 0; i < ARRAY_SIZE(command_rows); i++) {
		if (!(command_rows[i].command & commands))
			continue;
		fprintf(cli->out, "%sUsage: ul2tp %s\n\n", first ? "" : "\n",
		        command_rows[i].usage);
		print_parameters(cli->out, command_rows[i].command);
		fprintf(cli->out, "\nExample:\n  %s\n", command_rows[i].example);
		first = false;
	}
	return CLI_DONE;
}

int help_topic(struct cli *cli, const char *name)
{
	if (strcmp(name, "limits") == 0) {
		fputs("Usage: ul2tp [ -j ] limits show\n\n  What this network namespace uses and may use of ul2tpd.\n\n",
		      cli->out);
		return help_commands(cli, LIMITS_SET);
	}
	for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
		if (strcmp(topics[i].name, name) == 0)
			fputs(topics[i].words, cli->out);
	return CLI_DONE;
}

static void print_options(FILE *out)
{
	for (const struct option_row *r = option_rows(); r->name; r++) {
		char words[60];

		snprintf(words, sizeof(words), "%s%s%s--%s%s%s", r->shortest ? "-" : "",
		         r->shortest ? r->shortest : "  ", r->shortest ? ", " : "  ", r->name,
		         r->argument ? " " : "", r->argument ? r->argument : "");
		fprintf(out, "  %-22s %s\n", words, r->help);
	}
}

int help_overview(struct cli *cli)
{
	FILE *out = cli->out;

	fputs("Usage: ul2tp [ OPTIONS ] COMMAND\n"
	      "       ul2tp [ OPTIONS ] --batch FILE\n\n"
	      "Makes, changes and shows L2TP tunnels and their Ethernet and PPP sessions, in ul2tpd or in the kernel. Commands:\n\n",
	      out);
	for (size_t i = 0; i < ARRAY_SIZE(command_rows); i++)
		fprintf(out, "  %s\n", command_rows[i].usage);
	fputs("  limits show             what this network namespace uses and may use\n"
	      "  show debug [ pppol2tp ] [ tunnels ]\n"
	      "                          the texts of a kernel's debug files\n"
	      "  show ppp                PPP units and channels\n"
	      "  show unit [ UNIT ]      PPP units with addresses, rates and what was counted\n"
	      "  unit address { add | del } UNIT ADDRESS[/BITS]\n"
	      "  unit police UNIT [ rx RATE ] [ tx RATE ]\n"
	      "                          give an address to a unit, limit how much may pass\n"
	      "  status                  who answers, and what it can do\n"
	      "  monitor                 print what happens, as it happens\n"
	      "  run -- PROGRAM          start a program written for the kernel's L2TP on ul2tpd\n"
	      "  trace [ EVENT ] ...     print trace events, as they happen\n"
	      "  save                    print the commands that make the present state\n"
	      "  upgrade                 have ul2tpd become the release that is installed by now\n"
	      "  help COMMAND            all parameters of a command, with an example; also COMMAND help\n\n"
	      "Options:\n",
	      out);
	print_options(out);
	fputs("\nExit status: 0 done; 1 wrong use; 2 ul2tpd or the kernel said no; 3 nobody answers.\n"
	      "Examples: \"ul2tp help tunnel\", \"ul2tp help session\", and EXAMPLES in the manual, ul2tp(8).\n",
	      out);
	return CLI_DONE;
}
