/* SPDX-License-Identifier: BSD-2-Clause */
/* save.c - print the commands that make the present state; see save.h */
#include "cli/save.h"

#include "cli/command_words.h"

static int save_tunnel(const struct ul2tp_tunnel *t, void *arg)
{
	struct cli *cli = arg;

	if (t->peer.family == AF_UNSPEC)
		fputs("# on a program's own socket: ", cli->out);
	fputs("add tunnel ", cli->out);
	tunnel_words(cli->out, t);
	putc('\n', cli->out);
	return 0;
}

static bool can_be_said(const struct ul2tp_cookie *c)
{
	return c->length == 0 || c->length == 4 || c->length == 8;
}

static int save_session(const struct ul2tp_session *s, void *arg)
{
	struct cli *cli = arg;

	if (!can_be_said(&s->cookie) || !can_be_said(&s->peer_cookie))
		fputs("# cookies have 8 or 16 digits: ", cli->out);
	fputs("add session ", cli->out);
	session_words(cli->out, s);
	putc('\n', cli->out);
	return 0;
}

int save_run(struct cli *cli)
{
	int status = cli_connect(cli);

	if (status != CLI_DONE)
		return status;
	if (cli->options.json)
		return cli_wrong(cli, "save prints commands, not JSON: leave out --json");
	if (ul2tp_backend(cli->u) == UL2TP_BACKEND_KERNEL)
		fputs("# The kernel does not tell l2spec_type: add \"l2spec_type none\" where it was "
		      "used.\n",
		      cli->out);
	if (ul2tp_tunnel_list(cli->u, UL2TP_EXTRAS, save_tunnel, cli) < 0 ||
	    ul2tp_session_list(cli->u, UL2TP_EXTRAS, save_session, cli) < 0)
		return cli_refused(cli);
	return CLI_DONE;
}
