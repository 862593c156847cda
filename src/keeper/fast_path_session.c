/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_session.c - a session is shut, with the reason in its record; and its namespace is entered */
#include <errno.h>
#include <stdatomic.h>

#include "base/cleanup.h"
#include "keeper/fast_path_entry.h"
#include "keeper/fast_path_private.h"
#include "keeper/records.h"
#include "keeper/server.h"

int fast_enter(struct server *server, const struct fast_session *s, ino_t *here)
{
	const struct endpoint *e = slots_get(&server->endpoints, s->wish.endpoint);
	AUTO_FD netns = -1;
	ino_t ino;
	int err;

	if (!e || e->about.fd < 0)
		return -ENOENT;
	err = netns_go_to(&server->home, e->about.fd, e->about.netns, &ino, NULL);
	if (err < 0)
		return err;
	netns = netns_of_socket(e->about.fd);
	*here = netns < 0 ? 0 : netns_ino(netns);
	return 0;
}

void fast_reason_set(struct server *server, const struct fast_session *s, enum fast_reason reason)
{
	atomic_store(&server->session_records[s->index].fast_reason, reason);
}

void fast_shut(struct server *server, struct fast_session *s, enum fast_reason reason)
{
	fast_entry_shut(server->fast, s);
	fast_reason_set(server, s, reason);
}
