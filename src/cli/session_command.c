/* SPDX-License-Identifier: BSD-2-Clause */
/* session_command.c - add, delete, change and show sessions; see session_command.h */
#include "cli/session_command.h"

#include "base/cleanup.h"
#include "cli/session_group.h"
#include "cli/session_print.h"

/* seq, send_seq and recv_seq say the same thing twice. */
static int check_seq(struct cli *cli, const struct arguments *a)
{
	if (a->of[P_SEQ].given && (a->of[P_SEND_SEQ].given || a->of[P_RECV_SEQ].given))
		return cli_wrong(cli,
		                 "seq is both send_seq and recv_seq: give it, or those, not both");
	return CLI_DONE;
}

int session_params_set(struct cli *cli, const struct arguments *a, struct ul2tp_session_params *ret)
{
	static const enum parameter needed[] = { P_TUNNEL_ID, P_SESSION_ID, P_PEER_SESSION_ID };
	const struct value *of = a->of;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (arguments_need_id(cli, a, ADD_SESSION, needed[i]) != CLI_DONE)
			return CLI_USAGE;
	if (check_seq(cli, a) != CLI_DONE)
		return CLI_USAGE;
	*ret = (struct ul2tp_session_params){
		.size = sizeof(*ret),
		.tunnel_id = of[P_TUNNEL_ID].number,
		.peer_tunnel_id = of[P_PEER_TUNNEL_ID].number,
		.session_id = of[P_SESSION_ID].number,
		.peer_session_id = of[P_PEER_SESSION_ID].number,
		.pw_type = (uint16_t)of[P_PW_TYPE].number,
		.has_l2spec_type = of[P_L2SPEC_TYPE].given,
		.l2spec_type = (uint8_t)of[P_L2SPEC_TYPE].number,
		.ifname = of[P_NAME].given ? of[P_NAME].text : NULL,
		.recv_seq = of[P_RECV_SEQ].number || (of[P_SEQ].number & SEQ_RECV),
		.send_seq = of[P_SEND_SEQ].number || (of[P_SEQ].number & SEQ_SEND),
		.lns_mode = of[P_LNS_MODE].number,
		.reorder_timeout_ms = of[P_REORDER_TIMEOUT].number,
		.label = of[P_LABEL].given ? of[P_LABEL].text : NULL,
	};
	if (of[P_COOKIE].given)
		ret->cookie = of[P_COOKIE].cookie;
	if (of[P_PEER_COOKIE].given)
		ret->peer_cookie = of[P_PEER_COOKIE].cookie;
	return CLI_DONE;
}

int session_add(struct cli *cli, const struct arguments *a)
{
	struct ul2tp_session_params params;
	int status = session_params_set(cli, a, &params);

	if (status == CLI_DONE && cli->group && session_group_take(cli->group, &params))
		return session_group_is_full(cli->group) ? session_group_flush(cli, cli->group)
		                                         : CLI_DONE;
	if (status == CLI_DONE)
		status = cli_connect(cli);
	if (status != CLI_DONE)
		return status;
	return ul2tp_session_add(cli->u, &params) < 0 ? cli_refused(cli) : CLI_DONE;
}

/* Which session: its interface's name, or both ids. */
static int key_set(struct cli *cli, const struct arguments *a, enum command command,
                   struct ul2tp_session_key *ret)
{
	bool ids = a->of[P_TUNNEL_ID].given || a->of[P_SESSION_ID].given;

	if (a->of[P_NAME].given) {
		if (ids)
			return cli_wrong(cli, "%s: give name, or tunnel_id and session_id",
			                 command_name(command));
		*ret = (struct ul2tp_session_key){ .ifname = a->of[P_NAME].text };
		return CLI_DONE;
	}
	if (!ids)
		return cli_wrong(cli,
		                 "%s needs tunnel_id ID and session_id ID, or name NAME: which "
		                 "session is meant",
		                 command_name(command));
	if (arguments_need(cli, a, command, P_TUNNEL_ID) != CLI_DONE ||
	    arguments_need(cli, a, command, P_SESSION_ID) != CLI_DONE)
		return CLI_USAGE;
	*ret = (struct ul2tp_session_key){
		.tunnel_id = a->of[P_TUNNEL_ID].number,
		.session_id = a->of[P_SESSION_ID].number,
	};
	return CLI_DONE;
}

int session_del(struct cli *cli, const struct arguments *a)
{
	struct ul2tp_session_key key;
	int status = key_set(cli, a, DEL_SESSION, &key);

	if (status == CLI_DONE)
		status = cli_connect(cli);
	if (status != CLI_DONE)
		return status;
	return ul2tp_session_delete(cli->u, &key) < 0 ? cli_refused(cli) : CLI_DONE;
}

int session_change_set(struct cli *cli, const struct arguments *a, struct ul2tp_session_change *ret)
{
	const struct value *of = a->of;

	if (check_seq(cli, a) != CLI_DONE)
		return CLI_USAGE;
	*ret = (struct ul2tp_session_change){
		.size = sizeof(*ret),
		.has_recv_seq = of[P_SEQ].given || of[P_RECV_SEQ].given,
		.recv_seq = of[P_RECV_SEQ].number || (of[P_SEQ].number & SEQ_RECV),
		.has_send_seq = of[P_SEQ].given || of[P_SEND_SEQ].given,
		.send_seq = of[P_SEND_SEQ].number || (of[P_SEQ].number & SEQ_SEND),
		.has_lns_mode = of[P_LNS_MODE].given,
		.lns_mode = of[P_LNS_MODE].number,
		.has_reorder_timeout = of[P_REORDER_TIMEOUT].given,
		.reorder_timeout_ms = of[P_REORDER_TIMEOUT].number,
		.label = of[P_LABEL].given ? of[P_LABEL].text : NULL,
	};
	if (!ret->has_recv_seq && !ret->has_send_seq && !ret->has_lns_mode &&
	    !ret->has_reorder_timeout && !ret->label)
		return cli_wrong(cli, "set session needs seq, send_seq, recv_seq, lns_mode, "
		                      "reorder_timeout or label: what to change");
	return CLI_DONE;
}

int session_set(struct cli *cli, const struct arguments *a)
{
	struct ul2tp_session_change change;
	struct ul2tp_session_key key;
	int status = key_set(cli, a, SET_SESSION, &key);

	if (status == CLI_DONE)
		status = session_change_set(cli, a, &change);
	if (status == CLI_DONE)
		status = cli_connect(cli);
	if (status != CLI_DONE)
		return status;
	return ul2tp_session_set(cli->u, &key, &change) < 0 ? cli_refused(cli) : CLI_DONE;
}

struct listing {
	struct printer *printer;
	enum print_extent extent;
	const struct arguments *filter;
};

static bool is_wanted(const struct arguments *filter, const struct ul2tp_session *s)
{
	const struct value *tunnel_id = &filter->of[P_TUNNEL_ID];
	const struct value *session_id = &filter->of[P_SESSION_ID];

	return (!tunnel_id->given || tunnel_id->number == s->tunnel_id) &&
	       (!session_id->given || session_id->number == s->session_id);
}

static int print_one(const struct ul2tp_session *s, void *arg)
{
	struct listing *l = arg;

	if (is_wanted(l->filter, s))
		session_print(l->printer, KEY_NONE, s, l->extent);
	return 0;
}

static int show_list(struct cli *cli, struct listing *l, unsigned int flags)
{
	int err;

	printer_list_begin(l->printer, KEY_NONE);
	err = ul2tp_session_list(cli->u, flags, print_one, l);
	printer_list_end(l->printer);
	printer_line_end(l->printer);
	return err < 0 ? cli_refused(cli) : CLI_DONE;
}

static int show_one(struct cli *cli, struct listing *l, unsigned int flags,
                    const struct ul2tp_session_key *key)
{
	const struct ul2tp_session *s;

	if (ul2tp_session_get(cli->u, key, flags, &s) < 0)
		return cli_refused(cli);
	/* A kernel looks at the session id alone, and may answer with another tunnel's (NL-73). */
	if (!is_wanted(l->filter, s)) {
		cli_wrong(cli, "there is no such session");
		return CLI_REFUSED;
	}
	printer_list_begin(l->printer, KEY_NONE);
	session_print(l->printer, KEY_NONE, s, l->extent);
	printer_list_end(l->printer);
	printer_line_end(l->printer);
	return CLI_DONE;
}

int session_show(struct cli *cli, const struct arguments *a)
{
	struct printer p = cli_printer(cli);
	struct listing l = { .printer = &p, .extent = cli_extent(cli), .filter = a };
	unsigned int flags = l.extent >= PRINT_DETAILS ? UL2TP_EXTRAS : 0;
	bool both = a->of[P_TUNNEL_ID].given && a->of[P_SESSION_ID].given;
	struct ul2tp_session_key key;
	int status = CLI_DONE;

	if (a->of[P_NAME].given || both)
		status = key_set(cli, a, SHOW_SESSION, &key);
	if (status == CLI_DONE)
		status = cli_connect(cli);
	if (status != CLI_DONE)
		return status;
	if (a->of[P_NAME].given || both)
		return show_one(cli, &l, flags, &key);
	return show_list(cli, &l, flags);
}
