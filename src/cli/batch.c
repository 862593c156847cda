/* SPDX-License-Identifier: BSD-2-Clause */
/* batch.c - run the commands of a file; see batch.h */
#include "cli/batch.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/session_group.h"

static int run_line(struct cli *cli, char *line)
{
	const struct options options = cli->options;
	char *words[BATCH_WORDS_MAX];
	int count = batch_words(line, words);
	int status;

	if (count == 0)
		return CLI_DONE;
	if (count == -EINVAL)
		return cli_wrong(cli, "a quotation does not end");
	if (count < 0)
		return cli_wrong(cli, "more than %d words", BATCH_WORDS_MAX);
	status = command_run(cli, (struct words){ .count = count, .at = words });
	cli->options = options; /* those of a line are for that line */
	return status;
}

/* All that is not "add": those of words see to it themselves, help and empty lines do not. */
static bool may_add(const char *line)
{
	if (strstr(line, "help"))
		return false;
	while (isspace((unsigned char)*line))
		line++;
	return *line == 'a' || *line == 'l'; /* "l2tp add ..." */
}

static int run_next(struct cli *cli, struct batch_lines *b)
{
	int status = CLI_DONE;

	if (!cli->group)
		return run_line(cli, b->line);
	session_group_at(cli->group, b->number);
	if (!may_add(b->line))
		status = session_group_flush(cli, cli->group);
	return status == CLI_DONE ? run_line(cli, b->line) : status;
}

static int run_end(struct cli *cli)
{
	return cli->group ? session_group_flush(cli, cli->group) : CLI_DONE;
}

/* Sessions that were added together have lines of their own; what was found out behind such a line does not count. */
static unsigned int failed_line(const struct cli *cli, const struct batch_lines *b, int *status)
{
	unsigned int refused = cli->group ? session_group_refused(cli->group, status) : 0;

	return refused ? refused : b->number;
}

static int run_lines(struct cli *cli, struct batch_lines *b, const char *name)
{
	int first_failure = CLI_DONE;

	for (bool more = true; more;) {
		unsigned int number;
		int status;

		more = batch_lines_next(b);
		status = more ? run_next(cli, b) : run_end(cli);
		if (status == CLI_DONE)
			continue;
		number = failed_line(cli, b, &status);
		fflush(cli->out);
		fprintf(cli->err, "Command failed %s:%u\n", name, number);
		if (first_failure == CLI_DONE)
			first_failure = status;
		/* Without anybody to ask the others would only say so again. */
		if (!cli->options.force || status == CLI_NOBODY)
			break;
	}
	return first_failure;
}

/* Whoever writes into a pipe may wait for what a line does before the next. */
static bool is_file(FILE *file)
{
	struct stat st;

	return fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode);
}

int batch_run(struct cli *cli, const char *name)
{
	bool standard_input = strcmp(name, "-") == 0;
	struct batch_lines b = { .file = standard_input ? stdin : fopen(name, "re") };
	int status;

	if (!b.file)
		return cli_wrong(cli, "cannot open \"%s\": %s", name, strerror(errno));
	status = cli_connect(cli);
	/* Thousands may come. Who has no rights is told so by each of them. */
	if (status == CLI_DONE && ul2tp_backend(cli->u) == UL2TP_BACKEND_DAEMON)
		ul2tp_keep_rights(cli->u);
	cli->in_batch = true;
	if (!cli->options.force && is_file(b.file))
		cli->group = session_group_new();
	if (status == CLI_DONE)
		status = run_lines(cli, &b, name);
	if (b.err < 0 && status == CLI_DONE)
		status = cli_wrong(cli, "cannot read \"%s\": %s", name, strerror(-b.err));
	session_group_free(cli->group);
	cli->group = NULL;
	batch_lines_release(&b);
	if (!standard_input)
		fclose(b.file);
	return status;
}
