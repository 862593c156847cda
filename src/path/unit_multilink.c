/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_multilink.c - a unit's frames in fragments over all its channels, and whole again; see unit_complete.h
 *
 * Fragments that wait for others are copied into the worker's pool for frames that wait: nothing is allocated here.
 * Source: PPP-70 and PPP-71 of doc/kernel-behaviour.md.
 */
#include <linux/ppp-ioctl.h>
#include <linux/ppp_defs.h>
#include <string.h>

#include "base/cleanup.h"
#include "path/channel.h"
#include "path/counter.h"
#include "path/held_pool.h"
#include "path/unit_complete.h"
#include "path/unit_kept.h"
#include "path/worker.h"

#define CHANNEL_MTU  1460 /* of one whose path is not known (PPP-70) */
#define PROTOCOL_LEN 2

/* The payload of a struct held_packet. */
struct waiting {
	struct multilink_fragment fragment;
	uint32_t len;
	uint8_t octets[];
};

static bool has_flag(const struct unit *u, uint32_t flag)
{
	return atomic_load_explicit(&u->flags, memory_order_relaxed) & flag;
}

void unit_multilink_channels(struct unit *u)
{
	struct unit_multilink *m = &u->complete->multilink;

	m->count = 0;
	list_for_each (node, &u->channels)
		if (m->count < ARRAY_SIZE(m->channels))
			m->channels[m->count++] = list_entry(node, struct channel, in_unit);
}

/* --- what is sent ------------------------------------------------------------------------------------- */

/* Octets of the @number-th fragment of @total octets, of which @left have not left. All links get the same, unless they
 * can not carry so much. */
static size_t fragment_len(const struct unit_multilink *m, uint32_t number, size_t total,
                           size_t left, size_t max)
{
	size_t share = total / m->count + (number < total % m->count);

	if (number >= m->count || share > max)
		share = max;
	return share < left ? share : left;
}

/* Protocol number, without its octet 0, and information. */
static void send_fragments(struct unit *u, const uint8_t *protocol, size_t protocol_len,
                           const uint8_t *info, size_t len)
{
	struct unit_multilink *m = &u->complete->multilink;
	bool is_short = has_flag(u, SC_MP_XSHORTSEQ);
	size_t total = protocol_len + len, left = total;
	uint32_t first = m->next_channel;

	for (uint32_t i = 0; left; i++) {
		struct multilink_header header = { .begin = !i, .seq = m->seq++ };
		uint8_t head[MULTILINK_HEADER_MAX + PROTOCOL_LEN];
		size_t with = i ? 0 : protocol_len, at = is_short ? 2 : 4;
		size_t share = fragment_len(m, i, total, left, CHANNEL_MTU - at);

		if (share < with)
			share = with;
		left -= share;
		header.end = !left;
		multilink_write(&header, is_short, head);
		memcpy(head + at, protocol, with);
		channel_send(m->channels[(first + i) % m->count], PPP_MP, head, at + with, info,
		             share - with);
		info += share - with;
		m->next_channel = (first + i + 1) % m->count;
	}
	unit_kept_fragments(u);
}

void unit_multilink_send(struct unit *u, uint16_t protocol, const struct iovec pieces[2])
{
	uint8_t octets[PROTOCOL_LEN] = { (uint8_t)(protocol >> 8), (uint8_t)protocol };
	size_t short_by = octets[0] ? 0 : 1, len = pieces[0].iov_len + pieces[1].iov_len;
	const uint8_t *info = pieces[1].iov_base;

	if (!u->complete->multilink.count) {
		counter_add(&u->tx.counters->drops[TX_DROP_NO_CHANNEL], 1);
		return;
	}
	if (pieces[0].iov_len) {
		uint8_t *room = frame_room_take(&u->tx.worker->sent_room, len);

		memcpy(room, pieces[0].iov_base, pieces[0].iov_len);
		memcpy(room + pieces[0].iov_len, pieces[1].iov_base, pieces[1].iov_len);
		info = room;
	}
	send_fragments(u, octets + short_by, PROTOCOL_LEN - short_by, info, len);
}

/* --- what is received --------------------------------------------------------------------------------- */

static struct waiting *waiting_of(struct list *node)
{
	return container_of(list_entry(node, struct multilink_fragment, node), struct waiting,
	                    fragment);
}

static void give_back(struct unit *u, struct list *fragments)
{
	while (!list_empty(fragments)) {
		uint8_t *payload = (uint8_t *)waiting_of(fragments->next);

		list_remove(fragments->next);
		held_pool_give(
			&u->rx.worker->waiting,
			(struct held_packet *)(payload - offsetof(struct held_packet, payload)));
	}
}

static void count_lost(struct unit *u)
{
	counter_add(&u->rx.counters->dropped, 1);
	unit_drop_received(u, RX_DROP_FRAGMENT);
}

static size_t longest(const struct unit *u)
{
	size_t limit = (size_t)u->complete->multilink.mrru + PROTOCOL_LEN;

	return limit < UINT16_MAX ? limit : UINT16_MAX;
}

/* Those who sent it did not keep to what was agreed on: an error of lengths, and no other (PPP-71). */
static void count_too_long(struct unit *u)
{
	counter_add(&u->rx.counters->length_errors, 1);
	counter_add(&u->rx.counters->drops[RX_DROP_FRAGMENT], 1);
}

static void take_packet(struct unit *u, const uint8_t *packet, size_t len)
{
	size_t at = len && packet[0] & 1 ? 1 : PROTOCOL_LEN; /* RFC 1661 §6.5 */

	if (len < at)
		unit_receive_short(u);
	else
		unit_complete_whole(u, (uint16_t)(at == 1 ? packet[0] : packet[0] << 8 | packet[1]),
		                    packet + at, len - at);
}

static void join(struct unit *u, const struct list *fragments)
{
	size_t len = 0;
	uint8_t *room, *at;

	list_for_each (node, fragments)
		len += waiting_of(node)->len;
	if (len > longest(u)) {
		count_too_long(u);
		return;
	}
	at = room = unit_complete_received_room(u, len);
	list_for_each (node, fragments) {
		memcpy(at, waiting_of(node)->octets, waiting_of(node)->len);
		at += waiting_of(node)->len;
	}
	take_packet(u, room, len);
}

static void take_all(struct unit *u)
{
	enum multilink_answer answer;

	do {
		struct list out;

		list_init(&out);
		answer = multilink_take(&u->complete->multilink.received, &out);
		if (answer == MULTILINK_PACKET)
			join(u, &out);
		else if (answer == MULTILINK_LOST)
			count_lost(u);
		give_back(u, &out);
	} while (answer != MULTILINK_WAIT);
}

static void wait_for_others(struct unit *u, const struct multilink_header *header,
                            const uint8_t *octets, size_t len)
{
	struct held_pool *pool = &u->rx.worker->waiting;
	struct held_packet *p = held_pool_take(pool, sizeof(struct waiting) + len);
	struct waiting *w;

	if (!p) {
		count_lost(u);
		return;
	}
	w = (struct waiting *)p->payload;
	w->fragment = (struct multilink_fragment){
		.seq = header->seq,
		.begin = header->begin,
		.end = header->end,
	};
	w->len = (uint32_t)len;
	memcpy(w->octets, octets, len);
	if (!multilink_add(&u->complete->multilink.received, &w->fragment)) {
		held_pool_give(pool, p);
		count_lost(u);
	}
}

/* RFC 1990 §4.1: what is older than the last of each link, and is not here, was lost. */
static void look_at_links(struct unit_multilink *m, uint32_t seq)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (multilink_before(m->channels[i]->rx.fragment_seq, seq))
			seq = m->channels[i]->rx.fragment_seq;
	multilink_seen(&m->received, seq);
}

void unit_multilink_receive(struct unit *u, struct channel *c, const uint8_t *info, size_t len)
{
	struct unit_multilink *m = &u->complete->multilink;
	bool is_short = has_flag(u, SC_MP_SHORTSEQ);
	struct multilink_header header;
	size_t at;

	if (m->mrru <= 0) {
		unit_drop_received(u, RX_DROP_NOT_SET_UP);
		return;
	}
	at = multilink_read(info, len, is_short, &header);
	if (!at) {
		unit_drop_received(u, RX_DROP_FRAGMENT);
		return;
	}
	header.seq = multilink_expand(&m->received, header.seq, is_short);
	c->rx.fragment_seq = header.seq;
	look_at_links(m, header.seq);
	if (header.begin && header.end && multilink_is_next(&m->received, header.seq)) {
		multilink_pass(&m->received);
		if (len - at > longest(u))
			count_too_long(u);
		else
			take_packet(u, info + at, len - at);
	} else {
		wait_for_others(u, &header, info + at, len - at);
		take_all(u);
	}
	unit_kept_fragments(u);
}

static void forget_received(struct unit *u)
{
	give_back(u, &u->complete->multilink.received.queue);
	multilink_init(&u->complete->multilink.received);
}

void unit_multilink_restart(struct unit *u)
{
	forget_received(u);
	unit_kept_fragments(u);
}

void unit_multilink_forget(struct unit *u)
{
	u->complete->multilink.mrru = 0;
	forget_received(u);
}
