/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_socket.c - sessions of the fast path on programs' own sockets
 *
 * What is known of such a socket was read when its tunnel was made, or when the program said that it changed
 * (managed.h). When it is closed its sessions are not fast from then on: what comes for them is nobody's.
 */
#include <errno.h>
#include <stdatomic.h>

#include "keeper/endpoint_socket.h"
#include "keeper/fast_path_entry.h"
#include "keeper/fast_path_private.h"
#include "keeper/managed.h"
#include "keeper/socket_cgroup.h"

void fast_socket_join(struct fast_session *s, const struct endpoint *e)
{
	list_remove(&s->in_socket);
	if (e->managed)
		list_append(&e->managed->fast, &s->in_socket);
}

static bool address_is(const union address *a, const union address *b)
{
	/* The port is at one place in both families. */
	return address_is_same(a, b) && a->v4.sin_port == b->v4.sin_port;
}

bool fast_socket_allows(const struct fast_session *s, const struct endpoint *e)
{
	const struct managed *m = e->managed;

	return !m || (!m->gone && !m->dropped && m->transmitter &&
	              !transmitter_has_ip_options(m->transmitter) &&
	              address_is(&e->about.params.peer, &s->wish.peer));
}

int fast_socket_cgroup(struct host_watches *host, const struct endpoint *e, int device,
                       uint64_t *ret)
{
	const struct endpoint_params *p = &e->about.params;
	struct managed *m = e->managed;
	int err;

	*ret = 0;
	if (!m || !host->cgroups.there)
		return 0;
	err = m->cgroup_err;
	if (!m->cgroup && !err) {
		err = socket_cgroup(m->divert.cookie, &p->local, &p->peer, device, &m->cgroup);
		if (err)
			host_watches_blind(host, "the control group of a program's socket", err);
		if (err == -EOPNOTSUPP ||
		    err == -ENOENT) /* others, of memory and descriptors, pass */
			m->cgroup_err = err;
	}
	*ret = m->cgroup;
	return err;
}

void fast_path_socket_shut(struct server *server, const struct managed *m)
{
	list_for_each (node, &m->fast) {
		struct fast_session *s = list_entry(node, struct fast_session, in_socket);

		s->wish.reason = FAST_MANAGED; /* whoever decides before the engine has said anew */
		fast_shut(server, s, FAST_MANAGED);
	}
}

void fast_path_socket_forget(struct managed *m)
{
	list_for_each_safe (node, &m->fast)
		list_remove(node);
}
