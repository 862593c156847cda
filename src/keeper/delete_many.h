/* SPDX-License-Identifier: BSD-2-Clause */
/* delete_many.h - interfaces deleted together, group by group
 *
 * Closing the last descriptor of a TAP takes about 20 ms, one after the other; ten thousand interfaces put
 * into one group are deleted by one request within seconds.
 */
#ifndef UL2TP_KEEPER_DELETE_MANY_H
#define UL2TP_KEEPER_DELETE_MANY_H

#include <stdbool.h>
#include <stddef.h>

#include "keeper/netns.h"

/**
 * delete_many() - delete the interfaces behind the TAPs @fds, in whatever namespaces they are
 * @home: where the thread is before and after
 *
 * The descriptors stay open. What can not be deleted goes when its descriptor is closed.
 */
void delete_many(const struct netns_home *home, const int *fds, size_t count);

/** delete_is_done() - whether the interface behind the TAP @fd is gone, and its name free; asks for no lock of the
 * kernel's, so it says so before delete_many() returns */
bool delete_is_done(int fd);

#endif
