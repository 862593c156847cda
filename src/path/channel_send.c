/* SPDX-License-Identifier: BSD-2-Clause */
/* channel_send.c - a channel's frames on their way to the peer; on the worker that owns them. See channel.h */
#include <assert.h>
#include <string.h>

#include "path/channel.h"
#include "path/counter.h"
#include "path/outbox.h"

#define ADDRESS_CONTROL_LEN 2 /* ff 03, RFC 1662 §3.1 */
#define PROTOCOL_LEN        2

void channel_drop(struct channel *c, enum tx_drop why)
{
	if (c->tx.sender)
		sender_drop(c->tx.sender, why, 1);
}

/* TUN-14, TUN-23 */
static bool has_peer(struct sender *s)
{
	if (s->tunnel->peer_known)
		return true;
	sender_use_up(s, 1);
	sender_drop(s, TX_DROP_NO_PEER, 1);
	return false;
}

/* L2TP header and ff 03. Return: where the frame goes on, NULL: it can not be sent. */
static uint8_t *begin(struct channel *c, size_t head_len)
{
	struct sender *s = c->tx.sender;
	const struct data_header_template *t;
	uint8_t *room;

	if (!s || !has_peer(s))
		return NULL;
	t = sender_header(s);
	room = outbox_headers(c->tx.worker->outbox, t->len + ADDRESS_CONTROL_LEN + head_len);
	memcpy(room, t->octets, t->len);
	if (t->ns_offset)
		sender_number(s, t, room);
	room[t->len] = 0xff;
	room[t->len + 1] = 0x03;
	c->tx.room = room;
	c->tx.prefix = t->len + ADDRESS_CONTROL_LEN;
	return room + c->tx.prefix;
}

/* Makes room for a frame: L2TP header, ff 03 and @protocol are written there, and the caller may write @head_len octets.
 * Where; NULL: the frame can not be sent, which was counted if there is a session. */
static uint8_t *frame_begin(struct channel *c, uint16_t protocol, size_t head_len)
{
	uint8_t *at = begin(c, PROTOCOL_LEN + head_len);

	if (!at)
		return NULL;
	at[0] = (uint8_t)(protocol >> 8);
	at[1] = (uint8_t)protocol;
	c->tx.prefix += PROTOCOL_LEN;
	return at + PROTOCOL_LEN;
}

/* Puts it into the outbox, with @head_len octets that were written there; @payload stays where it is until outbox_flush(). */
static void frame_end(struct channel *c, size_t head_len, const uint8_t *payload,
                      size_t payload_len)
{
	outbox_put(c->tx.worker->outbox, c->tx.sender, c->tx.room, c->tx.prefix + head_len, payload,
	           payload_len);
}

void channel_send(struct channel *c, uint16_t protocol, const uint8_t *head, size_t head_len,
                  const uint8_t *payload, size_t payload_len)
{
	uint8_t *at = frame_begin(c, protocol, head_len);

	if (!at)
		return;
	if (head_len)
		memcpy(at, head, head_len);
	frame_end(c, head_len, payload, payload_len);
}

bool channel_send_all(struct channel *c, uint16_t protocol, struct segmenter *segmenter)
{
	uint8_t front[DATA_HEADER_MAX + ADDRESS_CONTROL_LEN + PROTOCOL_LEN];
	struct sender *s = c->tx.sender;
	const struct data_header_template *t;
	size_t len;

	static_assert(sizeof(front) <= SEGMENT_FRONT_MAX, "what segment_all() puts in front");
	if (!s || !s->tunnel->peer_known)
		return false;
	t = sender_header(s);
	if (t->ns_offset)
		return false;
	memcpy(front, t->octets, t->len);
	len = t->len;
	front[len++] = 0xff;
	front[len++] = 0x03;
	front[len++] = (uint8_t)(protocol >> 8);
	front[len++] = (uint8_t)protocol;
	return outbox_put_all(c->tx.worker->outbox, s, segmenter, front, len);
}

void channel_send_segment(struct channel *c, uint16_t protocol, struct segmenter *segmenter)
{
	uint8_t *room = frame_begin(c, protocol, segmenter->headers_len);
	uint8_t unsent[SEGMENT_HEADERS_MAX];
	struct segment part;

	segment_next(segmenter, room ? room : unsent, &part);
	if (room)
		frame_end(c, part.headers_len, part.payload, part.payload_len);
}

void channel_forward(struct channel *c, const uint8_t *frame, size_t len)
{
	if (begin(c, 0))
		frame_end(c, 0, frame, len);
}
