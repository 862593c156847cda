/* SPDX-License-Identifier: BSD-2-Clause */
/* debug.c - print what a kernel with L2TP has in its debug files; see debug.h */
#include "cli/debug.h"

#include <errno.h>
#include <string.h>

#include "cli/help.h"
#include "cli/options.h"
#include "debug/debug_text.h"

static int text_print(struct cli *cli, enum debug_text which)
{
	int err = debug_text_write(cli->out, cli->u, which);

	return err < 0 ? cli_refused(cli) : CLI_DONE;
}

/* @arg: bits of enum debug_text. */
static int text_take(struct cli *cli, const char *word, void *arg)
{
	unsigned int *wanted = arg;

	if (strcmp(word, debug_text_name(DEBUG_PPPOL2TP)) == 0)
		*wanted |= 1u << DEBUG_PPPOL2TP;
	else if (strcmp(word, debug_text_name(DEBUG_TUNNELS)) == 0)
		*wanted |= 1u << DEBUG_TUNNELS;
	else
		return cli_wrong(cli, "show debug \"%s\": expected pppol2tp or tunnels", word);
	return CLI_DONE;
}

int debug_show(struct cli *cli, struct words *words)
{
	unsigned int wanted = 0;
	int status = options_and_words(cli, words, text_take, &wanted);

	if (status != CLI_DONE)
		return status;
	if (cli->options.help)
		return help_topic(cli, "debug");
	if (cli->options.json)
		return cli_wrong(cli, "show debug prints the kernel's texts, for JSON take "
		                      "\"-j -s show tunnel\" and \"-j -s show session\"");
	status = cli_connect(cli);
	if (status != CLI_DONE)
		return status;
	if (ul2tp_backend(cli->u) == UL2TP_BACKEND_KERNEL)
		return cli_wrong(cli, "the kernel's own L2TP answers: read /proc/net/pppol2tp and "
		                      "l2tp/tunnels in debugfs");
	if (wanted == 1u << DEBUG_TUNNELS)
		return text_print(cli, DEBUG_TUNNELS);
	status = text_print(cli, DEBUG_PPPOL2TP);
	if (status != CLI_DONE || wanted == 1u << DEBUG_PPPOL2TP)
		return status;
	putc('\n', cli->out);
	return text_print(cli, DEBUG_TUNNELS);
}
