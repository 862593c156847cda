/* SPDX-License-Identifier: BSD-2-Clause */
/* mounts.c - see mounts.h
 *
 * A line: 36 35 98:0 / /mnt rw,noatime shared:1 - proc proc rw (proc(5)): the fourth word is the part of the file
 * system that is mounted, the fifth is where; behind a single dash comes the kind.
 */
#include "launcher/mounts.h"

#include <stdbool.h>
#include <string.h>

static const char *const names[MOUNT_KINDS] = {
	[MOUNT_PROC] = "proc",
	[MOUNT_DEBUGFS] = "debugfs",
	[MOUNT_TRACEFS] = "tracefs",
};

/* Up to a separator, which is taken, too; false: there is nothing left. */
static bool part_next(struct reader *r, uint8_t separator, struct reader *ret)
{
	size_t left = read_left(r), len;
	const uint8_t *end;

	if (!left)
		return false;
	end = memchr(r->at, separator, left);
	len = end ? (size_t)(end - r->at) : left;
	*ret = read_sub(r, len);
	if (end)
		read_skip(r, 1);
	return true;
}

static bool part_is(struct reader part, const char *word)
{
	size_t len = strlen(word);

	return read_left(&part) == len && memcmp(part.at, word, len) == 0;
}

static bool is_octal(uint8_t c)
{
	return c >= '0' && c <= '7';
}

/* Blanks and the like stand as \040. False: it is too long, or not absolute. */
static bool path_read(struct reader part, char *to, size_t size)
{
	size_t len = 0;

	while (read_left(&part)) {
		uint8_t c = read_u8(&part);

		if (c == '\\' && read_left(&part) >= 3 && is_octal(part.at[0]) &&
		    is_octal(part.at[1]) && is_octal(part.at[2])) {
			c = (uint8_t)((part.at[0] - '0') << 6 | (part.at[1] - '0') << 3 |
			              (part.at[2] - '0'));
			read_skip(&part, 3);
		}
		if (!c || len + 1 >= size)
			return false;
		to[len++] = (char)c;
	}
	to[len] = '\0';
	if (to[0] != '/')
		return false;
	if (len == 1)
		to[0] = '\0'; /* the root */
	return true;
}

static int kind_of(struct reader part)
{
	for (int i = 0; i < MOUNT_KINDS; i++)
		if (part_is(part, names[i]))
			return i;
	return -1;
}

static void line_read(struct reader line, struct mounts *m)
{
	struct reader word, at = { 0 };
	bool whole = false;
	int kind;

	for (int i = 0; i < 5; i++) {
		if (!part_next(&line, ' ', &word))
			return;
		if (i == 3)
			whole = part_is(word, "/");
		at = word;
	}
	while (part_next(&line, ' ', &word))
		if (part_is(word, "-"))
			break;
	if (!whole || !part_next(&line, ' ', &word))
		return;
	kind = kind_of(word);
	if (kind < 0 || m->count[kind] >= MOUNTS_MAX)
		return;
	if (path_read(at, m->at[kind][m->count[kind]], sizeof(m->at[kind][0])))
		m->count[kind]++;
}

void mounts_read(struct reader mountinfo, struct mounts *ret)
{
	struct reader line;

	memset(ret, 0, sizeof(*ret));
	while (part_next(&mountinfo, '\n', &line))
		line_read(line, ret);
}

static void add(struct mounts *m, enum mount_kind kind, const char *path)
{
	if (m->count[kind] < MOUNTS_MAX)
		strcpy(m->at[kind][m->count[kind]++], path);
}

void mounts_default(struct mounts *m)
{
	if (!m->count[MOUNT_DEBUGFS])
		add(m, MOUNT_DEBUGFS, "/sys/kernel/debug");
	if (!m->count[MOUNT_TRACEFS])
		add(m, MOUNT_TRACEFS, "/sys/kernel/tracing");
}
