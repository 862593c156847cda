/* SPDX-License-Identifier: BSD-2-Clause */
/* run_command.c - see run_command.h
 *
 * Its options are its own: they end at "--" or at the first word that is none, from where on all belongs to
 * the program.
 */
#include "cli/run_command.h"

#include <string.h>

#include "base/cleanup.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/run_check.h"
#include "launcher/run.h"

struct run {
	struct launcher_options options;
	bool help;
	bool check;
};

static int reply_set(struct cli *cli, struct words *words, struct run *r)
{
	static const struct {
		const char *name;
		enum reply_way way;
	} ways[] = {
		{ "auto", REPLY_AUTO },
		{ "uevent", REPLY_UEVENT },
		{ "fib", REPLY_FIB },
		{ "trap", REPLY_TRAP },
	};
	const char *word = words_next(words);

	if (!word)
		return cli_wrong(cli, "--reply needs auto, uevent, fib or trap after it");
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strcmp(word, ways[i].name) == 0) {
			r->options.reply = ways[i].way;
			return CLI_DONE;
		}
	}
	return cli_wrong(cli, "--reply \"%s\": expected auto, uevent, fib or trap", word);
}

static int verbose_set(struct cli *cli, struct words *words, struct run *r)
{
	r->options.verbose++;
	return CLI_DONE;
}

static int sends_set(struct cli *cli, struct words *words, struct run *r)
{
	r->options.trap_all_sends = true;
	return CLI_DONE;
}

static int files_set(struct cli *cli, struct words *words, struct run *r)
{
	r->options.files = true;
	return CLI_DONE;
}

static int check_set(struct cli *cli, struct words *words, struct run *r)
{
	r->check = true;
	return CLI_DONE;
}

static int help_set(struct cli *cli, struct words *words, struct run *r)
{
	r->help = true;
	return CLI_DONE;
}

static const struct {
	const char *name;
	int (*set)(struct cli *cli, struct words *words, struct run *r);
} run_options[] = {
	{ "--reply", reply_set },     { "--files", files_set }, { "-v", verbose_set },
	{ "--verbose", verbose_set }, { "-s", sends_set },      { "--all-sends", sends_set },
	{ "--check", check_set },     { "--help", help_set },   { "-h", help_set },
};

/* An option of this command, or one that all have, as --socket. */
static int option(struct cli *cli, const char *word, struct words *words, struct run *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(run_options); i++)
		if (strcmp(word, run_options[i].name) == 0)
			return run_options[i].set(cli, words, r);
	return option_take(cli, word, words);
}

static int words_read(struct cli *cli, struct words *words, struct run *r)
{
	while (words->count > 0 && *words->at[0] == '-') {
		const char *word = words_next(words);
		int status;

		if (strcmp(word, "--") == 0)
			return CLI_DONE;
		status = option(cli, word, words, r);
		if (status != CLI_DONE)
			return status;
	}
	if (words->count > 0 && strcmp(words->at[0], "help") == 0 && words->count == 1)
		r->help = true;
	return CLI_DONE;
}

int run_command(struct cli *cli, struct words *words)
{
	struct run r = { 0 };
	enum ul2tp_backend backend;
	int status = words_read(cli, words, &r);

	if (status != CLI_DONE)
		return status;
	if (r.help)
		return help_topic(cli, "run");
	if (r.check)
		return words->count ? cli_wrong(cli, "--check starts nothing: leave \"%s\" out",
		                                words->at[0])
		                    : run_check(cli);
	if (cli->in_batch)
		return cli_wrong(cli, "run has no place in a batch file: it becomes the program");
	if (words->count == 0)
		return cli_wrong(cli, "say which program to run: \"ul2tp run -- PROGRAM\"");
	status = cli_connect(cli);
	if (status != CLI_DONE)
		return status;
	backend = ul2tp_backend(cli->u);
	cli_end(cli);
	fflush(cli->out);

	r.options.socket = cli->options.socket;
	if (backend == UL2TP_BACKEND_KERNEL) {
		if (r.options.verbose)
			fprintf(cli->err,
			        "ul2tp run: this kernel has L2TP, and is what the program gets\n");
		return run_program_natively(words->at);
	}
	return run_program(&r.options, words->at);
}
