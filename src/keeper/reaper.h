/* SPDX-License-Identifier: BSD-2-Clause */
/* reaper.h - deletes interfaces and closes what takes long to close, on a thread of its own
 *
 * Closing the last descriptor of a TAP takes about 20 ms, one after the other; ten thousand interfaces put
 * into one group are deleted by one request within seconds. A packet socket takes as long.
 */
#ifndef UL2TP_KEEPER_REAPER_H
#define UL2TP_KEEPER_REAPER_H

#include <stdbool.h>

#include "keeper/netns.h"

struct reaper;

/** reaper_start() - the thread, with the rights of the caller. @home outlives it. NULL: no thread or memory. */
struct reaper *reaper_start(const struct netns_home *home);

/** reaper_take() - delete the interface behind the TAP @fd soon, and close @fd */
void reaper_take(struct reaper *r, int fd);

/** reaper_close() - close @fd soon */
void reaper_close(struct reaper *r, int fd);

/**
 * reaper_wait() - until everything taken before is deleted and closed, and the thread does nothing
 *
 * Return: whether there was anything to wait for.
 */
bool reaper_wait(struct reaper *r);

/** reaper_free() - delete what is left, and end the thread */
void reaper_free(struct reaper *r);

#endif
