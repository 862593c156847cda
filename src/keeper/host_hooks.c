/* SPDX-License-Identifier: BSD-2-Clause */
/* host_hooks.c - see host_hooks.h
 *
 * Getting the number of each link takes one system call, and finding out what it is three more: so what they are is
 * remembered. The kernel uses a number again only after two thousand million others.
 */
#include "keeper/host_hooks.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define LINKS_MAX 65536

/* What is known of the links, being written anew from what was. */
struct look {
	const struct host_hooks *before;
	struct host_hooks after;
	uint32_t old; /* how far we are in what was */
};

static bool concerns(const struct bpf_link_about *link)
{
	return link->type == BPF_LINK_NETFILTER && link->hook != NF_INET_FORWARD;
}

static int keep(struct host_hooks *l, const struct bpf_link_about *link)
{
	if (l->count == l->room) {
		uint32_t room = l->room ? l->room * 2 : 64;
		struct bpf_link_about *grown =
			l->count < LINKS_MAX ? realloc(l->known, room * sizeof(*grown)) : NULL;

		if (!grown)
			return -ENOMEM;
		l->known = grown;
		l->room = room;
	}
	l->known[l->count++] = *link;
	l->netfilter += concerns(link);
	return 0;
}

/* One that is being made, or has gone meanwhile, is left for the next look. */
static int take(struct look *k, uint32_t id)
{
	const struct host_hooks *was = k->before;
	struct bpf_link_about link;
	int err;

	while (k->old < was->count && was->known[k->old].id < id)
		k->after.changes += concerns(&was->known[k->old++]); /* it has gone */
	if (k->old < was->count && was->known[k->old].id == id)
		return keep(&k->after, &was->known[k->old++]);
	err = bpf_link_look(id, &link);
	if (err == -ENOENT || err == -EAGAIN)
		return 0;
	link.id = id;
	k->after.changes += err == 0 && concerns(&link);
	return err < 0 ? err : keep(&k->after, &link);
}

static int take_all(struct look *k)
{
	const struct host_hooks *was = k->before;
	uint32_t id = 0;
	int err;

	while ((err = bpf_link_next(id, &id)) == 0) {
		err = take(k, id);
		if (err < 0)
			return err;
	}
	while (k->old < was->count)
		k->after.changes += concerns(&was->known[k->old++]);
	return err == -ENOENT || err == -EINVAL ? 0 : err; /* an old kernel has none */
}

bool host_hooks_look(struct host_hooks *l)
{
	struct look k = { .before = l };
	int err = l->err;

	if (l->absent)
		return false;
	if (l->program <= 0)
		l->program = bpf_netfilter_program();
	l->absent = l->program == -EINVAL;
	if (l->absent)
		return false;
	k.after = (struct host_hooks){ .changes = l->changes, .program = l->program };
	k.after.err = take_all(&k);
	free(l->known);
	*l = k.after;
	return !l->err != !err;
}

/* Whatever else the kernel says than that the place is free, it may be taken. */
static bool is_here(struct host_hooks *l, const struct bpf_link_about *link)
{
	AUTO_FD fd = -1;

	fd = l->program < 0 ? -1 : bpf_netfilter_link(l->program, link);
	return fd < 0;
}

bool host_hooks_look_here(struct host_hooks *l, struct host_hooks_here *here)
{
	struct host_hooks_here was = *here;

	/* What was met there may have been another ul2tpd's, which was looking. */
	if (here->looked && !here->v4 && !here->v6 && here->changes == l->changes)
		return false;
	*here = (struct host_hooks_here){ .looked = true, .changes = l->changes };
	for (uint32_t i = 0; l->netfilter && i < l->count; i++) {
		const struct bpf_link_about *link = &l->known[i];

		if (!concerns(link) || !is_here(l, link))
			continue;
		here->v4 |= link->family == NFPROTO_IPV4;
		here->v6 |= link->family == NFPROTO_IPV6;
	}
	return was.v4 != here->v4 || was.v6 != here->v6;
}

bool host_hooks_apply(const struct host_hooks_here *here, int family)
{
	return family == AF_INET6 ? here->v6 : here->v4;
}

void host_hooks_close(struct host_hooks *l)
{
	if (l->program > 0)
		close(l->program);
	free(l->known);
	*l = (struct host_hooks){ 0 };
}
