/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_flow.c - see fast_path_flow.h */
#include "keeper/fast_path_flow.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/monotonic.h"
#include "keeper/fast_path_private.h"
#include "keeper/link.h"
#include "keeper/netns.h"
#include "keeper/server.h"

#define LOOK_FLOWS  64        /* about a millisecond */
#define AGAIN_NS    100000000 /* where routes could not be asked for */
#define ROUND_PAUSE 3 /* times what the round before took: of the processor a quarter at most */

struct fast_flow {
	struct bucket_node node;
	struct list users; /* struct fast_use: it goes with the last of them */
	struct fast_asker key;
	int err;
	struct fast_route route;
};

static void address_copy(union address *to, const union address *from)
{
	if (from->any.sa_family == AF_INET6)
		to->v6 = from->v6;
	else
		to->v4 = from->v4;
}

static uint64_t hash_of(const struct fast_asker *key)
{
	const char *at = (const char *)key;
	uint64_t hash = 0, word;

	static_assert(sizeof(*key) % sizeof(word) == 0, "a key is words");
	for (size_t i = 0; i < sizeof(*key); i += sizeof(word)) {
		memcpy(&word, at + i, sizeof(word));
		hash = hash_u64(word, hash);
	}
	return hash;
}

static struct fast_flow *flow_find(const struct fast_netns *n, const struct fast_asker *key,
                                   uint64_t hash)
{
	for (struct bucket_node *node = buckets_first(&n->flows, hash); node;
	     node = buckets_next(node)) {
		struct fast_flow *flow = container_of(node, struct fast_flow, node);

		if (!memcmp(&flow->key, key, sizeof(*key)))
			return flow;
	}
	return NULL;
}

static void flow_free(struct fast_netns *n, struct fast_flow *flow)
{
	buckets_remove(&n->flows, &flow->node);
	free(flow);
}

static struct fast_flow *flow_new(struct fast_netns *n, const struct fast_asker *key, uint64_t hash)
{
	struct fast_flow *flow = calloc(1, sizeof(*flow));
	AUTO_FD fd = -1;

	if (!flow)
		return NULL;
	list_init(&flow->users);
	flow->key = *key;
	buckets_insert(&n->flows, &flow->node, hash);
	fd = link_socket();
	flow->err = fd < 0 ? fd : fast_route(fd, key, &flow->route);
	return flow;
}

void fast_use_init(struct fast_use *use, struct fast_session *s)
{
	*use = (struct fast_use){ .session = s };
	list_init(&use->in_flow);
}

void fast_flow_leave(struct fast_use *use)
{
	struct fast_flow *flow = use->flow;

	if (!flow)
		return;
	list_remove(&use->in_flow);
	use->flow = NULL;
	if (list_empty(&flow->users))
		flow_free(use->session->netns, flow);
}

static void flow_join(struct fast_flow *flow, struct fast_use *use)
{
	if (use->flow == flow)
		return;
	fast_flow_leave(use);
	use->flow = flow;
	list_append(&flow->users, &use->in_flow);
}

int fast_flow(struct fast_use *use, const struct endpoint_params *socket, int device,
              const union address *peer, struct fast_route *ret)
{
	struct fast_netns *n = use->session->netns;
	struct fast_flow *flow;
	struct fast_asker key;
	uint64_t hash;

	memset(&key, 0, sizeof(key));
	address_copy(&key.local, &socket->local);
	address_copy(&key.peer, peer);
	key.mark = socket->mark;
	key.device = device;
	key.tos = socket->tos;
	hash = hash_of(&key);
	flow = flow_find(n, &key, hash);
	if (!flow)
		flow = flow_new(n, &key, hash);
	if (!flow)
		return -ENOMEM;
	flow_join(flow, use);
	*ret = flow->route;
	return flow->err;
}

static bool route_is(const struct fast_route *a, const struct fast_route *b)
{
	return a->ifindex == b->ifindex && a->mtu_bytes == b->mtu_bytes &&
	       a->hop_limit == b->hop_limit && a->hop.family == b->hop.family &&
	       !memcmp(a->hop.address, b->hop.address, sizeof(a->hop.address)) &&
	       !memcmp(a->mac, b->mac, sizeof(a->mac));
}

/* Return: whether it is another now. */
static bool flow_ask(struct fast_flow *flow, int fd)
{
	struct fast_route route = { 0 };
	int err = fast_route(fd, &flow->key, &route);
	bool same = err == flow->err && (err < 0 || route_is(&route, &flow->route));

	flow->err = err;
	flow->route = route;
	return !same;
}

static void flow_look(struct fast_path *f, struct fast_flow *flow, int fd)
{
	if (!flow_ask(flow, fd))
		return;
	list_for_each (node, &flow->users)
		fast_busy_again(f, list_entry(node, struct fast_use, in_flow)->session);
}

/* Goes on where it stopped. A chain that is split meanwhile is asked for twice rather than not at all. @chains: how
 * many are done. Return: true: all are; false: not yet; -errno: none can be asked for now. */
static int flows_look(struct fast_path *f, struct fast_netns *n, size_t *chains, size_t *left)
{
	AUTO_FD fd = link_socket();

	if (fd < 0)
		return fd;
	for (; *chains < buckets_chains(&n->flows); (*chains)++) {
		struct bucket_node *node = buckets_chain(&n->flows, *chains);

		if (!*left)
			return false;
		for (; node; node = node->next) {
			flow_look(f, container_of(node, struct fast_flow, node), fd);
			*left -= *left > 0;
		}
	}
	*chains = 0;
	return true;
}

/* Return: as flows_look() */
static int netns_look(struct server *server, struct fast_netns *n, size_t *chains, size_t *left)
{
	int through = -ENOENT;
	ino_t here;

	if (!n->flows.count)
		return true;
	/* A program's socket may be closed. */
	list_for_each (node, &n->busy) {
		if (fast_enter(server, list_entry(node, struct fast_session, in_kind), &here) < 0)
			continue;
		through = flows_look(server->fast, n, chains, left);
		netns_go_home(&server->home);
		break;
	}
	return through;
}

/* A namespace keeps its turn until all its flows were asked for, or none can be; then it goes to the end. So none
 * waits longer than one round of all others. */
void fast_flows_look(struct server *server)
{
	struct list *all = &server->fast->netns, *last = all->prev, *node = NULL;
	size_t left = LOOK_FLOWS;

	while (left && !list_empty(all) && node != last) {
		node = all->next;
		struct fast_netns *n = list_entry(node, struct fast_netns, in_all);

		if (netns_look(server, n, &n->looked_flows, &left) == 0)
			return;
		list_remove(node);
		list_append(all, node);
	}
}

/* A routing daemon may change routes all the time: there is a pause between rounds. A round that can not go on, for
 * want of descriptors for example, goes on later; until then sessions use the routes they had. */
static void round_turn(struct server *server, struct fast_netns *n, size_t *left)
{
	struct fast_round *r = &n->round;
	uint64_t begun = monotonic_ns(), end;
	int through;

	if ((!r->runs && !r->wanted) || begun < r->not_before)
		return;
	if (!r->runs)
		*r = (struct fast_round){ .runs = true };
	through = netns_look(server, n, &r->chains, left);
	r->runs = through <= 0;
	end = monotonic_ns();
	r->spent_ns += end - begun;
	if (through < 0)
		r->not_before = end + AGAIN_NS;
	else if (!r->runs)
		r->not_before = end + r->spent_ns * ROUND_PAUSE;
}

void fast_flows_turn(struct server *server)
{
	size_t left = LOOK_FLOWS;

	list_for_each (node, &server->fast->netns)
		if (left)
			round_turn(server, list_entry(node, struct fast_netns, in_all), &left);
}

uint64_t fast_flows_due(const struct fast_netns *n)
{
	return n->round.runs || n->round.wanted ? n->round.not_before / 1000000 + 1 : UINT64_MAX;
}

void fast_flows_changed(struct fast_netns *n)
{
	n->round.wanted = true;
}

void fast_flows_forget(struct fast_netns *n)
{
	struct bucket_node *any;

	while ((any = buckets_any(&n->flows))) {
		struct fast_flow *flow = container_of(any, struct fast_flow, node);

		list_for_each_safe (node, &flow->users) {
			list_remove(node);
			list_entry(node, struct fast_use, in_flow)->flow = NULL;
		}
		flow_free(n, flow);
	}
}
