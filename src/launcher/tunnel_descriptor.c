/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel_descriptor.c - see tunnel_descriptor.h */
#include "launcher/tunnel_descriptor.h"

#include "launcher/managed_socket.h"

int tunnel_descriptor(const struct trap *t, int number)
{
	struct object *o = trap_object(t, number);
	int fd = -1;

	if (o) {
		if (o->ops->for_tunnel)
			fd = o->ops->for_tunnel(o);
		object_put(&t->launcher->objects, o);
	}
	if (fd >= 0)
		return fd;
	fd = trap_descriptor(t, number);
	if (fd >= 0)
		managed_socket_note(t->launcher, fd);
	return fd;
}
