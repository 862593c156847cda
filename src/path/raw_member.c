/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_member.c - see raw_member.h
 *
 * Connected sockets, of which there may be thousands on a port, are found by their peer, others by their port.
 */
#include "path/raw_member.h"

#include "base/cleanup.h"
#include "base/hash.h"
#include "encap/address.h"
#include "keeper/program_socket.h"

void raw_member_init(struct raw_member *m, const union address *local, const union address *peer)
{
	*m = (struct raw_member){ .local = *local, .peer = *peer };
	address_unmap(&m->local);
	address_unmap(&m->peer);
}

static bool is_connected(const struct raw_member *m)
{
	return m->peer.any.sa_family != AF_UNSPEC;
}

void raw_members_init(struct raw_members *all, uint64_t seed)
{
	*all = (struct raw_members){ .seed = seed };
}

void raw_members_release(struct raw_members *all)
{
	buckets_release(&all->connected);
	buckets_release(&all->others);
}

static struct buckets *table_of(struct raw_members *all, const struct raw_member *m)
{
	return is_connected(m) ? &all->connected : &all->others;
}

static uint64_t port_hash(const struct raw_members *all, const union address *a)
{
	return hash_u64(address_port(a), all->seed);
}

void raw_members_add(struct raw_members *all, struct raw_member *m)
{
	uint64_t hash =
		is_connected(m) ? address_hash(&m->peer, all->seed) : port_hash(all, &m->local);

	buckets_insert(table_of(all, m), &m->by_key, hash);
	m->is_added = true;
}

void raw_members_remove(struct raw_members *all, struct raw_member *m)
{
	if (m->is_added)
		buckets_remove(table_of(all, m), &m->by_key);
	m->is_added = false;
}

/* How well @m is meant; 0: not at all. */
static int score(const struct raw_member *m, const union address *to, const union address *from)
{
	int connected = is_connected(m) ? 8 : 0;

	if (address_port(&m->local) != address_port(to) ||
	    (connected && !address_equal(&m->peer, from)))
		return 0;
	if (address_ip_equal(&m->local, to))
		return connected + 4;
	if (!address_unspecified(&m->local))
		return 0;
	if (m->local.any.sa_family == to->any.sa_family)
		return connected + 2;
	return m->local.any.sa_family == AF_INET6 ? connected + 1 : 0;
}

struct choice {
	const union address *to, *from;
	struct raw_member *best;
	int score;
};

static void consider(struct choice *c, struct raw_member *m)
{
	int s = score(m, c->to, c->from);

	if (s > c->score) {
		c->score = s;
		c->best = m;
	}
}

static void consider_all(struct choice *c, const struct buckets *table, uint64_t hash)
{
	struct bucket_node *node = buckets_first(table, hash);

	for (; node; node = buckets_next(node))
		consider(c, container_of(node, struct raw_member, by_key));
}

struct raw_member *raw_members_find(const struct raw_members *all, const union address *to,
                                    const union address *from)
{
	struct choice c = { .to = to, .from = from };

	consider_all(&c, &all->connected, address_hash(from, all->seed));
	if (!c.best)
		consider_all(&c, &all->others, port_hash(all, to));
	return c.best;
}
