/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_managed.c - endpoints that are programs' sockets: by what way data is taken out of them; see dataplane_private.h
 *
 * With eBPF through a ring of the namespace's worker, which is made for the first of them; without by raw sockets of the
 * namespace. Which sessions' data it is, is dataplane_divert.c's.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "path/dataplane_private.h"
#include "path/divert_ring.h"
#include "path/raw_receive.h"

static int ring_get(struct dataplane *dp, struct netns *ns, struct extack *ea)
{
	uint32_t number = ns->index % dp->worker_count, max_sessions;
	int ring, board, err;

	if (dp->rings[number] || dp->divert != DIVERT_WAY_EBPF)
		return 0;
	err = keeper_divert_channel(dp->keeper, number, &ring, &board, &max_sessions, ea);
	if (err < 0)
		return err;
	dp->rings[number] = divert_ring_new(dp->workers[number], ring, board, max_sessions);
	if (!dp->rings[number])
		return extack_fail(ea, -ENOMEM, 0, "the ring of packets can not be mapped");
	if (!dp->adopting)
		divert_ring_read(dp->rings[number]);
	return 0;
}

void dataplane_divert_adopted(struct dataplane *dp)
{
	for (unsigned int i = 0; i < dp->worker_count; i++)
		if (dp->rings[i])
			divert_ring_read(dp->rings[i]);
	raw_receive_read(&dp->raw_receives);
}

/* One without a port receives nothing. */
int dataplane_managed_raw(struct dataplane *dp, struct endpoint *e)
{
	struct raw_fds fds;
	int err;

	if (dp->divert != DIVERT_WAY_RAW)
		return 0;
	err = keeper_raw_sockets(dp->keeper, e->at.slot, &fds);
	if (err < 0 || fds.fd[RAW_V4] < 0)
		return err;
	err = raw_receive_join(&dp->raw_receives, e->intake, &fds);
	if (err == 0 && !dp->adopting)
		raw_receive_read(&dp->raw_receives);
	return err;
}

int dataplane_managed_start(struct dataplane *dp, struct netns *ns, struct endpoint *e,
                            struct extack *ea)
{
	int err = ring_get(dp, ns, ea);

	if (err == 0)
		err = dataplane_managed_raw(dp, e);
	if (err < 0)
		return err;
	buckets_insert(&dp->managed, &e->by_cookie, e->at.cookie);
	dataplane_ends_join(dp, e);
	return 0;
}

void dataplane_managed_stop(struct dataplane *dp, struct endpoint *e)
{
	dataplane_ends_leave(dp, e);
	buckets_remove(&dp->managed, &e->by_cookie);
}

struct endpoint *dataplane_managed_find(const struct dataplane *dp, uint64_t cookie)
{
	struct bucket_node *node = buckets_first(&dp->managed, cookie);

	return node ? container_of(node, struct endpoint, by_cookie) : NULL;
}

void dataplane_managed_ends(const struct endpoint *e, struct tunnel_ends *ret)
{
	*ret = (struct tunnel_ends){
		.source = e->at.params.local,
		.peer = e->at.params.peer,
		.connected = e->at.params.peer.any.sa_family != AF_UNSPEC,
	};
	ret->peer.any.sa_family = ret->source.any.sa_family;
}
