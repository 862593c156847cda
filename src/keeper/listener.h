/* SPDX-License-Identifier: BSD-2-Clause */
/* listener.h - the socket clients connect to */
#ifndef UL2TP_KEEPER_LISTENER_H
#define UL2TP_KEEPER_LISTENER_H

#include <sys/types.h>

#include "keeper/bequest.h"

struct listener {
	int fd;
	const char *path; /* NULL: given by the service manager, who removes it */
	dev_t dev;
	ino_t ino;
};

/** listener_open() - @path, or what LISTEN_FDS gives if it is NULL. Return: 0 or -errno, said in words already. */
int listener_open(struct listener *l, const char *path);

/** listener_close() - and remove the socket from the file system if it still is ours */
void listener_close(struct listener *l);

/** listener_leave(), listener_inherit() - @path: where it is if it is ours to remove. 0, -EBADMSG */
void listener_leave(const struct listener *l, struct bequest *b);
int listener_inherit(struct listener *l, const char *path, struct inheritance *i);

#endif
