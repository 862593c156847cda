/* SPDX-License-Identifier: BSD-2-Clause */
/* batch.c - run the commands of a file; see batch.h */
#include "cli/batch.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/session_group.h"

static bool is_space(char c)
{
	return isspace((unsigned char)c);
}

/* Takes quotation marks and backslashes out of the word at *from, which is moved past it. */
static int word_take(char **from)
{
	char *in = *from;
	char *to = in;
	char quote = '\0';

	for (; *in && (quote || !is_space(*in)); in++) {
		if (*in == '\\' && quote != '\'' && in[1])
			*to++ = *++in;
		else if (quote && *in == quote)
			quote = '\0';
		else if (!quote && (*in == '"' || *in == '\''))
			quote = *in;
		else
			*to++ = *in;
	}
	*from = *in ? in + 1 : in;
	*to = '\0';
	return quote ? -EINVAL : 0;
}

int batch_words(char *line, char **ret)
{
	int count = 0;

	for (;;) {
		while (is_space(*line))
			line++;
		if (!*line || *line == '#')
			return count;
		if (count == BATCH_WORDS_MAX)
			return -E2BIG;
		ret[count++] = line;
		if (word_take(&line) < 0)
			return -EINVAL;
	}
}

struct batch {
	FILE *file;
	char *line; /* the next command */
	size_t size;
	unsigned int number; /* of its last line */
};

/* Whether the line ends with a backslash, which is then taken off: it goes on in the next one. */
static bool goes_on(char *line, ssize_t *length)
{
	if (*length > 0 && line[*length - 1] == '\n')
		line[--*length] = '\0';
	if (*length == 0 || line[*length - 1] != '\\')
		return false;
	line[*length - 1] = ' ';
	return true;
}

static bool read_command(struct batch *b)
{
	ssize_t length = getline(&b->line, &b->size, b->file);

	if (length < 0)
		return false;
	b->number++;
	while (goes_on(b->line, &length)) {
		AUTO_MEMORY char *more = NULL;
		size_t more_size = 0;
		ssize_t more_length = getline(&more, &more_size, b->file);
		char *whole;

		if (more_length < 0)
			break;
		b->number++;
		whole = realloc(b->line, (size_t)(length + more_length) + 1);
		if (!whole)
			return false;
		memcpy(whole + length, more, (size_t)more_length + 1);
		length += more_length;
		b->line = whole;
		b->size = (size_t)length + 1;
	}
	return true;
}

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
	while (is_space(*line))
		line++;
	return *line == 'a' || *line == 'l'; /* "l2tp add ..." */
}

static int run_next(struct cli *cli, struct batch *b)
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
static unsigned int failed_line(const struct cli *cli, const struct batch *b, int *status)
{
	unsigned int refused = cli->group ? session_group_refused(cli->group, status) : 0;

	return refused ? refused : b->number;
}

static int run_lines(struct cli *cli, struct batch *b, const char *name)
{
	int first_failure = CLI_DONE;

	for (bool more = true; more;) {
		unsigned int number;
		int status;

		more = read_command(b);
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
	struct batch b = { .file = standard_input ? stdin : fopen(name, "re") };
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
	if (ferror(b.file) && status == CLI_DONE)
		status = cli_wrong(cli, "cannot read \"%s\"", name);
	session_group_free(cli->group);
	cli->group = NULL;
	free(b.line);
	if (!standard_input)
		fclose(b.file);
	return status;
}
