/* SPDX-License-Identifier: BSD-2-Clause */
/* unix_list.h - which Unix sockets there are, by inode, as /proc/net/unix of the launcher's own namespace tells */
#ifndef UL2TP_LAUNCHER_UNIX_LIST_H
#define UL2TP_LAUNCHER_UNIX_LIST_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/reader.h"

/** unix_list_lacks() - whether there is surely no socket with this inode
 *
 * The list is read anew when it is older than a second (some seconds where it takes long: of thousands). One that is older
 * than the question's @since_ms (CLOCK_MONOTONIC; a millisecond may be in it in part) says nothing. False, too, if it can
 * not be read. Any thread */
bool unix_list_lacks(ino_t ino, unsigned long long since_ms);

/** unix_list_line() - the inode that a line of the file tells, "Num RefCount Protocol Flags Type St Inode Path", which is also the
 * first line; false: none
 *
 * Whoever binds a socket chooses its path, in which newlines stand as they are: he can have lines of sockets that there are not,
 * but keep none of another's from being read. */
bool unix_list_line(struct reader line, unsigned long long *ret);

#endif
