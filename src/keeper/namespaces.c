/* SPDX-License-Identifier: BSD-2-Clause */
/* namespaces.c - see namespaces.h */
#include "keeper/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"

/* A process that is born while /proc is being read may not be seen; its like is in the next search. */
#define SEARCHES 2

static struct namespace *find(struct namespaces *all, struct netns_id id)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (all->at[i].id.cookie == id.cookie)
			return &all->at[i];
	return NULL;
}

static struct namespace *add(struct namespaces *all, struct netns_id id, ino_t ino)
{
	struct namespace *n;

	if (all->count == all->room) {
		uint32_t room = all->room ? all->room * 2 : 16;
		struct namespace *grown = realloc(all->at, room * sizeof(*grown));

		if (!grown)
			return NULL;
		all->at = grown;
		all->room = room;
	}
	n = &all->at[all->count++];
	*n = (struct namespace){ .id = id, .witness = { .ino = ino, .process = -1 } };
	return n;
}

int namespaces_use(struct namespaces *all, struct netns_id id, ino_t ino)
{
	struct namespace *n = find(all, id);

	if (!n && all->count >= NAMESPACES_MAX)
		return -ENFILE;
	if (!n)
		n = add(all, id, ino);
	if (!n)
		return -ENOMEM;
	n->users++;
	if (n->gone) {
		n->gone = n->told = false;
		n->missed = 0;
	}
	return 0;
}

ino_t namespaces_ino(struct namespaces *all, struct netns_id id)
{
	const struct namespace *n = find(all, id);

	return n ? n->witness.ino : 0;
}

void namespaces_release(struct namespaces *all, struct netns_id id)
{
	struct namespace *n = find(all, id);

	if (!n || --n->users > 0)
		return;
	witness_drop(&n->witness);
	*n = all->at[--all->count];
}

void namespaces_hold_socket(struct namespaces *all, struct netns_id id)
{
	struct namespace *n = find(all, id);

	if (n)
		n->sockets++;
}

void namespaces_release_socket(struct namespaces *all, struct netns_id id)
{
	struct namespace *n = find(all, id);

	if (n && n->sockets)
		n->sockets--;
}

static bool mounts_changed(struct namespaces *all)
{
	struct pollfd mounts = { .fd = all->mounts, .events = POLLPRI };

	return all->mounts < 0 || (poll(&mounts, 1, 0) > 0 && mounts.revents & (POLLPRI | POLLERR));
}

/* @looked: a search has seen all there is to see */
static void judge(struct namespace *n, bool looked, uint64_t now_ms)
{
	if (n->witness.kind != WITNESS_NONE || n->sockets) {
		n->missed = 0;
	} else if (looked && !n->gone && ++n->missed >= SEARCHES) {
		n->gone = true;
		n->gone_ms = now_ms;
	}
}

void namespaces_watch(struct namespaces *all, const pid_t skip[2], uint64_t now_ms)
{
	AUTO_MEMORY struct witness **wanted = NULL;
	bool changed, looked = true;
	size_t missing = 0;

	if (all->count == 0)
		return;
	wanted = calloc(all->count, sizeof(struct witness *));
	if (!wanted)
		return;
	changed = mounts_changed(all);
	for (uint32_t i = 0; i < all->count; i++) {
		struct witness *w = &all->at[i].witness;

		if (all->at[i].gone || all->at[i].sockets || witness_is_there(w, changed))
			continue;
		witness_drop(w);
		wanted[missing++] = w;
	}
	if (missing > 0)
		looked = witness_search(wanted, missing, skip);
	for (uint32_t i = 0; i < all->count; i++)
		judge(&all->at[i], looked, now_ms);
}

void namespaces_engine_gone(struct namespaces *all)
{
	for (uint32_t i = 0; i < all->count; i++)
		all->at[i].told = false;
}

void namespaces_open(struct namespaces *all)
{
	*all = (struct namespaces){ .mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC) };
}

void namespaces_close(struct namespaces *all)
{
	for (uint32_t i = 0; i < all->count; i++)
		witness_drop(&all->at[i].witness);
	free(all->at);
	if (all->mounts >= 0)
		close(all->mounts);
	*all = (struct namespaces){ .mounts = -1 };
}
