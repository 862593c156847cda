/* SPDX-License-Identifier: BSD-2-Clause */
/* holders.h - which processes hold a socket, and a duplicate of it for a moment
 *
 * For what has to be done to a socket of somebody else's that nobody may keep, since its last close is what its
 * owner lives by. /proc tells who has it, pidfd_getfd() gives a duplicate; both ask for the rights of ptrace(2).
 */
#ifndef UL2TP_PROCESS_HOLDERS_H
#define UL2TP_PROCESS_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A socket, and where it was last seen. */
struct held_socket {
	ino_t ino;
	uint64_t cookie; /* SO_COOKIE: never used again, as the inode's number may be */
	pid_t pid;       /* hint: a process that may have it; 0: none */
	int number;      /* hint: of the descriptor there; -1: none */
	pid_t skip;      /* a process that does not count, as this one does not; 0: none */
};

/** held_socket_of() - describe the socket @fd; no hint. Return: 0 or -errno. */
int held_socket_of(int fd, struct held_socket *ret);

/**
 * held_socket_get() - a duplicate of the socket from whoever holds it; the caller's, close-on-exec
 * @s: the hint is tried, and set to where the socket was found
 *
 * With a good hint a few system calls; with the process alone, a look at its descriptors; else a walk over /proc.
 *
 * Return: it; -ESRCH nobody holds the socket; -EPERM somebody may, but this process must not look or take;
 *         -EMFILE and the like.
 */
int held_socket_get(struct held_socket *s);

/**
 * holders_walk() - look at every socket that any other process holds
 * @see: called with each; a process may hold one more than once. False ends the walk
 *
 * Return: true if each process could be looked into.
 */
bool holders_walk(bool (*see)(void *arg, pid_t pid, int number, ino_t socket), void *arg);

/** holders_take() - a duplicate of descriptor @number of @pid if it is the socket @s; -errno, -ESRCH another one */
int holders_take(const struct held_socket *s, pid_t pid, int number);

#endif
