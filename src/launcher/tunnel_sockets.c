/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel_sockets.c - see tunnel_sockets.h
 *
 * A table by hash, of which one place is tried after the other. A socket that was removed leaves a mark, so that those
 * behind it are still found.
 */
#include "launcher/tunnel_sockets.h"

#include <stdlib.h>

#include "base/cleanup.h"

#define PROBES_MAX 64 /* places that a socket can stand at */
#define GONE       1  /* no inode has this number */
#define MANY       (TUNNEL_SOCKETS / 8)

static _Atomic uint64_t *place(struct tunnel_sockets *all, uint64_t ino, unsigned int probe)
{
	uint64_t hash = ino * 0x9e3779b97f4a7c15u >> 40;

	return &all->at[(hash + probe) % TUNNEL_SOCKETS];
}

static _Atomic uint64_t *find(struct tunnel_sockets *all, uint64_t ino)
{
	for (unsigned int i = 0; i < PROBES_MAX; i++) {
		_Atomic uint64_t *p = place(all, ino, i);
		uint64_t there = atomic_load(p);

		if (there == ino)
			return p;
		if (!there)
			return NULL;
	}
	return NULL;
}

bool tunnel_sockets_has(struct tunnel_sockets *all, uint64_t ino)
{
	return atomic_load(&all->any) && find(all, ino);
}

static void put(struct tunnel_sockets *all, uint64_t ino)
{
	for (unsigned int i = 0; i < PROBES_MAX; i++) {
		uint64_t there = atomic_load(place(all, ino, i));

		if ((!there || there == GONE) &&
		    atomic_compare_exchange_strong(place(all, ino, i), &there, ino))
			return;
	}
	atomic_store(place(all, ino, 0), ino);
}

void tunnel_sockets_add(struct tunnel_sockets *all, uint64_t ino)
{
	if (find(all, ino))
		return;
	put(all, ino);
	atomic_fetch_add(&all->came, 1);
	atomic_store(&all->any, true);
}

void tunnel_sockets_remove(struct tunnel_sockets *all, uint64_t ino)
{
	_Atomic uint64_t *p = find(all, ino);

	if (p)
		atomic_store(p, GONE);
}

/* What stood at each place before anybody looked who holds it; 0: nothing, or it is held. */
struct search {
	struct tunnel_sockets *all;
	uint64_t *lacking;
};

static void see(void *arg, uint64_t ino)
{
	struct search *s = arg;
	const _Atomic uint64_t *p = find(s->all, ino);

	if (p)
		s->lacking[p - s->all->at] = 0;
}

static void take_out(struct search *s)
{
	for (unsigned int i = 0; i < TUNNEL_SOCKETS; i++) {
		uint64_t ino = s->lacking[i];

		if (ino > GONE)
			atomic_compare_exchange_strong(&s->all->at[i], &ino, GONE);
	}
}

bool tunnel_sockets_collect(struct tunnel_sockets *all,
                            bool (*walk)(void (*see)(void *arg, uint64_t ino), void *arg))
{
	AUTO_MEMORY uint64_t *lacking = NULL;
	struct search s;

	if (atomic_load(&all->came) < MANY)
		return false;
	lacking = malloc(TUNNEL_SOCKETS * sizeof(*lacking));
	if (!lacking)
		return false;
	atomic_store(&all->came, 0);
	for (unsigned int i = 0; i < TUNNEL_SOCKETS; i++)
		lacking[i] = atomic_load(&all->at[i]);
	s = (struct search){ all, lacking };
	if (walk(see, &s))
		take_out(&s);
	return true;
}
