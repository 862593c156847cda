/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_device.c - which interface is a session's: another one, none, or the same by another number */
#include "keeper/fast_path_entry.h"
#include "keeper/fast_path_private.h"
#include "keeper/server.h"

void fast_device_leave(struct server *server, struct fast_session *s)
{
	struct fast_path *f = server->fast;

	if (!s->device)
		return;
	fast_entry_remove(f, s);
	fast_unhook_device(server, s);
	fast_board_stop(f, s->index);
	s->device = 0;
}

void fast_device_follow(struct server *server, struct fast_session *s, const struct device *d)
{
	int ifindex = d ? d->about.ifindex : 0;

	if (ifindex == s->device)
		return;
	fast_device_leave(server, s);
	s->device = ifindex;
}

void fast_renumbered(struct server *server, struct fast_session *s, int ifindex)
{
	const struct endpoint *e = slots_get(&server->endpoints, s->wish.endpoint);
	struct device *d = slots_get(&server->devices, s->wish.device);

	if (!e || !d)
		return;
	d->about.ifindex = ifindex;
	d->clsact = false; /* which it has lost on the way */
	fast_device_follow(server, s, d);
	fast_born(server, s);
	fast_entry_place(server->fast, s, &e->about.params.local);
	fast_busy_again(server->fast, s);
}
