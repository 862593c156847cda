/* SPDX-License-Identifier: BSD-2-Clause */
/* file_place.c - see file_place.h */
#include "launcher/file_place.h"

#include <string.h>

#include "base/cleanup.h"
#include "ul2tp.h"

static const char *const last_parts[] = { "pppol2tp", "tunnels", "enable", "format", "trace_pipe" };

bool file_place_possible(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_SIZE(last_parts); i++)
		if (strcmp(last, last_parts[i]) == 0)
			return true;
	return false;
}

struct text {
	char *at;
	size_t len, size;
	bool failed;
};

/* "" and "." are nothing, ".." goes back. */
static void part_add(struct text *to, const char *part, size_t len)
{
	if (len == 0 || (len == 1 && part[0] == '.'))
		return;
	if (len == 2 && part[0] == '.' && part[1] == '.') {
		while (to->len && to->at[--to->len] != '/')
			;
		return;
	}
	if (to->size - to->len < len + 2) {
		to->failed = true;
		return;
	}
	to->at[to->len++] = '/';
	memcpy(to->at + to->len, part, len);
	to->len += len;
}

static void path_add(struct text *to, const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		part_add(to, path, len);
		path += len;
		while (*path == '/')
			path++;
	}
}

bool file_place_join(const char *base, const char *path, char *to, size_t size)
{
	struct text text = { .at = to, .size = size };
	size_t len = strlen(path);

	if (!len || size < 2)
		return false;
	if (path[0] != '/')
		path_add(&text, base);
	path_add(&text, path);
	if (path[len - 1] == '/' || !text.len) {
		if (text.size - text.len < 2)
			return false;
		text.at[text.len++] = '/';
	}
	text.at[text.len] = '\0';
	return !text.failed;
}

/* What follows @prefix and a slash; NULL: it does not begin so. */
static const char *below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(path, prefix, len) != 0 || path[len] != '/')
		return NULL;
	return path + len + 1;
}

/* Digits and a slash; how many octets, 0: it is none. */
static size_t number_len(const char *path)
{
	size_t len = strspn(path, "0123456789");

	return len > 0 && len < 11 && path[len] == '/' ? len + 1 : 0;
}

/* Behind the directory of a task, whose name is left in @task; NULL: there is none. */
static const char *task_skip(const char *path, char task[32])
{
	const char *own = below(path, "self"), *at = path, *in;
	size_t len;

	if (!own)
		own = below(path, "thread-self");
	if (!own) {
		len = number_len(path);
		if (!len)
			return NULL;
		at = path + len;
		memcpy(task, path, len - 1);
		task[len - 1] = '\0';
	} else {
		at = own;
	}
	in = below(at, "task");
	len = in ? number_len(in) : 0;
	if (!len)
		return at;
	if (own) { /* "self" may be known by another number */
		memcpy(task, in, len - 1);
		task[len - 1] = '\0';
	} else {
		size_t have = strlen(task);

		memcpy(task + have, "/task/", 6);
		memcpy(task + have + 6, in, len - 1);
		task[have + 6 + len - 1] = '\0';
	}
	return in + len;
}

static void find_in_proc(const char *path, struct file_place *ret)
{
	const char *rest;

	if (strcmp(path, "net/pppol2tp") == 0) {
		ret->kind = FILE_PPPOL2TP;
		return;
	}
	rest = task_skip(path, ret->task);
	if (rest && strcmp(rest, "net/pppol2tp") == 0)
		ret->kind = FILE_PPPOL2TP;
}

static bool is_event(const char *name)
{
	for (unsigned int i = 0; ul2tp_trace_name(i); i++)
		if (strcmp(ul2tp_trace_name(i), name) == 0)
			return true;
	return false;
}

static void find_in_tracefs(const char *path, struct file_place *ret)
{
	const char *rest = below(path, "events/l2tp");
	size_t len;

	if (strcmp(path, "trace_pipe") == 0)
		ret->kind = FILE_TRACE_PIPE;
	if (!rest)
		return;
	if (strcmp(rest, "enable") == 0) {
		ret->kind = FILE_ENABLE_ALL;
		return;
	}
	len = strcspn(rest, "/");
	if (len >= sizeof(ret->event) || rest[len] != '/')
		return;
	memcpy(ret->event, rest, len);
	ret->event[len] = '\0';
	if (!is_event(ret->event))
		return;
	if (strcmp(rest + len, "/enable") == 0)
		ret->kind = FILE_ENABLE;
	else if (strcmp(rest + len, "/format") == 0)
		ret->kind = FILE_FORMAT;
}

static void find_in_debugfs(const char *path, struct file_place *ret)
{
	const char *rest = below(path, "tracing");

	if (strcmp(path, "l2tp/tunnels") == 0)
		ret->kind = FILE_TUNNELS;
	else if (rest)
		find_in_tracefs(rest, ret);
}

static void (*const finders[MOUNT_KINDS])(const char *path, struct file_place *ret) = {
	[MOUNT_PROC] = find_in_proc,
	[MOUNT_DEBUGFS] = find_in_debugfs,
	[MOUNT_TRACEFS] = find_in_tracefs,
};

struct file_place file_place_find(const struct mounts *m, const char *path)
{
	for (int kind = 0; kind < MOUNT_KINDS; kind++) {
		for (unsigned int i = 0; i < m->count[kind]; i++) {
			struct file_place place = { .mount = m->at[kind][i] };
			const char *rest = below(path, m->at[kind][i]);

			if (rest)
				finders[kind](rest, &place);
			if (place.kind != FILE_NONE)
				return place;
		}
	}
	return (struct file_place){ .kind = FILE_NONE };
}
