/* SPDX-License-Identifier: BSD-2-Clause */
/* receiver.c - see receiver.h */
#include "path/receiver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "encap/address.h"
#include "path/channel.h"
#include "path/counter.h"
#include "path/outbox.h"
#include "path/receiver_private.h"
#include "path/sequence_mode.h"
#include "pseudowire/ethernet.h"
#include "tunnel/session_key.h"

/* Packets that have been counted as received. */
static void lose(struct receiver *r, enum rx_drop why, uint64_t packets, uint64_t l2tp_bytes)
{
	receiver_drop(r, why, packets);
	counter_add(&r->record->rx.lost_bytes, l2tp_bytes);
}

/* What came over the network as @frame: each packet of it with the headers that they share. */
static uint64_t l2tp_bytes(const struct receiver *r, const struct coalesced *frame)
{
	const struct virtio_net_hdr *vnet = frame->iov[0].iov_base;
	uint64_t headers = frame->frames > 1 ? vnet->hdr_len : 0;

	return frame->frame_len + (frame->frames - 1) * headers +
	       (uint64_t)frame->frames * r->header_len;
}

static void receiver_write(struct frame_taker *taker, const struct coalesced *frame)
{
	struct receiver *r = container_of(taker, struct receiver, taker);

	frame_writer_put(r->worker->writer, r->device, NULL, frame);
}

static void receiver_lost(struct frame_taker *taker, const struct coalesced *frame, int err)
{
	struct receiver *r = container_of(taker, struct receiver, taker);
	enum rx_drop why = rx_drop_of_errno(-err);

	lose(r, why, frame->frames, l2tp_bytes(r, frame));
	if (why == RX_DROP_DEVICE_GONE)
		r->device = -1;
}

struct receiver *receiver_new(struct worker *w, const struct session *s, int tap, uint32_t offloads)
{
	const struct session_record *record = s->record;
	struct receiver *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->taker = (struct frame_taker){ receiver_write, receiver_lost };
	r->worker = w;
	r->intake = intake_at(s->tunnel->endpoint->intake, w);
	r->knows_all = s->tunnel->endpoint->intake->worker;
	r->here.receiver = r->elsewhere.receiver = r;
	r->record = s->record;
	r->record_index = s->index;
	r->tunnel = s->tunnel->record;
	r->trace_events = &s->tunnel->netns->trace_events;
	r->netns_index = s->tunnel->netns->index;
	r->in_v2_space = s->tunnel->record->version != DATA_VERSION_3;
	r->id = r->in_v2_space ? v2_session_key(r->tunnel->conn_id, record->session_id)
	                       : record->session_id;
	r->ppp = record->pw_type == L2TP_PWTYPE_PPP;
	r->sublayer.cookie_len = record->peer_cookie_len;
	memcpy(r->sublayer.cookie, record->peer_cookie, sizeof(r->sublayer.cookie));
	r->sublayer.l2spec = record->l2spec_type == L2TP_L2SPECTYPE_DEFAULT;
	r->header_len = 4u + (endpoint_is_udp(s->tunnel->endpoint) ? 4 : 0) +
	                r->sublayer.cookie_len + (r->sublayer.l2spec ? 4 : 0); /* HDR-4 */
	r->recv_seq = record->recv_seq;
	r->lns_mode = record->lns_mode;
	r->timeout_ms = record->reorder_timeout_ms;
	r->device = tap;
	r->fast = s->fast;
	fast_gate_init(&r->gate);
	r->accepts = coalesce_accepts_of(offloads);
	if (r->accepts)
		r->accepts |= COALESCE_PARTIAL | record->mtu_bytes << COALESCE_MTU_SHIFT;
	list_init(&r->in_holding);
	reorder_init(&r->reorder, s->tunnel->record->version, &w->reorder_pool);
	if (counter_read(&record->rx.packets))
		reorder_resume(&r->reorder, &record->rx);
	else
		reorder_save(&r->reorder, &s->record->rx);
	return r;
}

void receiver_free(struct receiver *r)
{
	free(r);
}

static void holding_changed(struct receiver *r)
{
	atomic_store_explicit(&r->record->rx.held, r->reorder.held, memory_order_relaxed);
	list_remove(&r->in_holding);
	if (reorder_holds(&r->reorder))
		list_append(&r->worker->holding, &r->in_holding);
}

static bool peer_is(const struct receiver *r, const union address *from)
{
	return !from || !r->tunnel->peer_known || address_equal(&r->tunnel->peer, from);
}

static uint32_t id_of(const struct data_header *h)
{
	return h->version == DATA_VERSION_2 ? v2_session_key(h->tunnel_id, h->session_id)
	                                    : h->session_id;
}

void receiver_count_lost(struct receiver *r)
{
	uint64_t lost = r->lost ? __atomic_load_n(r->lost, __ATOMIC_RELAXED) : 0;

	if (lost)
		counter_set(&r->record->rx.drops[RX_DROP_RING_FULL], lost);
}

static struct bucket_node *first(const struct worker *w, const struct buckets *table,
                                 uint32_t netns_index, const struct data_header *h)
{
	return buckets_first(table,
	                     receiver_hash(w, netns_index, h->version == DATA_VERSION_2, id_of(h)));
}

static struct receiver *receiver_of(struct bucket_node *node)
{
	return container_of(node, struct receiver_entry, by_id)->receiver;
}

static bool has_ids(const struct receiver *r, uint32_t netns_index, const struct data_header *h)
{
	return r->id == id_of(h) && r->in_v2_space == (h->version == DATA_VERSION_2) &&
	       r->netns_index == netns_index;
}

static struct receiver *find(const struct worker *w, const struct buckets *table,
                             const struct intake *in, const struct data_header *h,
                             const union address *from)
{
	struct bucket_node *node = first(w, table, in->netns_index, h);

	for (; node; node = buckets_next(node)) {
		struct receiver *r = receiver_of(node);

		if (!has_ids(r, in->netns_index, h))
			continue;
		if (!__atomic_load_n(&r->record->collides, __ATOMIC_RELAXED))
			return r;
		if (!h->over_ip && r->intake->endpoint == in->endpoint && peer_is(r, from))
			return r;
	}
	return NULL;
}

struct receiver *receiver_find(const struct worker *w, const struct intake *in,
                               const struct data_header *h, const union address *from)
{
	return find(w, &w->receivers, in, h, from);
}

struct receiver *receiver_find_elsewhere(const struct worker *w, const struct intake *in,
                                         const struct data_header *h, const union address *from)
{
	return find(w, &w->elsewhere, in, h, from);
}

struct receiver *receiver_find_again(const struct worker *w, uint32_t netns_index,
                                     const struct data_header *h, uint32_t record_index)
{
	struct bucket_node *node = first(w, &w->receivers, netns_index, h);

	for (; node; node = buckets_next(node)) {
		struct receiver *r = receiver_of(node);

		if (has_ids(r, netns_index, h) && r->record_index == record_index)
			return r;
	}
	return NULL;
}

static void trace_mode(struct receiver *r, enum ul2tp_trace_event event)
{
	if (trace_wanted(r->trace_events, event))
		trace_session(&r->worker->trace, r->trace_events, event, r->tunnel, r->record);
}

/* Its number was as it should be, or has been made so. */
static void trace_taken(struct receiver *r, uint32_t ns)
{
	if (r->reorder.redefined && trace_wanted(r->trace_events, UL2TP_TRACE_SESSION_SEQNUM_RESET))
		trace_sequence(&r->worker->trace, r->trace_events, UL2TP_TRACE_SESSION_SEQNUM_RESET,
		               r->tunnel, r->record, ns);
	if (trace_wanted(r->trace_events, UL2TP_TRACE_SESSION_SEQNUM_UPDATE))
		trace_sequence(&r->worker->trace, r->trace_events,
		               UL2TP_TRACE_SESSION_SEQNUM_UPDATE, r->tunnel, r->record,
		               r->reorder.nr);
}

/* @waiting: how many are held, this one included if it was. */
static void trace_untaken(struct receiver *r, enum rx_drop why, uint32_t ns, uint32_t waiting)
{
	enum ul2tp_trace_event event;

	if (why == RX_DROP_EXPIRED)
		event = UL2TP_TRACE_SESSION_PKT_EXPIRED;
	else if (why == RX_DROP_OUTSIDE_WINDOW)
		event = UL2TP_TRACE_SESSION_PKT_OUTSIDE_RX_WINDOW;
	else if (why == RX_DROP_OUT_OF_SEQUENCE)
		event = UL2TP_TRACE_SESSION_PKT_OOS;
	else
		return;
	if (trace_wanted(r->trace_events, event))
		trace_packet(&r->worker->trace, r->trace_events, event, r->tunnel, r->record, ns,
		             r->reorder.nr, waiting);
}

/* SEQ-21, RX-60, RX-61. The frame must stay where it is until the coalescer is flushed. */
static void deliver(struct receiver *r, const uint8_t *frame, size_t len, size_t l2tp_len)
{
	counter_add(&r->record->rx.packets, 1);
	counter_add(&r->record->rx.bytes, l2tp_len);

	if (r->channel)
		channel_receive(r->channel, r, frame, len);
	else if (r->ppp)
		receiver_drop(r, RX_DROP_NO_SOCKET, 1);
	else if (len < ETHERNET_HEADER_LEN)
		lose(r, RX_DROP_FRAME_SHORT, 1, l2tp_len);
	else if (r->device < 0)
		lose(r, RX_DROP_NO_DEVICE, 1, l2tp_len);
	else
		coalesce_add(&r->worker->coalescer, &r->taker, r->accepts, frame, len);
}

/* Copied, because the receive buffer belongs to the next batch. */
static void hold(struct receiver *r, const struct reorder_arrival *a, const uint8_t *frame,
                 size_t len, size_t l2tp_len)
{
	struct held_packet *p = held_pool_take(&r->worker->held, len);

	if (!p) {
		receiver_drop(r, RX_DROP_QUEUE_FULL, 1);
		return;
	}
	p->len = (uint32_t)len;
	p->l2tp_len = (uint32_t)l2tp_len;
	memcpy(p->payload, frame, len);
	reorder_hold(&r->reorder, a, &p->entry);
}

/* What was delivered by reference goes. */
static void receiver_flush(struct receiver *r)
{
	if (!r->channel) {
		coalesce_flush_owner(&r->worker->coalescer, &r->taker);
		frame_writer_flush(r->worker->writer);
		return;
	}
	worker_write_received(r->worker); /* a unit's, which is not asked whose */
	outbox_flush(r->worker->outbox);
}

static void deliver_held(struct receiver *r, uint64_t now_ms)
{
	struct reorder_entry *e;
	enum rx_drop why;

	while (reorder_holds(&r->reorder) && (e = reorder_next(&r->reorder, now_ms, &why))) {
		struct held_packet *p = container_of(e, struct held_packet, entry);

		if (why == RX_DROP_NONE) {
			if (e->has_ns)
				trace_taken(r, e->ns);
			deliver(r, p->payload, p->len, p->l2tp_len);
			receiver_flush(r); /* before its memory goes */
		} else {
			trace_untaken(r, why, e->ns, r->reorder.held + 1);
			receiver_drop(r, why, 1);
		}
		receiver_release(r, e);
	}
	holding_changed(r);
}

/* RX-42, RX-43. Return: whether the packet may go on. */
static bool follow_peer(struct receiver *r, bool has_ns)
{
	bool send_seq = atomic_load_explicit(&r->record->send_seq, memory_order_relaxed);

	switch (sequence_mode(has_ns, r->recv_seq, r->lns_mode, send_seq)) {
	case SEQUENCE_SWITCH_ON:
		trace_mode(r, UL2TP_TRACE_SESSION_SEQNUM_LNS_ENABLE);
		atomic_store(&r->record->send_seq, 1);
		fast_gate_shut(r->fast, r->record_index);
		return true;
	case SEQUENCE_SWITCH_OFF:
		trace_mode(r, UL2TP_TRACE_SESSION_SEQNUM_LNS_DISABLE);
		atomic_store_explicit(&r->record->send_seq, 0, memory_order_relaxed);
		return true;
	case SEQUENCE_REFUSED:
		receiver_drop(r, RX_DROP_NO_SEQUENCE, 1);
		return false;
	case SEQUENCE_AS_IS:
		break;
	}
	return true;
}

static void take_in_order(struct receiver *r, const struct data_sublayer *sub,
                          const uint8_t *packet, size_t len)
{
	const uint8_t *frame = packet + sub->payload_at;
	struct reorder_arrival a = {
		.has_ns = sub->has_ns,
		.ns = sub->ns,
		.timeout_ms = r->timeout_ms,
		.octets = (uint32_t)(sizeof(struct held_packet) + sub->payload_len),
		.now_ms = loop_now_ms(r->worker->loop),
	};
	struct reorder_decision d = reorder_receive(&r->reorder, &a);

	if (d.out_of_order)
		counter_add(&r->record->rx.oos_packets, 1);
	if (d.verdict == REORDER_DELIVER) {
		if (sub->has_ns)
			trace_taken(r, sub->ns);
		deliver(r, frame, sub->payload_len, len);
	} else if (d.verdict == REORDER_DROP) {
		trace_untaken(r, d.why, sub->ns, r->reorder.held);
		receiver_drop(r, d.why, 1);
	} else {
		hold(r, &a, frame, sub->payload_len, len);
	}
	if (reorder_holds(&r->reorder) || !list_empty(&r->in_holding))
		deliver_held(r, a.now_ms);
	reorder_save(&r->reorder, &r->record->rx);
}

size_t receiver_take(struct receiver *r, const struct data_header *h, const uint8_t *packet,
                     size_t len)
{
	struct data_sublayer sub;
	int err = data_sublayer_read(h, packet, len, &r->sublayer, &sub);

	fast_gate_take(&r->gate);
	if (err == -EKEYREJECTED) {
		receiver_drop(r, RX_DROP_COOKIE, 1);
		return 0;
	}
	if (err < 0) {
		counter_add_shared(
			&r->tunnel->rx_drops[h->over_ip ? RX_DROP_SHORT : RX_DROP_TRUNCATED], 1);
		return 0;
	}
	if (!follow_peer(r, sub.has_ns))
		return 0;
	if (sub.cut_off) {
		receiver_drop(r, RX_DROP_CUT_OFF, 1);
		return 0;
	}
	take_in_order(r, &sub, packet, len);
	return sub.has_ns || h->has_offset || reorder_holds(&r->reorder) ? 0 : sub.payload_at;
}

/* Nothing that was found out of the one before has changed meanwhile: letters are opened between batches. */
void receiver_take_alike(struct receiver *r, const uint8_t *packet, size_t len, size_t header_len)
{
	fast_gate_take(&r->gate);
	deliver(r, packet + header_len, len - header_len, len);
}

bool receiver_gate_holds(const struct fast_gate *g)
{
	return g->counts && reorder_holds(&container_of(g, struct receiver, gate)->reorder);
}

void receivers_expire(struct worker *w)
{
	uint64_t now_ms = loop_now_ms(w->loop);

	list_for_each_safe (node, &w->holding) {
		struct receiver *r = list_entry(node, struct receiver, in_holding);
		struct reorder_entry *e;

		if (reorder_deadline_ms(&r->reorder) >= now_ms)
			continue;
		while ((e = reorder_next_expired(&r->reorder, now_ms))) {
			trace_untaken(r, RX_DROP_EXPIRED, e->ns, r->reorder.held + 1);
			receiver_drop(r, RX_DROP_EXPIRED, 1);
			receiver_release(r, e);
		}
		holding_changed(r);
		reorder_save(&r->reorder, &r->record->rx);
	}
}
