/* SPDX-License-Identifier: BSD-2-Clause */
/* cli.c - what all commands share; see cli.h */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "cli/netns.h"
#include "cli/session_group.h"

int cli_wrong(struct cli *cli, const char *format, ...)
{
	va_list args;

	/* What comes before it in a batch goes before it, and may end the batch. */
	if (cli->group && session_group_flush(cli, cli->group) != CLI_DONE)
		return CLI_USAGE;
	fflush(cli->out);
	fputs("ul2tp: ", cli->err);
	va_start(args, format);
	vfprintf(cli->err, format, args);
	va_end(args);
	putc('\n', cli->err);
	return CLI_USAGE;
}

int cli_enter_netns(struct cli *cli)
{
	char why[200];

	if (cli->options.netns && netns_enter(cli->options.netns, why, sizeof(why)) < 0)
		return cli_wrong(cli, "%s", why);
	return CLI_DONE;
}

int cli_connect(struct cli *cli)
{
	struct ul2tp_error error;

	if (cli->u)
		return cli->group ? session_group_flush(cli, cli->group) : CLI_DONE;
	if (cli_enter_netns(cli) != CLI_DONE)
		return CLI_USAGE;
	if (ul2tp_connect(cli->options.backend, cli->options.socket, &cli->u, &error) == 0)
		return CLI_DONE;
	cli_wrong(cli, "%s", error.words);
	return CLI_NOBODY;
}

int cli_refused(struct cli *cli)
{
	const struct ul2tp_error *error = ul2tp_last_error(cli->u);
	bool named = !*error->argument || strstr(error->words, error->argument);

	cli_wrong(cli, "%s%s%s", named ? "" : error->argument, named ? "" : ": ", error->words);
	switch (error->code) {
	case -EPIPE:
	case -ETIMEDOUT:
		return CLI_NOBODY;
	default:
		return CLI_REFUSED;
	}
}

int cli_flush(struct cli *cli)
{
	errno = 0;
	if (fflush(cli->out) == 0 && !ferror(cli->out))
		return CLI_DONE;
	return cli_wrong(cli, "cannot write: %s", errno ? strerror(errno) : "a part of it is lost");
}

struct printer cli_printer(const struct cli *cli)
{
	return (struct printer){
		.out = cli->out,
		.json = cli->options.json,
		.pretty = cli->options.pretty,
	};
}

enum print_extent cli_extent(const struct cli *cli)
{
	if (cli->options.stats)
		return PRINT_STATS;
	return cli->options.details ? PRINT_DETAILS : PRINT_IP_L2TP;
}

void cli_end(struct cli *cli)
{
	ul2tp_disconnect(cli->u);
	cli->u = NULL;
}
