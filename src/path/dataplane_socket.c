/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_socket.c - a program changes its socket, or closes it, on which there is a tunnel; see dataplane.h */
#include <errno.h>

#include "base/log.h"
#include "path/dataplane_private.h"
#include "path/intake.h"
#include "path/raw_receive.h"
#include "path/sender.h"

void dataplane_socket_gone(struct dataplane *dp, uint64_t cookie)
{
	struct endpoint *e = dataplane_managed_find(dp, cookie);

	if (!e || !e->tunnel)
		return;
	log_event(LOG_NOTICE, "socket-gone", "tunnel=%u netns=%llu", e->tunnel->record->conn_id,
	          (unsigned long long)e->at.netns.cookie);
	dataplane_tunnel_remove(dp, e->tunnel);
}

/* While no worker sends for the tunnel. */
static void take_changes(struct endpoint *e, struct tunnel *t, const struct keeper_endpoint *now)
{
	struct tunnel_ends ends;

	endpoint_change(e, now);
	dataplane_managed_ends(e, &ends);
	t->record->source = ends.source;
	t->record->peer = ends.peer;
	t->record->peer_known = ends.connected;
}

int dataplane_socket_changed(struct dataplane *dp, int fd, struct tunnel **ret, struct extack *ea)
{
	struct keeper_endpoint now;
	struct endpoint *e;
	struct tunnel *t;
	int err = keeper_managed_changed(dp->keeper, fd, &now, ea);

	if (err < 0)
		return err;
	e = dataplane_managed_find(dp, now.cookie);
	t = e ? e->tunnel : NULL;
	if (!t) { /* the keeper knows it for longer than we do */
		keeper_endpoint_fds_close(&now);
		return extack_fail(ea, -ENOENT, 0, "there is no tunnel on this socket");
	}
	list_for_each (node, &t->sessions)
		dataplane_sending_stop(list_entry(node, struct session, in_tunnel));
	dataplane_wait(dp);
	raw_receive_leave(e->intake);
	intake_tunnel_remove(e->intake, t);
	dataplane_ends_leave(dp, e);
	take_changes(e, t, &now);
	dataplane_ends_join(dp, e);
	intake_tunnel_add(e->intake, t);
	err = dataplane_managed_raw(dp, e);
	list_for_each (node, &t->sessions) {
		struct session *s = list_entry(node, struct session, in_tunnel);

		sender_endpoint_changed(s->sender);
		dataplane_sending_start(s);
	}
	dataplane_wait(dp);
	dataplane_fast_tell_all(dp, t);
	*ret = t;
	return err;
}
