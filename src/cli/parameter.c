/* SPDX-License-Identifier: BSD-2-Clause */
/* parameter.c - the table of parameters, and reading by it; see parameter.h */
#include "cli/parameter.h"

#include <assert.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/suggestion.h"
#include "cli/value.h"
#include "ul2tp_netlink.h"

#define ANY_TUNNEL  (ADD_TUNNEL | DEL_TUNNEL | SET_TUNNEL | SHOW_TUNNEL)
#define ONE_SESSION (DEL_SESSION | SET_SESSION | SHOW_SESSION)
#define ANY_SESSION (ADD_SESSION | ONE_SESSION)

/* clang-format off */
static const struct choice encaps[]      = { { "udp", UL2TP_ENCAP_UDP }, { "ip", UL2TP_ENCAP_IP }, { NULL } };
static const struct choice switches[]    = { { "on", 1 }, { "off", 0 }, { NULL } };
static const struct choice versions[]    = { { "3", 3 }, { "2", 2 }, { NULL } };
static const struct choice sublayers[]   = { { "default", UL2TP_L2SPEC_DEFAULT }, { "none", UL2TP_L2SPEC_NONE }, { NULL } };
static const struct choice seqs[]        = { { "none", SEQ_NONE }, { "send", SEQ_SEND }, { "recv", SEQ_RECV }, { "both", SEQ_BOTH }, { NULL } };
static const struct choice pw_types[]    = { { "eth", UL2TP_PW_ETH }, { "ppp", UL2TP_PW_PPP }, { NULL } };
static const struct choice peer_checks[] = { { "socket", UL2TP_PEER_CHECK_SOCKET }, { "ids", UL2TP_PEER_CHECK_IDS }, { NULL } };

static const struct parameter_row rows[] = {
	[P_TUNNEL_ID]       = { "tunnel_id", "tid", "ID", VALUE_NUMBER, ANY_TUNNEL | ANY_SESSION, 0, UINT32_MAX, NULL,
	                        "the tunnel's number at this end; the peer's peer_tunnel_id" },
	[P_PEER_TUNNEL_ID]  = { "peer_tunnel_id", "ptid", "ID", VALUE_NUMBER, ADD_TUNNEL | ADD_SESSION, 0, UINT32_MAX, NULL,
	                        "the tunnel's number at the peer; its tunnel_id" },
	[P_SESSION_ID]      = { "session_id", "sid", "ID", VALUE_NUMBER, ANY_SESSION, 0, UINT32_MAX, NULL,
	                        "the session's number at this end; the peer's peer_session_id" },
	[P_PEER_SESSION_ID] = { "peer_session_id", "psid", "ID", VALUE_NUMBER, ADD_SESSION, 0, UINT32_MAX, NULL,
	                        "the session's number at the peer; its session_id" },
	[P_NAME]            = { "name", NULL, "NAME", VALUE_IFNAME, ANY_SESSION, 0, 0, NULL,
	                        "the interface's name; when adding, the first free l2tpethN if left out" },
	[P_ENCAP]           = { "encap", NULL, "udp|ip", VALUE_CHOICE, ADD_TUNNEL, 0, 0, encaps,
	                        "packets go over UDP (if left out) or over IP protocol 115" },
	[P_LOCAL]           = { "local", NULL, "ADDR", VALUE_ADDRESS, ADD_TUNNEL, 0, 0, NULL,
	                        "address of this host (IPv4 or IPv6), or any; the peer's remote" },
	[P_REMOTE]          = { "remote", NULL, "ADDR", VALUE_ADDRESS, ADD_TUNNEL, 0, 0, NULL,
	                        "address of the peer; its local" },
	[P_UDP_SPORT]       = { "udp_sport", NULL, "PORT", VALUE_NUMBER, ADD_TUNNEL, 0, UINT16_MAX, NULL,
	                        "UDP port at this end; the peer's udp_dport" },
	[P_UDP_DPORT]       = { "udp_dport", NULL, "PORT", VALUE_NUMBER, ADD_TUNNEL, 1, UINT16_MAX, NULL,
	                        "UDP port of the peer; its udp_sport" },
	[P_UDP_CSUM]        = { "udp_csum", NULL, "on|off", VALUE_CHOICE, ADD_TUNNEL, 0, 0, switches,
	                        "IPv4: send UDP checksums; off if left out" },
	[P_UDP6_CSUM_TX]    = { "udp6_csum_tx", NULL, "on|off", VALUE_CHOICE, ADD_TUNNEL, 0, 0, switches,
	                        "IPv6: send UDP checksums; on if left out" },
	[P_UDP6_CSUM_RX]    = { "udp6_csum_rx", NULL, "on|off", VALUE_CHOICE, ADD_TUNNEL, 0, 0, switches,
	                        "IPv6: demand UDP checksums; on if left out" },
	[P_VERSION]         = { "version", NULL, "3|2", VALUE_CHOICE, ADD_TUNNEL, 0, 0, versions,
	                        "version of L2TP; 3 if left out" },
	[P_COOKIE]          = { "cookie", NULL, "HEX", VALUE_COOKIE, ADD_SESSION, 0, 0, NULL,
	                        "8 or 16 hexadecimal digits that we send; the peer's peer_cookie" },
	[P_PEER_COOKIE]     = { "peer_cookie", NULL, "HEX", VALUE_COOKIE, ADD_SESSION, 0, 0, NULL,
	                        "8 or 16 hexadecimal digits that we expect; the peer's cookie" },
	[P_L2SPEC_TYPE]     = { "l2spec_type", NULL, "default|none", VALUE_CHOICE, ADD_SESSION, 0, 0, sublayers,
	                        "sublayer that carries sequence numbers; the same at the peer" },
	[P_SEQ]             = { "seq", NULL, "none|send|recv|both", VALUE_CHOICE, ADD_SESSION | SET_SESSION, 0, 0, seqs,
	                        "send sequence numbers, demand them, or both; none if left out" },
	[P_SEND_SEQ]        = { "send_seq", NULL, "on|off", VALUE_CHOICE, ADD_SESSION | SET_SESSION, 0, 0, switches,
	                        "send sequence numbers" },
	[P_RECV_SEQ]        = { "recv_seq", NULL, "on|off", VALUE_CHOICE, ADD_SESSION | SET_SESSION, 0, 0, switches,
	                        "demand sequence numbers" },
	[P_LNS_MODE]        = { "lns_mode", NULL, "on|off", VALUE_CHOICE, ADD_SESSION | SET_SESSION, 0, 0, switches,
	                        "on: we decide about our sequence numbers, off (if left out): the peer does" },
	[P_REORDER_TIMEOUT] = { "reorder_timeout", NULL, "MS", VALUE_NUMBER, ADD_SESSION | SET_SESSION, 0, INT32_MAX, NULL,
	                        "wait this many milliseconds for a missing packet; 0: do not wait" },
	[P_PW_TYPE]         = { "pw_type", NULL, "eth|ppp", VALUE_CHOICE, ADD_SESSION, 0, 0, pw_types,
	                        "kind of pseudowire; eth if left out" },
	[P_OFFSET]          = { "offset", NULL, "N", VALUE_IGNORED, ADD_SESSION, 0, 0, NULL,
	                        "ignored, for old scripts" },
	[P_PEER_OFFSET]     = { "peer_offset", NULL, "N", VALUE_IGNORED, ADD_SESSION, 0, 0, NULL,
	                        "ignored, for old scripts" },
	[P_LABEL]           = { "label", NULL, "TEXT", VALUE_LABEL, ADD_TUNNEL | SET_TUNNEL | ADD_SESSION | SET_SESSION, 0, 0, NULL,
	                        "your own words about it, at most 63 octets (ul2tpd only)" },
	[P_DEV]             = { "dev", NULL, "NAME", VALUE_IFNAME, ADD_TUNNEL, 0, 0, NULL,
	                        "tunnel packets leave and arrive by this interface (ul2tpd only)" },
	[P_FWMARK]          = { "fwmark", NULL, "MARK", VALUE_NUMBER, ADD_TUNNEL, 0, UINT32_MAX, NULL,
	                        "mark of tunnel packets, for routing rules and firewalls (ul2tpd only)" },
	[P_TOS]             = { "tos", NULL, "N", VALUE_NUMBER, ADD_TUNNEL, 0, UINT8_MAX, NULL,
	                        "TOS or traffic class of tunnel packets (ul2tpd only)" },
	[P_TTL]             = { "ttl", NULL, "N", VALUE_NUMBER, ADD_TUNNEL, 1, UINT8_MAX, NULL,
	                        "TTL or hop limit of tunnel packets (ul2tpd only)" },
	[P_PEER_CHECK]      = { "peer_check", NULL, "socket|ids", VALUE_CHOICE, ADD_TUNNEL | SET_TUNNEL, 0, 0, peer_checks,
	                        "accept packets from the peer's address alone, or by the ids in them (ul2tpd only)" },
	[P_TUNNELS]         = { "tunnels", NULL, "N|none", VALUE_LIMIT, LIMITS_SET, 1, UINT32_MAX - 1, NULL,
	                        "how many tunnels there may be" },
	[P_SESSIONS]        = { "sessions", NULL, "N|none", VALUE_LIMIT, LIMITS_SET, 1, UINT32_MAX - 1, NULL,
	                        "how many sessions there may be" },
	[P_MEMORY_KIB]      = { "memory_kib", NULL, "N|none", VALUE_LIMIT, LIMITS_SET, 1, UINT32_MAX - 1, NULL,
	                        "KiB of memory they may need" },
	[P_REQUESTS]        = { "requests", NULL, "N|none", VALUE_LIMIT, LIMITS_SET, 1, UINT32_MAX - 1, NULL,
	                        "requests a second" },
	[P_SUBSCRIBERS]     = { "subscribers", NULL, "N|none", VALUE_LIMIT, LIMITS_SET, 1, UINT32_MAX - 1, NULL,
	                        "programs that watch events" },
};

static const struct {
	enum command command;
	const char *name;
} commands[] = {
	{ ADD_TUNNEL,   "add tunnel" },
	{ DEL_TUNNEL,   "del tunnel" },
	{ SET_TUNNEL,   "set tunnel" },
	{ SHOW_TUNNEL,  "show tunnel" },
	{ ADD_SESSION,  "add session" },
	{ DEL_SESSION,  "del session" },
	{ SET_SESSION,  "set session" },
	{ SHOW_SESSION, "show session" },
	{ LIMITS_SET,   "limits set" },
};
/* clang-format on */

static_assert(ARRAY_SIZE(rows) == PARAMETERS, "each parameter has a row");

const struct parameter_row *parameter_row(enum parameter parameter)
{
	return &rows[parameter];
}

const char *command_name(enum command command)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].command == command)
			return commands[i].name;
	return "";
}

static int parameter_unknown(struct cli *cli, const char *word, unsigned int belong)
{
	struct suggestion s = { .word = word };

	for (size_t i = 0; i < PARAMETERS; i++)
		if (rows[i].commands & belong)
			suggestion_try(&s, rows[i].name);
	if (belong & ~(unsigned int)LIMITS_SET) {
		suggestion_try(&s, "tunnel");
		suggestion_try(&s, "session");
	}
	if (belong & SHOW_TUNNEL && belong & SHOW_SESSION) { /* no object yet */
		suggestion_try(&s, "debug");
		suggestion_try(&s, "ppp");
		suggestion_try(&s, "unit");
	}
	if (s.nearest)
		return cli_wrong(cli, "unknown word \"%s\": is it %s?", word, s.nearest);
	return cli_wrong(cli, "unknown word \"%s\": \"help\" in its place lists those there are",
	                 word);
}

int parameter_take(struct cli *cli, const char *word, struct words *rest, unsigned int belong,
                   struct arguments *a)
{
	for (size_t i = 0; i < PARAMETERS; i++) {
		const struct parameter_row *row = &rows[i];
		char expected[120] = "";
		const char *value;

		if (strcmp(word, row->name) != 0 && (!row->alias || strcmp(word, row->alias) != 0))
			continue;
		value = words_next(rest);
		if (!value)
			return cli_wrong(cli, "%s needs %s after it", row->name, row->value);
		if (a->of[i].given)
			return cli_wrong(cli, "%s is given twice", row->name);
		if (value_read(row, value, &a->of[i], expected, sizeof(expected)) < 0)
			return cli_wrong(cli, "%s \"%s\": expected %s", row->name, value, expected);
		if (row->kind == VALUE_IGNORED)
			fprintf(cli->err, "Ignoring option \"%s\"\n", row->name);
		a->of[i].given = true;
		return CLI_DONE;
	}
	return parameter_unknown(cli, word, belong);
}

static const char *command_with(const struct parameter_row *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (row->commands & commands[i].command)
			return commands[i].name;
	return "";
}

int arguments_check(struct cli *cli, const struct arguments *a, enum command command)
{
	for (size_t i = 0; i < PARAMETERS; i++)
		if (a->of[i].given && !(rows[i].commands & command))
			return cli_wrong(cli, "%s does not belong to %s, but to %s", rows[i].name,
			                 command_name(command), command_with(&rows[i]));
	return CLI_DONE;
}

int arguments_need(struct cli *cli, const struct arguments *a, enum command command,
                   enum parameter parameter)
{
	if (a->of[parameter].given)
		return CLI_DONE;
	return cli_wrong(cli, "%s needs %s %s: %s", command_name(command), rows[parameter].name,
	                 rows[parameter].value, rows[parameter].help);
}

int arguments_need_id(struct cli *cli, const struct arguments *a, enum command command,
                      enum parameter parameter)
{
	int status = arguments_need(cli, a, command, parameter);

	if (status == CLI_DONE && a->of[parameter].number == 0)
		return cli_wrong(cli, "%s \"0\": expected a number from 1 to %u",
		                 rows[parameter].name, UINT32_MAX);
	return status;
}
