/* SPDX-License-Identifier: BSD-2-Clause */
/* held_sockets.h - whether any process still holds a socket, for many sockets by one walk over /proc
 *
 * Where the kernel lists no socket of the kind, only the descriptors of all processes tell, and a walk over those costs
 * milliseconds. A program may have closed thousands since we last looked: so what one walk found is an answer for all.
 */
#ifndef UL2TP_LAUNCHER_HELD_SOCKETS_H
#define UL2TP_LAUNCHER_HELD_SOCKETS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct held_sockets {
	pthread_mutex_t lock; /* guards all */
	ino_t *inodes;        /* in ascending order; each may be there more than once */
	size_t count, room;
	bool all;                    /* each process could be looked into */
	uint64_t began_ms, found_ms; /* 0: there was no walk yet */
};

/** held_sockets_init() - nothing is known yet; before other threads are there */
void held_sockets_init(struct held_sockets *h);

/**
 * held_sockets_lack() - whether nobody but this process holds the socket any more
 * @since_ms: when somebody was given it (monotonic_ms()); an earlier walk says nothing of it
 *
 * Return: true, and it stays so; false: somebody does, or did a moment ago, or it can not be known. Any thread.
 */
bool held_sockets_lack(struct held_sockets *h, ino_t ino, uint64_t since_ms);

#endif
