/* SPDX-License-Identifier: BSD-2-Clause */
/* arrived_descriptors.c - see arrived_descriptors.h; how requests take them is in connection.h */
#include "api/arrived_descriptors.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "api/connection.h"

void arrived_descriptors_keep(struct arrived_descriptors *all, const struct cmsghdr *m)
{
	size_t count = (m->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	memcpy(&all->fd[all->count], CMSG_DATA(m), count * sizeof(int));
	all->count += (unsigned int)count;
}

void arrived_descriptors_close(struct arrived_descriptors *arrived)
{
	while (arrived->taken < arrived->count)
		close(arrived->fd[arrived->taken++]);
}

int connection_take_descriptor(struct connection *c)
{
	struct arrived_descriptors *a = c->arrived;

	return a && a->taken < a->count ? a->fd[a->taken++] : -EBADF;
}

bool connection_lacks_descriptors(const struct connection *c)
{
	return c->arrived && c->arrived->cut;
}
