/* SPDX-License-Identifier: BSD-2-Clause */
/* proc_line.h - lines of the texts in /proc that we go by: mountinfo, cgroup, fdinfo of a pidfd
 *
 * Pure. Whoever mounts something, or makes a control group, chooses names that stand in them. In mountinfo the kernel writes
 * blanks, newlines and backslashes of names as \040 and the like, and no group may have a newline in its name. So a line
 * is one of the kernel's, and its words stand at their places.
 */
#ifndef UL2TP_PROCESS_PROC_LINE_H
#define UL2TP_PROCESS_PROC_LINE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/reader.h"

/* A line of mountinfo: 36 35 98:0 / /mnt rw,noatime shared:1 - ext3 /dev/root rw (proc(5)) */
struct mount_line {
	uint64_t id;
	struct reader root;  /* what of the file system is mounted; as it stands there, like ... */
	struct reader place; /* ... where */
	struct reader kind;  /* empty: none is told */
};

/** mount_line_read() - false: it has no place */
bool mount_line_read(struct reader line, struct mount_line *ret);

/** mount_path_read() - such a word as the path it means. False: there is no @room for it, or none is meant */
bool mount_path_read(struct reader word, char *ret, size_t room);

/** proc_word_is() - whether @word is the whole of it */
bool proc_word_is(struct reader word, const char *whole);

/** proc_netns_number() - the number in "net:[4026532177]", the root of a namespace's mount, or what a link says; 0: it is another text */
ino_t proc_netns_number(struct reader text);

/** group_line_path() - the path in the unified hierarchy, "0::/path". Return: 1; 0: it tells of another; -E2BIG */
int group_line_path(struct reader line, char *ret, size_t room);

/** pidfd_line_pid() - the number in "Pid:\t7"; 0: another line, or a process that is none of ours or was reaped */
pid_t pidfd_line_pid(struct reader line);

#endif
