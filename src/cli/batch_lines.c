/* SPDX-License-Identifier: BSD-2-Clause */
/* batch_lines.c - see batch_lines.h */
#include "cli/batch_lines.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

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

/* As getline(), which says an end and a failure alike. */
static ssize_t line_read(struct batch_lines *b, char **line, size_t *size)
{
	ssize_t length = getline(line, size, b->file);

	if (length < 0 && !feof(b->file))
		b->err = -errno;
	return length;
}

bool batch_lines_next(struct batch_lines *b)
{
	ssize_t length = line_read(b, &b->line, &b->size);

	if (length < 0)
		return false;
	b->number++;
	while (goes_on(b->line, &length)) {
		AUTO_MEMORY char *more = NULL;
		size_t more_size = 0;
		ssize_t more_length = line_read(b, &more, &more_size);
		char *whole;

		if (more_length < 0)
			return !b->err;
		b->number++;
		whole = realloc(b->line, (size_t)(length + more_length) + 1);
		if (!whole) {
			b->err = -ENOMEM;
			return false;
		}
		memcpy(whole + length, more, (size_t)more_length + 1);
		length += more_length;
		b->line = whole;
		b->size = (size_t)length + 1;
	}
	return true;
}

void batch_lines_release(struct batch_lines *b)
{
	free(b->line);
	b->line = NULL;
}
