/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_watch.h - hear that the last copy of a program's socket was closed
 *
 * The kernel tells whoever listens that a socket was destroyed (NETLINK_SOCK_DIAG), in each network namespace by
 * itself. Sockets are named by their cookies. A watch is a socket of ours in the namespace, and keeps it: it must
 * go when the namespace is to go.
 */
#ifndef UL2TP_KEEPER_SOCKET_WATCH_H
#define UL2TP_KEEPER_SOCKET_WATCH_H

#include "base/list.h"
#include "keeper/keeper.h"

/* @cookie: of a UDP socket that was destroyed; of any, ours or not. */
typedef void socket_watch_fn(void *arg, uint64_t cookie);

struct socket_watches {
	struct list all;
	int epoll; /* readable when one of them has something to say */
	/* For a namespace some of whose news were lost: is told each cookie that is still there, and then the end. */
	void (*begin)(void *arg, struct netns_id netns);
	socket_watch_fn *alive;
	void (*end)(void *arg, struct netns_id netns);
	socket_watch_fn *gone;
	void *arg;
};

/** socket_watches_open() - the functions are the caller's to fill in. Without descriptors it watches nothing */
void socket_watches_open(struct socket_watches *w);
void socket_watches_close(struct socket_watches *w);

/**
 * socket_watch_use() - one more socket in @netns is watched. Call while in it, before anything else is done with the
 * socket: then no end is missed
 *
 * Return: 0; -errno in words: this kernel can not tell.
 */
int socket_watch_use(struct socket_watches *w, struct netns_id netns, struct extack *ea);

/** socket_watch_release() - one fewer */
void socket_watch_release(struct socket_watches *w, struct netns_id netns);

/** socket_watches_ready() - .epoll is readable: call gone() for each */
void socket_watches_ready(struct socket_watches *w);

#endif
