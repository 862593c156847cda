/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_watch.h - hear that the last copy of a program's socket was closed
 *
 * The kernel tells whoever listens that a socket was destroyed (NETLINK_SOCK_DIAG), in each network namespace by
 * itself. Where it does not, for want of udp_diag, its list of sockets is read ten times a second. A watch is a socket or
 * a file of ours in the namespace, and keeps it: it must go when the namespace is to go.
 */
#ifndef UL2TP_KEEPER_SOCKET_WATCH_H
#define UL2TP_KEEPER_SOCKET_WATCH_H

#include "base/list.h"
#include "keeper/bequest.h"
#include "keeper/keeper.h"
#include "keeper/udp_list.h"

struct socket_watches {
	struct list all;
	int epoll; /* readable when one of them has something to say */
	uint64_t
		look_ms; /* when socket_watches_look() is to be called, monotonic; UINT64_MAX: need not be */
	bool said; /* the log knows that it is looked for */

	/* A UDP socket was destroyed; any, ours or not. */
	void (*gone)(void *arg, uint64_t cookie);

	/* Which of those with a port are still there, in a namespace where nobody tells or news were lost. @sure: what is not
	 * among them has gone. Return: whether one of ours is not */
	bool (*left)(void *arg, struct netns_id netns, const struct udp_list *list, bool sure);
	void *arg;
};

/** socket_watches_open() - the functions are the caller's to fill in. Without descriptors it watches nothing */
void socket_watches_open(struct socket_watches *w);
void socket_watches_close(struct socket_watches *w);

/**
 * socket_watch_use() - one more socket in @netns is watched. Call while in it, before anything else is done with the
 * socket: then no end is missed
 *
 * Return: 0, SOCKET_WATCH_PORTS only that of sockets which have a port; -errno in words: this kernel can not tell.
 */
#define SOCKET_WATCH_PORTS 1
int socket_watch_use(struct socket_watches *w, struct netns_id netns, struct extack *ea);

/** socket_watch_use_again() - one more in @netns, where there is a watch since it was inherited. -ENOENT: there is none */
int socket_watch_use_again(struct socket_watches *w, struct netns_id netns);

/** socket_watches_leave(), socket_watches_inherit() - before those who use them; those that then nobody does go with
 * socket_watches_tidy() */
void socket_watches_leave(const struct socket_watches *w, struct bequest *b);
int socket_watches_inherit(struct socket_watches *w, struct inheritance *i);
void socket_watches_tidy(struct socket_watches *w);

/** socket_watch_release() - one fewer */
void socket_watch_release(struct socket_watches *w, struct netns_id netns);

/** socket_watches_ready() - .epoll is readable: call gone() for each */
void socket_watches_ready(struct socket_watches *w);

/** socket_watches_look() - .look_ms is over: call left() where nobody tells, or when it is known after news were lost */
void socket_watches_look(struct socket_watches *w, uint64_t now_ms);

#endif
