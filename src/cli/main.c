/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - ul2tp: the command line */
#include <stdio.h>

#include "base/streams.h"
#include "cli/batch.h"
#include "cli/command.h"
#include "cli/options.h"

static int options_take(struct cli *cli, struct words *words)
{
	while (words->count > 0 && words->at[0][0] == '-') {
		const char *word = words_next(words);
		int status = option_take(cli, word, words);

		if (status != CLI_DONE)
			return status;
	}
	return CLI_DONE;
}

static int run(struct cli *cli, struct words words)
{
	int status = options_take(cli, &words);

	if (status != CLI_DONE)
		return status;
	if (cli->options.version) {
		fprintf(cli->out, "ul2tp %s\n", ul2tp_version());
		return CLI_DONE;
	}
	if (!cli->options.batch)
		return command_run(cli, words);
	if (words.count > 0)
		return cli_wrong(cli, "\"%s\" after --batch: the commands are in the file",
		                 words.at[0]);
	return batch_run(cli, cli->options.batch);
}

int main(int argc, char **argv)
{
	struct cli cli = { .out = stdout, .err = stderr };
	int status;

	streams_reserve();
	status = run(&cli, (struct words){ .count = argc > 0 ? argc - 1 : 0, .at = argv + 1 });
	cli_end(&cli);
	return status == CLI_DONE ? cli_flush(&cli) : status;
}
