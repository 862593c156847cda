/* SPDX-License-Identifier: BSD-2-Clause */
/* file_place.h - which of the files that only a kernel with L2TP has a path names
 *
 * Pure: works on the text of paths. What is a symbolic link in them is for the caller to know, but for those that
 * /proc itself has: net, self, thread-self.
 */
#ifndef UL2TP_LAUNCHER_FILE_PLACE_H
#define UL2TP_LAUNCHER_FILE_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "launcher/mounts.h"

enum file_kind {
	FILE_NONE, /* the kernel's own affair */
	FILE_PPPOL2TP,
	FILE_TUNNELS,
	FILE_ENABLE,     /* events/l2tp/EVENT/enable */
	FILE_ENABLE_ALL, /* events/l2tp/enable */
	FILE_FORMAT,     /* events/l2tp/EVENT/format */
	FILE_TRACE_PIPE,
	FILE_KINDS,
};

struct file_place {
	enum file_kind kind;
	const char *mount; /* where its file system is mounted; borrowed from the mounts */
	char task
		[32]; /* of FILE_PPPOL2TP: whose namespace, as its directory below /proc: "12", "12/task/13"; "":
			    * the caller's */
	char event[40]; /* of FILE_ENABLE, FILE_FORMAT */
};

/** file_place_possible() - a cheap test, by the last part of the name alone: false for nearly all paths */
bool file_place_possible(const char *path);

/**
 * file_place_join() - an absolute path without ".", ".." and doubled slashes
 * @base: absolute; of a relative @path
 *
 * A slash at the end stays: it asks for a directory. False: longer than @size, or @path is empty.
 */
bool file_place_join(const char *base, const char *path, char *to, size_t size);

/** file_place_find() - what an absolute path, as file_place_join() leaves it, names */
struct file_place file_place_find(const struct mounts *m, const char *path);

#endif
