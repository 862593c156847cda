/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_flow.c - see fast_path_flow.h */
#include "keeper/fast_path_flow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "keeper/fast_path_private.h"

#define LOOK_FLOWS 64   /* about a millisecond */
#define FLOWS_MAX  4096 /* those of tunnels that have gone go with the others */

struct fast_flow {
	struct bucket_node node;
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

static void flow_keep(struct fast_netns *n, const struct fast_asker *key, uint64_t hash, int err,
                      const struct fast_route *route)
{
	struct fast_flow *flow;

	if (n->flows.count >= FLOWS_MAX)
		fast_flows_forget(n);
	flow = calloc(1, sizeof(*flow));
	if (!flow)
		return;
	flow->key = *key;
	flow->err = err;
	flow->route = *route;
	if (buckets_insert(&n->flows, &flow->node, hash) < 0)
		free(flow);
}

int fast_flow(struct fast_netns *n, const struct endpoint_params *socket, int device,
              const union address *peer, struct fast_route *ret)
{
	const struct fast_flow *flow;
	struct fast_asker key;
	uint64_t hash;
	int err;

	memset(&key, 0, sizeof(key));
	address_copy(&key.local, &socket->local);
	address_copy(&key.peer, peer);
	key.mark = socket->mark;
	key.device = device;
	key.tos = socket->tos;
	hash = hash_of(&key);
	flow = flow_find(n, &key, hash);
	if (flow) {
		*ret = flow->route;
		return flow->err;
	}
	*ret = (struct fast_route){ 0 };
	err = fast_route(&key, ret);
	flow_keep(n, &key, hash, err, ret);
	return err;
}

static bool route_is(const struct fast_route *a, const struct fast_route *b)
{
	return a->ifindex == b->ifindex && a->mtu_bytes == b->mtu_bytes &&
	       a->hop_limit == b->hop_limit && a->hop.family == b->hop.family &&
	       !memcmp(a->hop.address, b->hop.address, sizeof(a->hop.address)) &&
	       !memcmp(a->mac, b->mac, sizeof(a->mac));
}

static bool flow_look(struct fast_flow *flow)
{
	struct fast_route route = { 0 };
	int err = fast_route(&flow->key, &route);
	bool same = err == flow->err && (err < 0 || route_is(&route, &flow->route));

	flow->err = err;
	flow->route = route;
	return !same;
}

bool fast_flows_look(struct fast_netns *n)
{
	bool other = false;
	size_t looked = 0;

	for (size_t i = 0; i < n->flows.size && looked < LOOK_FLOWS; i++) {
		struct bucket_node *node = n->flows.heads[n->looked_flows++ % n->flows.size];

		for (; node; node = node->next, looked++)
			other |= flow_look(container_of(node, struct fast_flow, node));
	}
	return other;
}

void fast_flows_forget(struct fast_netns *n)
{
	for (size_t i = 0; i < n->flows.size; i++)
		while (n->flows.heads[i]) {
			struct fast_flow *flow =
				container_of(n->flows.heads[i], struct fast_flow, node);

			buckets_remove(&n->flows, &flow->node);
			free(flow);
		}
}
