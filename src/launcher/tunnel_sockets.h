/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel_sockets.h - inodes of the sockets that programs gave to tunnels
 *
 * In the estate, so that a later supervisor knows them, too. Threads look them up at each connect() and setsockopt() of a
 * program, without a lock. Nobody says when a socket is closed, and a broker of tunnels may close thousands a day: so
 * after many came, those that no process holds any more are taken out.
 */
#ifndef UL2TP_LAUNCHER_TUNNEL_SOCKETS_H
#define UL2TP_LAUNCHER_TUNNEL_SOCKETS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define TUNNEL_SOCKETS 65536

/* All zero: none. */
struct tunnel_sockets {
	atomic_bool any;  /* there ever was one */
	atomic_uint came; /* since tunnel_sockets_collect() took some out */
	_Atomic uint64_t at[TUNNEL_SOCKETS];
};

/** tunnel_sockets_has() - whether it was added, and not removed; any thread, as all the others */
bool tunnel_sockets_has(struct tunnel_sockets *all, uint64_t ino);

/** tunnel_sockets_add() - one more; where there is no room, another is forgotten */
void tunnel_sockets_add(struct tunnel_sockets *all, uint64_t ino);

/** tunnel_sockets_remove() - it is an ordinary one again */
void tunnel_sockets_remove(struct tunnel_sockets *all, uint64_t ino);

/**
 * tunnel_sockets_collect() - take out those that nobody holds, if many came since the last time; one thread at a time
 * @walk: calls @see with the inode of each socket that any process holds; false: it could not see all. As holders_walk()
 *
 * Return: whether it looked.
 */
bool tunnel_sockets_collect(struct tunnel_sockets *all,
                            bool (*walk)(void (*see)(void *arg, uint64_t ino), void *arg));

#endif
