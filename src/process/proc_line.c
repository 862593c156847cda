/* SPDX-License-Identifier: BSD-2-Clause */
/* proc_line.c - see proc_line.h */
#include "process/proc_line.h"

#include <errno.h>
#include <stdint.h>

/* Up to a blank, which is taken, or a newline, which ends the line. Empty: there is none left. */
static struct reader word_next(struct reader *line)
{
	struct reader word = *line;
	size_t len = 0;

	while (len < read_left(line) && line->at[len] != ' ' && line->at[len] != '\n')
		len++;
	word = read_sub(line, len);
	if (read_left(line) && *line->at == ' ')
		read_skip(line, 1);
	return word;
}

bool proc_word_is(struct reader word, const char *whole)
{
	size_t len = strlen(whole);

	return read_left(&word) == len && memcmp(word.at, whole, len) == 0;
}

/* Whether it begins so, which is taken then. */
static bool begins(struct reader *r, const char *with)
{
	size_t len = strlen(with);

	if (read_left(r) < len || memcmp(r->at, with, len) != 0)
		return false;
	read_skip(r, len);
	return true;
}

/* Up to what is no digit; false: there is none, or it is above @most. */
static bool number_read(struct reader *r, uint64_t most, uint64_t *ret)
{
	bool any = false;

	*ret = 0;
	while (read_left(r) && *r->at >= '0' && *r->at <= '9') {
		uint8_t digit = (uint8_t)(read_u8(r) - '0');

		if (*ret > (most - digit) / 10)
			return false;
		*ret = *ret * 10 + digit;
		any = true;
	}
	return any;
}

bool mount_line_read(struct reader line, struct mount_line *ret)
{
	struct reader word = word_next(&line);

	*ret = (struct mount_line){ 0 };
	if (!number_read(&word, UINT64_MAX, &ret->id) || read_left(&word))
		return false;
	word_next(&line); /* the mount it is in */
	word_next(&line); /* the device */
	ret->root = word_next(&line);
	ret->place = word_next(&line);
	do {
		word = word_next(&line);
	} while (read_left(&word) && !proc_word_is(word, "-"));
	ret->kind = word_next(&line);
	return read_left(&ret->place);
}

static bool is_octal(uint8_t c)
{
	return c >= '0' && c <= '7';
}

bool mount_path_read(struct reader word, char *ret, size_t room)
{
	size_t len = 0;

	while (read_left(&word)) {
		uint8_t c = read_u8(&word);

		if (c == '\\' && read_left(&word) >= 3 && is_octal(word.at[0]) &&
		    is_octal(word.at[1]) && is_octal(word.at[2])) {
			c = (uint8_t)((word.at[0] - '0') << 6 | (word.at[1] - '0') << 3 |
			              (word.at[2] - '0'));
			read_skip(&word, 3);
		}
		if (!c || len + 1 >= room)
			return false;
		ret[len++] = (char)c;
	}
	ret[len] = '\0';
	return ret[0] == '/';
}

ino_t proc_netns_number(struct reader text)
{
	uint64_t number;

	if (!begins(&text, "net:[") || !number_read(&text, UINT64_MAX, &number) ||
	    !proc_word_is(text, "]"))
		return 0;
	return (ino_t)number;
}

int group_line_path(struct reader line, char *ret, size_t room)
{
	size_t len;

	if (!begins(&line, "0::") || !read_left(&line) || *line.at != '/')
		return 0;
	len = read_left(&line);
	if (line.at[len - 1] == '\n')
		len--;
	if (len >= room)
		return -E2BIG;
	read_copy(&line, ret, len);
	ret[len] = '\0';
	return 1;
}

pid_t pidfd_line_pid(struct reader line)
{
	uint64_t number;

	if (!begins(&line, "Pid:\t") || !number_read(&line, INT32_MAX, &number) ||
	    !proc_word_is(line, "\n"))
		return 0;
	return (pid_t)number;
}
