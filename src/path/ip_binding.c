/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_binding.c - see ip_binding.h */
#include "path/ip_binding.h"

#include "base/cleanup.h"
#include "base/hash.h"
#include "encap/address.h"

static uint64_t key_hash(const struct worker *w, uint32_t netns_index, uint32_t conn_id)
{
	return hash_u64((uint64_t)netns_index << 32 | conn_id, w->seed);
}

static bool address_fits(const union address *a, const union address *b)
{
	return address_unspecified(a) || address_unspecified(b) || address_ip_equal(a, b);
}

bool ip_place_fits(const struct ip_place *a, const struct ip_place *b)
{
	return address_fits(&a->local, &b->local) && address_fits(&a->peer, &b->peer) &&
	       (!a->ifindex || !b->ifindex || a->ifindex == b->ifindex);
}

static void post(struct ip_binding *b, void (*open)(struct letter *))
{
	b->letter.open = open;
	mailbox_post(&b->worker->mailbox, &b->letter);
	mailbox_wait(&b->worker->mailbox);
}

static void insert(struct ip_binding *b)
{
	buckets_insert(&b->worker->ip_bindings, &b->by_conn_id,
	               key_hash(b->worker, b->netns_index, b->conn_id));
	b->attached = true;
}

static void take_out(struct ip_binding *b)
{
	if (b->attached)
		buckets_remove(&b->worker->ip_bindings, &b->by_conn_id);
	b->attached = false;
}

static void open_attach(struct letter *letter)
{
	insert(container_of(letter, struct ip_binding, letter));
}

static void open_detach(struct letter *letter)
{
	take_out(container_of(letter, struct ip_binding, letter));
}

static void open_move(struct letter *letter)
{
	struct ip_binding *b = container_of(letter, struct ip_binding, letter);

	b->place = b->change;
	take_out(b);
	insert(b);
}

void ip_binding_attach(struct ip_binding *b)
{
	post(b, open_attach);
}

void ip_binding_detach(struct ip_binding *b)
{
	post(b, open_detach);
}

void ip_binding_move(struct ip_binding *b, const struct ip_place *place)
{
	b->change = *place;
	post(b, open_move);
}

struct ip_binding *ip_binding_find(const struct worker *w, uint32_t netns_index, uint32_t conn_id,
                                   const struct ip_arrival *a)
{
	const struct ip_place at = { .local = a->to, .peer = a->from, .ifindex = a->ifindex };
	struct bucket_node *node =
		buckets_first(&w->ip_bindings, key_hash(w, netns_index, conn_id));

	for (; node; node = buckets_next(node)) {
		struct ip_binding *b = container_of(node, struct ip_binding, by_conn_id);

		if (b->netns_index == netns_index && b->conn_id == conn_id &&
		    b->family == a->from.any.sa_family && ip_place_fits(&b->place, &at))
			return b;
	}
	return NULL;
}
