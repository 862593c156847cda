/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - words that begin with a dash; see options.h */
#include "cli/options.h"

#include <string.h>

#include "base/cleanup.h"
#include "cli/suggestion.h"

enum option {
	OPTION_NETNS,
	OPTION_JSON,
	OPTION_PRETTY,
	OPTION_DETAILS,
	OPTION_STATS,
	OPTION_TIMESTAMP,
	OPTION_BATCH,
	OPTION_FORCE,
	OPTION_BACKEND,
	OPTION_SOCKET,
	OPTION_HELP,
	OPTION_VERSION,
	OPTIONS,
};

/* clang-format off */
static const struct option_row rows[] = {
	[OPTION_NETNS]     = { "netns",     NULL,         "n", "NAME",    "act in this network namespace (see ip-netns(8))" },
	[OPTION_JSON]      = { "json",      NULL,         "j", NULL,      "print JSON" },
	[OPTION_PRETTY]    = { "pretty",    NULL,         "p", NULL,      "JSON on several lines" },
	[OPTION_DETAILS]   = { "details",   NULL,         "d", NULL,      "show every parameter" },
	[OPTION_STATS]     = { "stats",     "statistics", "s", NULL,      "show every parameter, and counters with drop reasons" },
	[OPTION_TIMESTAMP] = { "timestamp", NULL,         "t", NULL,      "monitor: say when" },
	[OPTION_BATCH]     = { "batch",     NULL,         "b", "FILE",    "run the commands in FILE, one a line; \"-\" is standard input" },
	[OPTION_FORCE]     = { "force",     NULL,         "f", NULL,      "--batch: go on after a command that failed" },
	[OPTION_BACKEND]   = { "backend",   NULL,         NULL, "WHICH",  "ul2tpd, kernel, or auto: ul2tpd if it runs, else the kernel" },
	[OPTION_SOCKET]    = { "socket",    NULL,         NULL, "PATH",   "where ul2tpd listens" },
	[OPTION_HELP]      = { "help",      NULL,         "h", NULL,      "this; \"ul2tp COMMAND help\" tells about one command" },
	[OPTION_VERSION]   = { "version",   "Version",    "V", NULL,      "print the version" },
	[OPTIONS]          = { NULL },
};
/* clang-format on */

const struct option_row *option_rows(void)
{
	return rows;
}

static const struct option_row *option_find(const char *name, size_t length)
{
	if (length == 1)
		for (const struct option_row *r = rows; r->name; r++)
			if (r->shortest && *r->shortest == *name)
				return r;
	for (const struct option_row *r = rows; length > 0 && r->name; r++)
		if (strncmp(name, r->name, length) == 0 ||
		    (r->alias && strncmp(name, r->alias, length) == 0))
			return r;
	return NULL;
}

static int option_unknown(struct cli *cli, const char *word, const char *name)
{
	struct suggestion s = { .word = name };

	for (const struct option_row *r = rows; r->name; r++)
		suggestion_try(&s, r->name);
	if (s.nearest)
		return cli_wrong(cli, "unknown option \"%s\": is it --%s?", word, s.nearest);
	return cli_wrong(
		cli,
		"unknown option \"%s\": \"ul2tp help\" lists them, \"ul2tp help run\" those of run",
		word);
}

static int backend_set(struct cli *cli, const char *word)
{
	static const struct {
		const char *name;
		enum ul2tp_backend backend;
	} backends[] = {
		{ "auto", UL2TP_BACKEND_AUTO },
		{ "ul2tpd", UL2TP_BACKEND_DAEMON },
		{ "kernel", UL2TP_BACKEND_KERNEL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
		if (strcmp(word, backends[i].name) == 0) {
			cli->options.backend = backends[i].backend;
			return CLI_DONE;
		}
	}
	return cli_wrong(cli, "--backend \"%s\": expected auto, ul2tpd or kernel", word);
}

/* These are about the connection, which a batch has made before its first line. */
static bool option_is_early(enum option option)
{
	return option == OPTION_NETNS || option == OPTION_BATCH || option == OPTION_BACKEND ||
	       option == OPTION_SOCKET || option == OPTION_FORCE;
}

static int option_set(struct cli *cli, enum option option, const char *value)
{
	struct options *o = &cli->options;

	switch (option) {
	case OPTION_NETNS:
		o->netns = value;
		break;
	case OPTION_JSON:
		o->json = true;
		break;
	case OPTION_PRETTY:
		o->pretty = true;
		break;
	case OPTION_DETAILS:
		o->details = true;
		break;
	case OPTION_STATS:
		o->stats = true;
		break;
	case OPTION_TIMESTAMP:
		o->timestamp = true;
		break;
	case OPTION_BATCH:
		o->batch = value;
		break;
	case OPTION_FORCE:
		o->force = true;
		break;
	case OPTION_BACKEND:
		return backend_set(cli, value);
	case OPTION_SOCKET:
		o->socket = value;
		break;
	case OPTION_HELP:
		o->help = true;
		break;
	case OPTION_VERSION:
		o->version = true;
		break;
	case OPTIONS:
		break;
	}
	return CLI_DONE;
}

int option_take(struct cli *cli, const char *word, struct words *rest)
{
	const char *name = word + strspn(word, "-");
	const char *value = strchr(name, '=');
	const struct option_row *row =
		option_find(name, value ? (size_t)(value - name) : strlen(name));
	enum option option;

	if (!row)
		return option_unknown(cli, word, name);
	option = (enum option)(row - rows);
	if (cli->in_batch && option_is_early(option))
		return cli_wrong(cli, "--%s has no place in a batch file: give it to ul2tp itself",
		                 row->name);
	if (value && !row->argument)
		return cli_wrong(cli, "--%s takes no value", row->name);
	if (value)
		value++;
	else if (row->argument)
		value = words_next(rest);
	if (row->argument && (!value || !*value))
		return cli_wrong(cli, "--%s needs %s after it", row->name, row->argument);
	return option_set(cli, option, value);
}

int options_and_words(struct cli *cli, struct words *words, word_fn *take, void *arg)
{
	const char *word;

	while ((word = words_next(words))) {
		int status = CLI_DONE;

		if (*word == '-')
			status = option_take(cli, word, words);
		else if (strcmp(word, "help") == 0)
			cli->options.help = true;
		else
			status = take(cli, word, arg);
		if (status != CLI_DONE)
			return status;
	}
	return CLI_DONE;
}
