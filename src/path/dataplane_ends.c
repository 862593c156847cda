/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_ends.c - programs' sockets that have the same two addresses
 *
 * A program may connect several sockets of one port to one peer (SO_REUSEADDR) and put a tunnel on each, as xl2tpd does
 * when it calls one LNS twice. The system gives all that comes to the socket that was made last, whatever tunnel it is
 * for (RX-3, RX-10). So such sockets have a number in common: sessions of their tunnels are taken out of any socket
 * (dataplane_divert.c), and what came to another of them is from the tunnel's peer (receive.c).
 *
 * One that is left alone keeps its number, which then means nothing.
 */
#include "base/hash.h"
#include "encap/address.h"
#include "path/dataplane_private.h"

static uint64_t ends_hash(const struct endpoint *e)
{
	const struct endpoint_params *p = &e->at.params;
	uint64_t seed = hash_u64(e->at.netns.cookie, address_hash(&p->local, 0));

	return address_hash(&p->peer, seed);
}

static bool same_ends(const struct endpoint *a, const struct endpoint *b)
{
	return a->at.netns.cookie == b->at.netns.cookie &&
	       address_equal(&a->at.params.local, &b->at.params.local) &&
	       address_equal(&a->at.params.peer, &b->at.params.peer);
}

static void number(struct dataplane *dp, struct endpoint *e, uint64_t ends)
{
	if (e->ends == ends)
		return;
	__atomic_store_n(&e->ends, ends, __ATOMIC_RELAXED);
	if (!e->tunnel)
		return;
	dataplane_divert_follow(dp, e->tunnel);
	dataplane_fast_tell_all(dp, e->tunnel);
}

static struct endpoint *endpoint_of(struct bucket_node *node)
{
	return container_of(node, struct endpoint, by_ends);
}

void dataplane_ends_join(struct dataplane *dp, struct endpoint *e)
{
	struct bucket_node *node;

	if (e->at.params.peer.any.sa_family == AF_UNSPEC)
		return;
	node = buckets_first(&dp->by_ends, ends_hash(e));
	while (node && !same_ends(e, endpoint_of(node)))
		node = buckets_next(node);
	buckets_insert(&dp->by_ends, &e->by_ends, ends_hash(e));
	e->in_by_ends = true;
	if (!node)
		return;
	if (!endpoint_of(node)->ends)
		number(dp, endpoint_of(node), ++dp->last_ends);
	number(dp, e, endpoint_of(node)->ends);
}

void dataplane_ends_leave(struct dataplane *dp, struct endpoint *e)
{
	if (!e->in_by_ends)
		return;
	buckets_remove(&dp->by_ends, &e->by_ends);
	e->in_by_ends = false;
	number(dp, e, 0);
}
