/* SPDX-License-Identifier: BSD-2-Clause */
/* sender.c - see sender.h */
#include "path/sender.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define BATCH_ANY      UINT32_MAX
#define BATCH_RETRY_MS 10000

struct sender *sender_new(struct worker *w, const struct session *session, int device)
{
	const struct session_record *record = session->record;
	struct sender *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->watch.fd = -1;
	s->worker = w;
	s->record = session->record;
	s->tunnel = session->tunnel->record;
	s->endpoint = session->tunnel->endpoint;
	s->trace_events = &session->tunnel->netns->trace_events;
	s->device = device;
	s->record_index = session->index;
	s->fast = session->fast;
	fast_gate_init(&s->gate);
	sender_endpoint_changed(s);
	s->header = (struct data_header_params){
		.version = s->tunnel->version,
		.over_ip = !endpoint_is_udp(s->endpoint),
		.l2spec = record->l2spec_type == L2TP_L2SPECTYPE_DEFAULT,
		.send_seq = atomic_load_explicit(&record->send_seq, memory_order_relaxed),
		.cookie_len = record->cookie_len,
		.peer_conn_id = s->tunnel->peer_conn_id,
		.peer_session_id = record->peer_session_id,
	};
	memcpy(s->header.cookie, record->cookie, sizeof(s->header.cookie));
	data_header_build(&s->header, &s->template);
	return s;
}

/* The system makes no batches without checksums. Our own sockets have another beside them for that; a program's
 * has not, and what it wants is done. */
static bool may_batch(const struct endpoint *e)
{
	const struct endpoint_params *p = &e->at.params;

	if (!endpoint_is_managed(e))
		return endpoint_is_udp(e);
	return p->local.any.sa_family == AF_INET6 ? !(p->flags & ENDPOINT_ZERO_CHECKSUM6_TX)
	                                          : p->flags & ENDPOINT_CHECKSUM_TX;
}

void sender_endpoint_changed(struct sender *s)
{
	s->may_batch = may_batch(s->endpoint);
	s->batch_max = s->may_batch ? BATCH_ANY : 0;
	s->batch_retry_ms = 0;
}

void sender_free(struct sender *s)
{
	free(s);
}

void sender_gate_open(struct sender *s, int device)
{
	fast_gate_open_tx(&s->gate, &s->worker->fast_unsettled, s->fast, s->record, s->record_index,
	                  device);
}

void sender_gate_close(struct sender *s)
{
	fast_gate_close(&s->gate);
}

static void open_peer_changed(struct letter *letter)
{
	struct sender *s = container_of(letter, struct sender, letter);

	s->header.peer_conn_id = s->tunnel->peer_conn_id;
	data_header_build(&s->header, &s->template);
}

void sender_peer_changed(struct sender *s)
{
	s->letter.open = open_peer_changed;
	mailbox_post(&s->worker->mailbox, &s->letter);
}

void sender_retry_batches(struct sender *s, uint64_t now_ms)
{
	if (s->batch_max == BATCH_ANY || !s->may_batch)
		return;
	if (!s->batch_retry_ms)
		s->batch_retry_ms = now_ms + BATCH_RETRY_MS;
	else if (now_ms >= s->batch_retry_ms)
		s->batch_max = BATCH_ANY;
}

const struct data_header_template *sender_header(struct sender *s)
{
	bool send_seq = atomic_load_explicit(&s->record->send_seq, memory_order_relaxed);

	if (send_seq != s->header.send_seq) {
		s->header.send_seq = send_seq;
		data_header_build(&s->header, &s->template);
	}
	return &s->template;
}

/* This worker alone writes it; who shows the session reads it. */
static uint32_t next_number(struct sender *s, uint32_t count)
{
	uint32_t ns = atomic_load_explicit(&s->record->tx.ns, memory_order_relaxed);

	atomic_store_explicit(&s->record->tx.ns, ns + count, memory_order_relaxed);
	return ns;
}

void sender_use_up(struct sender *s, uint32_t count)
{
	if (sender_header(s)->ns_offset)
		next_number(s, count);
}

void sender_number(struct sender *s, const struct data_header_template *t, uint8_t *header)
{
	data_header_number(t, header, next_number(s, 1));
	if (trace_wanted(s->trace_events, UL2TP_TRACE_SESSION_SEQNUM_UPDATE))
		trace_sequence(&s->worker->trace, s->trace_events,
		               UL2TP_TRACE_SESSION_SEQNUM_UPDATE, s->tunnel, s->record,
		               atomic_load_explicit(&s->record->rx.nr, memory_order_relaxed));
}
