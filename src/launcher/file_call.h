/* SPDX-License-Identifier: BSD-2-Clause */
/* file_call.h - calls that name a file by its path, trapped with --files only */
#ifndef UL2TP_LAUNCHER_FILE_CALL_H
#define UL2TP_LAUNCHER_FILE_CALL_H

#include "launcher/trap.h"

/** file_call() - open, openat, openat2, creat, stat, lstat, newfstatat, statx, access, faccessat, faccessat2,
 * readlink, readlinkat, getxattr, lgetxattr, listxattr, llistxattr; answers the trap */
void file_call(struct trap *t);

#endif
