/* SPDX-License-Identifier: BSD-2-Clause */
/* cli.h - what all commands of ul2tp share: options, the connection, and how a failure is told
 *
 * A command returns what the program exits with.
 */
#ifndef UL2TP_CLI_CLI_H
#define UL2TP_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "ul2tp.h"
#include "cli/printer.h"
#include "cli/tunnel_print.h"

enum cli_status {
	CLI_DONE = 0,
	CLI_USAGE = 1,   /* what was asked makes no sense, or could not be read or written */
	CLI_REFUSED = 2, /* ul2tpd or the kernel said no */
	CLI_NOBODY = 3,  /* there is nobody to ask, or the answer did not come */
};

struct options {
	const char *netns; /* NULL: stay where we are */
	const char *batch; /* NULL: the command is on the command line */
	const char *socket;
	enum ul2tp_backend backend;
	bool json;
	bool pretty;
	bool details;
	bool stats;
	bool timestamp;
	bool force;
	bool help;
	bool version;
};

struct cli {
	struct options options;
	FILE *out;                   /* what was asked for */
	FILE *err;                   /* why it failed */
	struct ul2tp *u;             /* NULL until cli_connect() */
	struct session_group *group; /* of a batch; NULL: sessions are added one by one */
	bool in_batch;               /* options that choose the other end come too late */
};

/* The words of a command that have not been read. */
struct words {
	int count;
	char **at;
};

/** words_next() - the next word, which is taken; NULL: there is none */
static inline char *words_next(struct words *w)
{
	if (w->count <= 0)
		return NULL;
	w->count--;
	return *w->at++;
}

/**
 * cli_wrong() - tell what is wrong with the command
 *
 * Return: CLI_USAGE, so that a refusal is one line.
 */
int cli_wrong(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** cli_enter_netns() - go into the namespace asked for, if any. CLI_DONE or told */
int cli_enter_netns(struct cli *cli);

/** cli_connect() - connect, in the namespace asked for, if that has not been done. CLI_DONE or told */
int cli_connect(struct cli *cli);

/**
 * cli_refused() - tell why the last call with cli->u failed
 *
 * Return: CLI_REFUSED or CLI_NOBODY.
 */
int cli_refused(struct cli *cli);

/** cli_flush() - let out what was printed. CLI_DONE, or told that it could not be written */
int cli_flush(struct cli *cli);

/** cli_printer() - a printer for this command's options */
struct printer cli_printer(const struct cli *cli);

/** cli_extent() - how much to show */
enum print_extent cli_extent(const struct cli *cli);

/** cli_end() - disconnect */
void cli_end(struct cli *cli);

#endif
