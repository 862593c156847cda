/* SPDX-License-Identifier: BSD-2-Clause */
/* batch.h - run the commands of a file over one connection, as ip -batch */
#ifndef UL2TP_CLI_BATCH_H
#define UL2TP_CLI_BATCH_H

#include "cli/cli.h"

#define BATCH_WORDS_MAX 100

/**
 * batch_words() - split a line into words, in place
 * @ret: at least BATCH_WORDS_MAX; they point into @line
 *
 * Words end at white space, unless it stands in "..." or '...'; "\" takes the next character as it
 * is, but not in '...'; "#" begins a comment.
 *
 * Return: how many; -EINVAL: a quotation does not end; -E2BIG.
 */
int batch_words(char *line, char **ret);

/**
 * batch_run() - run the commands of the file @name, "-" for standard input
 *
 * Stops at the first that fails, unless --force. "Command failed FILE:LINE" is told after its own words.
 *
 * Return: CLI_DONE, or the status of the first that failed.
 */
int batch_run(struct cli *cli, const char *name);

#endif
