/* SPDX-License-Identifier: BSD-2-Clause */
/* mounts.c - see mounts.h */
#include "launcher/mounts.h"

#include <string.h>

#include "process/proc_line.h"

static const char *const names[MOUNT_KINDS] = {
	[MOUNT_PROC] = "proc",
	[MOUNT_DEBUGFS] = "debugfs",
	[MOUNT_TRACEFS] = "tracefs",
};

static int kind_of(struct reader word)
{
	for (int i = 0; i < MOUNT_KINDS; i++)
		if (proc_word_is(word, names[i]))
			return i;
	return -1;
}

static void line_read(struct reader line, struct mounts *m)
{
	struct mount_line mount;
	char *at;
	int kind;

	if (!mount_line_read(line, &mount) || !proc_word_is(mount.root, "/"))
		return;
	kind = kind_of(mount.kind);
	if (kind < 0 || m->count[kind] >= MOUNTS_MAX)
		return;
	at = m->at[kind][m->count[kind]];
	if (!mount_path_read(mount.place, at, sizeof(m->at[kind][0])))
		return;
	if (!at[1])
		at[0] = '\0'; /* the root */
	m->count[kind]++;
}

/* Without its newline. */
static struct reader line_next(struct reader *text)
{
	size_t left = read_left(text);
	const uint8_t *end = memchr(text->at, '\n', left);
	struct reader line = read_sub(text, end ? (size_t)(end - text->at) : left);

	if (end)
		read_skip(text, 1);
	return line;
}

void mounts_read(struct reader mountinfo, struct mounts *ret)
{
	memset(ret, 0, sizeof(*ret));
	while (read_left(&mountinfo))
		line_read(line_next(&mountinfo), ret);
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
