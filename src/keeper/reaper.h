/* SPDX-License-Identifier: BSD-2-Clause */
/* reaper.h - deletes interfaces and closes what takes long to close, on threads of its own
 *
 * Deleting one interface takes 20 ms, as closing a packet socket does: nearly all of it the kernel waits for
 * its readers, with the name free already. So interfaces that are removed by one request of the user are
 * gathered for a moment and deleted together (delete_many.h); but when somebody waits for a name nothing is
 * gathered, and what comes meanwhile does not wait for what came before.
 *
 * All is called by one thread, the keeper's.
 */
#ifndef UL2TP_KEEPER_REAPER_H
#define UL2TP_KEEPER_REAPER_H

#include <stdbool.h>

#include "keeper/netns.h"

struct reaper;

/** reaper_start() - the threads, with the rights of the caller. @home outlives them. NULL: no memory. */
struct reaper *reaper_start(const struct netns_home *home);

/** reaper_take() - delete the interface behind the TAP @fd soon, and close @fd */
void reaper_take(struct reaper *r, int fd);

/** reaper_close() - close @fd soon */
void reaper_close(struct reaper *r, int fd);

/**
 * reaper_wait_names() - until the names of all interfaces taken before are free (TUN-42)
 *
 * Return: whether there was anything to wait for.
 */
bool reaper_wait_names(struct reaper *r);

/**
 * reaper_rest() - until everything taken before is deleted and closed, and the threads have ended
 *
 * So that the caller may fork. What is taken before reaper_go_on() is done at once, by the caller.
 */
void reaper_rest(struct reaper *r);

/** reaper_go_on() - the threads again. Without memory for them the caller goes on doing it all. */
void reaper_go_on(struct reaper *r);

/** reaper_free() - delete what is left, and end the threads */
void reaper_free(struct reaper *r);

#endif
