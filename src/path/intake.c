/* SPDX-License-Identifier: BSD-2-Clause */
/* intake.c - see intake.h */
#include "path/intake.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "encap/address.h"

struct intake *intake_new(struct worker *w, struct endpoint *e, uint32_t netns_index)
{
	struct intake *in = calloc(1, sizeof(*in));

	if (!in)
		return NULL;
	in->watch.fd = in->own_fd = -1;
	in->fd = e->at.fd;
	in->worker = w;
	in->endpoint = e;
	in->netns_index = netns_index;
	in->gives_control = endpoint_takes_all_ip(e);
	return in;
}

int intake_share(struct intake *in, struct worker *w, uint32_t worker_count, int fd, int own_fd)
{
	struct intake *share;

	if (!in->shares) {
		in->shares = calloc(worker_count, sizeof(*in->shares));
		if (!in->shares)
			return -ENOMEM;
		in->share_count = worker_count;
	}
	share = intake_new(w, in->endpoint, in->netns_index);
	if (!share)
		return -ENOMEM;
	share->main = in;
	share->fd = fd;
	share->own_fd = own_fd;
	in->shares[w->number] = share;
	return 0;
}

struct intake *intake_at(struct intake *in, const struct worker *w)
{
	struct intake *share = w->number < in->share_count ? in->shares[w->number] : NULL;

	return share ? share : in;
}

void intake_free(struct intake *in)
{
	if (!in)
		return;
	for (uint32_t i = 0; i < in->share_count; i++)
		intake_free(in->shares[i]);
	free(in->shares);
	if (in->own_fd >= 0)
		close(in->own_fd);
	buckets_release(&in->tunnels);
	free(in);
}

void intake_post(struct intake *in, void (*open)(struct letter *))
{
	in->letter.open = open;
	mailbox_post(&in->worker->mailbox, &in->letter);
	mailbox_wait(&in->worker->mailbox);
}

static void open_add(struct letter *letter)
{
	struct intake *in = container_of(letter, struct intake, letter);
	struct tunnel *t = in->changing;

	buckets_insert(&in->tunnels, &t->by_peer, address_hash(&t->record->peer, in->worker->seed));
	in->first = t;
}

static struct tunnel *any_tunnel(struct intake *in)
{
	struct bucket_node *node = buckets_any(&in->tunnels);

	return node ? container_of(node, struct tunnel, by_peer) : NULL;
}

static void open_remove(struct letter *letter)
{
	struct intake *in = container_of(letter, struct intake, letter);
	struct tunnel *t = in->changing;

	buckets_remove(&in->tunnels, &t->by_peer);
	if (in->first == t)
		in->first = any_tunnel(in);
}

void intake_tunnel_add(struct intake *in, struct tunnel *t)
{
	in->changing = t;
	intake_post(in, open_add);
}

void intake_tunnel_remove(struct intake *in, struct tunnel *t)
{
	in->changing = t;
	intake_post(in, open_remove);
}

struct tunnel *intake_tunnel_to(const struct intake *in, const union address *peer)
{
	struct bucket_node *node =
		buckets_first(&in->tunnels, address_hash(peer, in->worker->seed));

	for (; node; node = buckets_next(node)) {
		struct tunnel *t = container_of(node, struct tunnel, by_peer);

		if (address_equal(&t->record->peer, peer))
			return t;
	}
	return NULL;
}

struct tunnel *intake_account(const struct intake *in, const union address *from)
{
	struct tunnel *t = from ? intake_tunnel_to(in, from) : NULL;

	return t ?: in->first;
}
