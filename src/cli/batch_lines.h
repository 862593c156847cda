/* SPDX-License-Identifier: BSD-2-Clause */
/* batch_lines.h - the commands of a file, one by one, and their words */
#ifndef UL2TP_CLI_BATCH_LINES_H
#define UL2TP_CLI_BATCH_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Zeroed, but for the file, which is the caller's. */
struct batch_lines {
	FILE *file;
	char *line; /* the command; a line that ends with a backslash goes on in the next one */
	size_t size;
	unsigned int number; /* of its last line */
	int err;             /* why there is no next one, -errno; 0: they are at an end */
};

/** batch_lines_next() - read the next command; false: there is none, or .err says why */
bool batch_lines_next(struct batch_lines *b);
void batch_lines_release(struct batch_lines *b);

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

#endif
