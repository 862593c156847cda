/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_netns.c - namespaces with sessions on the fast path: their programs, underlays, and what watches the host */
#include "keeper/fast_path_private.h"

#include <stdlib.h>
#include <unistd.h>

#include "keeper/bpf.h"
#include "keeper/fast_path_flow.h"
#include "keeper/link.h"

static void underlay_free(struct fast_underlay *u)
{
	/* What the first leaves to be done, the second does. */
	if (u->xdp >= 0)
		close(u->xdp);
	if (u->link >= 0)
		close(u->link);
	list_remove(&u->in_netns);
	free(u);
}

void fast_netns_free(struct fast_path *f, struct fast_netns *n)
{
	for (enum fast_program i = 0; i < FAST_PROGRAMS; i++)
		host_watches_disown(f->host, n->own[i]);
	if (n->watched)
		host_watch_release(f->host, n->id);
	list_for_each_safe (node, &n->underlays)
		underlay_free(list_entry(node, struct fast_underlay, in_netns));
	list_remove(&n->in_all);
	fast_flows_forget(n);
	buckets_release(&n->flows);
	if (n->route >= 0)
		close(n->route);
	fast_programs_free(n->programs);
	free(n);
}

void fast_netns_release(struct fast_path *f, struct fast_netns *n)
{
	if (--n->users == 0)
		fast_netns_free(f, n);
}

struct fast_netns *fast_netns_find(struct fast_path *f, struct netns_id id)
{
	list_for_each (node, &f->netns) {
		struct fast_netns *n = list_entry(node, struct fast_netns, in_all);

		if (n->id.cookie == id.cookie)
			return n;
	}
	return NULL;
}

struct fast_netns *fast_netns_use(struct fast_path *f, struct netns_id id)
{
	struct fast_netns *n = fast_netns_find(f, id);

	if (n) {
		n->users++;
		return n;
	}
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->id = id;
	n->number = ++f->last_netns;
	n->users = 1;
	n->route = -1;
	list_init(&n->underlays);
	list_init(&n->busy);
	list_append(&f->netns, &n->in_all);
	return n;
}

int fast_netns_load(struct fast_path *f, struct fast_netns *n)
{
	const struct fast_constants constants = fast_board_constants(f, n->number);
	int err;

	if (n->programs)
		return 0;
	err = fast_programs_load(f->maps, f->board.sessions, &constants, f->board.sums,
	                         &n->programs, NULL);
	if (err < 0)
		return err;
	for (enum fast_program i = 0; i < FAST_PROGRAMS; i++) {
		int fd = fast_program_fd(n->programs, i);

		if (fd < 0)
			continue;
		n->own[i] = bpf_program_id(fd);
		host_watches_own(f->host, n->own[i]);
	}
	return 0;
}

int fast_netns_route(struct fast_netns *n)
{
	if (n->route < 0)
		n->route = link_socket();
	return n->route;
}

void fast_underlays_changed(struct fast_netns *n)
{
	list_for_each (node, &n->underlays)
		list_entry(node, struct fast_underlay, in_netns)->looked = false;
}

void fast_underlay_release(struct fast_underlay *u)
{
	if (u && --u->users == 0)
		underlay_free(u);
}

struct fast_underlay *fast_underlay_use(struct fast_netns *n, int ifindex)
{
	struct fast_underlay *u;

	list_for_each (node, &n->underlays) {
		u = list_entry(node, struct fast_underlay, in_netns);
		if (u->ifindex == ifindex) {
			u->users++;
			return u;
		}
	}
	u = calloc(1, sizeof(*u));
	if (!u)
		return NULL;
	*u = (struct fast_underlay){
		.netns = n,
		.ifindex = ifindex,
		.users = 1,
		.link = -1,
		.xdp = -1,
	};
	list_append(&n->underlays, &u->in_netns);
	return u;
}

void fast_netns_watch(struct fast_path *f, struct fast_netns *n)
{
	if (!n->watched)
		n->watched = host_watch_use(f->host, n->id) == 0;
}
