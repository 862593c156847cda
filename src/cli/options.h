/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h - words that begin with a dash
 *
 * Long names may be shortened and written with one dash or two, as with ip(8): -j, -json, --json.
 * Options may stand before the command and wherever the name of a parameter may stand.
 */
#ifndef UL2TP_CLI_OPTIONS_H
#define UL2TP_CLI_OPTIONS_H

#include "cli/cli.h"

struct option_row {
	const char *name;     /* without dashes */
	const char *alias;    /* as ip(8) has it; or NULL */
	const char *shortest; /* one letter that means this one; or NULL */
	const char *argument; /* what follows it; or NULL */
	const char *help;
};

/** option_rows() - all there are, ended by a row without a name */
const struct option_row *option_rows(void);

/**
 * option_take() - read the option @word, and its argument from @rest
 *
 * Return: CLI_DONE; or told why not.
 */
int option_take(struct cli *cli, const char *word, struct words *rest);

/** A word of a command that is neither an option nor "help". CLI_DONE, or told why not */
typedef int word_fn(struct cli *cli, const char *word, void *arg);

/** options_and_words() - read all that is left of a command: options, "help", and @take for each other word */
int options_and_words(struct cli *cli, struct words *words, word_fn *take, void *arg);

#endif
