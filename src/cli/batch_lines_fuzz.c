/* SPDX-License-Identifier: BSD-2-Clause */
/* batch_lines_fuzz.c - a file of commands: its lines, their words, and these as parameters of commands
 *
 * Commands are not run: some would start programs. No line has more words than octets, and no word is changed by being read.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/batch_lines.h"
#include "cli/parameter.h"

#define COMMANDS 9 /* enum command */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_parameters(char **words, int count, unsigned int command)
{
	static struct cli cli;
	struct words rest = { .count = count, .at = words };
	struct arguments a = { 0 };
	char *word;

	if (!cli.err)
		cli.out = cli.err = fopen("/dev/null", "we");
	assert(cli.err);
	while ((word = words_next(&rest)))
		parameter_take(&cli, word, &rest, command, &a); /* or none, and the next may be */
}

/* Of each line another command is meant: suggestions take their time. */
static void read_line(char *line, unsigned int number)
{
	char *words[BATCH_WORDS_MAX];
	size_t len = strlen(line), used = 0;
	int count = batch_words(line, words);

	if (count < 0)
		return;
	for (int i = 0; i < count; i++) {
		assert(words[i] >= line && words[i] + strlen(words[i]) <= line + len);
		used += strlen(words[i]);
	}
	assert(used <= len);
	read_parameters(words, count, ADD_TUNNEL << number % COMMANDS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct batch_lines b = { 0 };
	unsigned int before = 0;

	if (!size)
		return 0;
	b.file = fmemopen((void *)data, size, "r");
	assert(b.file);
	while (batch_lines_next(&b)) {
		assert(b.number > before);
		before = b.number;
		read_line(b.line, b.number);
	}
	batch_lines_release(&b);
	fclose(b.file);
	return 0;
}
