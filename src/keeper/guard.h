/* SPDX-License-Identifier: BSD-2-Clause */
/* guard.h - a process that frees programs' sockets from our filters when the daemon dies
 *
 * A classic filter drops data packets for as long as its socket lives, and can not see that nobody receives
 * them any more. So when the keeper ends without having cleaned up, be it by SIGKILL, its guard takes the
 * filters off. It is forked when there is a first socket to guard, holds no socket and no namespace but the
 * keeper's own, and ends with the keeper.
 *
 * Keeper's main thread; the table is shared with the guard, an entry is whole whenever it is seen.
 */
#ifndef UL2TP_KEEPER_GUARD_H
#define UL2TP_KEEPER_GUARD_H

#include "keeper/bequest.h"
#include "keeper/netns.h"
#include "keeper/reaper.h"
#include "process/holders.h"

struct guard;

/**
 * guard_new() - no process yet; NULL: out of memory
 * @max:  room for so many sockets
 * @home: where the process lives, whatever namespace the keeper is in when it is forked; NULL: it is never in another
 */
struct guard *guard_new(uint32_t max, const struct netns_home *home);

/** guard_free() - all is in order: end the process, whatever is in the table */
void guard_free(struct guard *g);

/**
 * guard_add() - watch over a socket; before the filter is attached
 * @reaper: idle while a process is forked
 * @place:  set; for guard_remove()
 *
 * The process, if it is started now, holds none of the keeper's descriptors any more when this returns.
 *
 * Return: 0; -ENFILE the table is full; what fork() returned; -ECHILD the process ended at once.
 */
int guard_add(struct guard *g, struct reaper *reaper, const struct held_socket *s, uint32_t *place);

/** guard_remove() - after the filter was detached, or the socket closed */
void guard_remove(struct guard *g, uint32_t place);

/** guard_look() - after a SIGCHLD: if the guard has ended, start another */
void guard_look(struct guard *g, struct reaper *reaper);

/* The process of a keeper of another release, whose place we have taken; it knows the same sockets. */
struct former_guard {
	pid_t pid; /* 0: there was none */
	int pipe;
};

/** guard_leave(), former_guard_inherit() - 0, -EBADMSG */
void guard_leave(const struct guard *g, struct bequest *b);
int former_guard_inherit(struct former_guard *f, struct inheritance *i);

/** former_guard_dismiss() - when the sockets have a new one: all is well */
void former_guard_dismiss(struct former_guard *f);

/** former_guard_let_act() - it frees all sockets that it knows of, and has when this returns; if it was not dismissed */
void former_guard_let_act(struct former_guard *f);

/** guard_pid() - of the process; 0: there is none */
pid_t guard_pid(const struct guard *g);

#endif
