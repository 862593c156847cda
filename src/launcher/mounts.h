/* SPDX-License-Identifier: BSD-2-Clause */
/* mounts.h - where a program has file systems in which a kernel with L2TP would have its files
 *
 * From /proc/PID/mountinfo, whose paths are as the program writes them. Pure.
 */
#ifndef UL2TP_LAUNCHER_MOUNTS_H
#define UL2TP_LAUNCHER_MOUNTS_H

#include <limits.h>

#include "base/reader.h"

enum mount_kind {
	MOUNT_PROC,
	MOUNT_DEBUGFS,
	MOUNT_TRACEFS,
	MOUNT_KINDS,
};

#define MOUNTS_MAX 8 /* of each kind; what is beyond is not known */

struct mounts {
	unsigned int count[MOUNT_KINDS];
	char at[MOUNT_KINDS][MOUNTS_MAX]
	       [256]; /* absolute, without a slash at the end; longer ones are not known */
};

/** mounts_read() - whole file systems among the lines of mountinfo; what can not be understood is skipped */
void mounts_read(struct reader mountinfo, struct mounts *ret);

/** mounts_default() - debugfs and tracefs, if there are none, where they are always mounted */
void mounts_default(struct mounts *m);

#endif
