/* SPDX-License-Identifier: BSD-2-Clause */
/* classic.c - see classic.h */
#include "keeper/classic.h"

#include <errno.h>
#include <sys/socket.h>

unsigned int classic_add(struct classic *c, struct sock_filter instruction)
{
	if (c->count == CLASSIC_MAX) {
		c->full = true;
		return 0;
	}
	c->at[c->count] = instruction;
	return c->count++;
}

void classic_land(struct classic *c, unsigned int place)
{
	if (!c->full)
		c->at[place].k = c->count - place - 1;
}

int classic_attach(const struct classic *c, int socket)
{
	struct sock_fprog program = {
		.len = (unsigned short)c->count,
		.filter = (struct sock_filter *)c->at,
	};

	if (c->full)
		return -E2BIG;
	return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0
	               ? -errno
	               : 0;
}

int classic_detach(int socket)
{
	int unused = 0;

	if (setsockopt(socket, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)) < 0)
		return errno == ENOENT ? 0 : -errno;
	return 0;
}
