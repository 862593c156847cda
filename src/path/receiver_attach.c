/* SPDX-License-Identifier: BSD-2-Clause */
/* receiver_attach.c - a session's receiver begins to get packets, is changed, and gets no more of them; see receiver.h
 *
 * What the API thread asks for is done by letters to the worker that has it, and to the one that knows all.
 */
#include "path/channel.h"
#include "path/divert_ring.h"
#include "path/raw_member.h"
#include "path/raw_receive.h"
#include "path/receiver_private.h"

static uint64_t own_hash(const struct receiver *r, const struct worker *w)
{
	return receiver_hash(w, r->netns_index, r->in_v2_space, r->id);
}

static void post(struct receiver *r, void (*open)(struct letter *))
{
	r->letter.open = open;
	mailbox_post(&r->worker->mailbox, &r->letter);
}

/* What its packets are read from. -1: more than one, without eBPF. */
static int source_fd(const struct receiver *r)
{
	const struct endpoint *e = r->intake->endpoint;

	if (!endpoint_is_managed(e))
		return r->intake->fd;
	return r->worker->ring ? divert_ring_fd(r->worker->ring) : -1;
}

void receiver_gate_set(struct receiver *r, bool open)
{
	if (!open)
		fast_gate_close(&r->gate);
	else if (!r->gate.passed && source_fd(r) >= 0)
		fast_gate_open_rx(&r->gate, &r->worker->fast_unsettled, r->fast, r->record,
		                  r->record_index, source_fd(r));
}

static void open_attach(struct letter *letter)
{
	struct receiver *r = container_of(letter, struct receiver, letter);

	if (r->worker->ring)
		r->lost = divert_ring_lost(r->worker->ring, r->record_index);
	buckets_insert(&r->worker->receivers, &r->here.by_id, own_hash(r, r->worker));
	if (r->device >= 0)
		receiver_gate_set(r, true);
}

static void open_known(struct letter *letter)
{
	struct receiver *r = container_of(letter, struct receiver, letter_elsewhere);

	buckets_insert(&r->knows_all->elsewhere, &r->elsewhere.by_id, own_hash(r, r->knows_all));
}

static void open_unknown(struct letter *letter)
{
	struct receiver *r = container_of(letter, struct receiver, letter_elsewhere);

	buckets_remove(&r->knows_all->elsewhere, &r->elsewhere.by_id);
}

static void post_elsewhere(struct receiver *r, void (*open)(struct letter *))
{
	if (r->knows_all == r->worker)
		return;
	r->letter_elsewhere.open = open;
	mailbox_post(&r->knows_all->mailbox, &r->letter_elsewhere);
}

static void open_detach(struct letter *letter)
{
	struct receiver *r = container_of(letter, struct receiver, letter);
	struct reorder_entry *e;

	if (r->worker->ring)
		divert_ring_drain(r->worker->ring); /* TUN-49 */
	if (r->intake->raw)
		raw_receive_drain(r->intake->raw->raw);
	receiver_count_lost(r);
	fast_gate_close(&r->gate);
	buckets_remove(&r->worker->receivers, &r->here.by_id);
	while ((e = reorder_remove(&r->reorder))) {
		receiver_drop(r, RX_DROP_DELETED, 1);
		receiver_release(r, e);
	}
	list_remove(&r->in_holding);
	if (r->channel)
		r->channel->rx.receiver = NULL;
}

static void open_modify(struct letter *letter)
{
	struct receiver *r = container_of(letter, struct receiver, letter);
	const struct session_modify *m = &r->change;

	if (m->has_recv_seq)
		r->recv_seq = m->recv_seq;
	if (m->has_lns_mode)
		r->lns_mode = m->lns_mode;
	if (m->has_recv_timeout)
		r->timeout_ms = m->recv_timeout_ms;
}

void receiver_attach(struct receiver *r)
{
	post(r, open_attach);
	post_elsewhere(r, open_known);
}

void receiver_detach(struct receiver *r)
{
	post_elsewhere(r, open_unknown);
	post(r, open_detach);
}

void receiver_modify(struct receiver *r, const struct session_modify *change)
{
	r->change = *change;
	post(r, open_modify);
}
