/* SPDX-License-Identifier: BSD-2-Clause */
/* channel_receive.c - a channel's frames on their way to the program, a unit or another channel; on the worker that
 * receives. See channel.h
 *
 * Frames that no file can take yet are copied into the worker's pool for packets that wait, which is reserved: nothing
 * is allocated here.
 */
#include <linux/ppp_defs.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "packet/coalesce.h"
#include "packet/segment.h"
#include "path/channel_private.h"
#include "path/outbox.h"
#include "path/unit.h"

#define TAKE_OVER_MAX 1024 /* frames; more than a socket's buffer holds */
#define PROTOCOL_LEN  2
#define CUT_OCTETS                                                                                 \
	1400 /* whoever cuts has not said how: within what any peer takes (RFC 1661 §6.1) and paths do */
#define PROTOCOL_LINK_CCP     0x80fb
#define PROTOCOL_LINK_CONTROL 0xc000 /* and above: LCP, authentication, LQR */

/* In two pieces, since a compressed protocol number stands in one octet (RFC 1661 §6.5). */
struct ppp_frame {
	uint16_t protocol;
	const uint8_t *info;
	size_t len;
};

static void drop(struct channel *c, enum rx_drop why)
{
	if (c->rx.receiver)
		receiver_drop(c->rx.receiver, why, 1);
}

static void forget(struct channel *c, struct held_packet *p)
{
	list_remove(&p->entry.node);
	c->rx.queued--;
	held_pool_give(&c->rx.worker->waiting, p);
}

/* PPP-21: the oldest make room. */
static void keep(struct channel *c, const struct iovec *pieces, int count)
{
	size_t len = 0, at = 0;
	struct held_packet *p;

	for (int i = 0; i < count; i++)
		len += pieces[i].iov_len;
	if (c->rx.queued == PPP_END_FRAMES_MAX) {
		forget(c, list_entry(c->rx.queue.next, struct held_packet, entry.node));
		drop(c, RX_DROP_FILE_FULL);
	}
	p = held_pool_take(&c->rx.worker->waiting, len);
	if (!p) {
		drop(c, RX_DROP_FILE_FULL);
		return;
	}
	p->len = (uint32_t)len;
	for (int i = 0; i < count; i++) {
		if (pieces[i].iov_len)
			memcpy(p->payload + at, pieces[i].iov_base, pieces[i].iov_len);
		at += pieces[i].iov_len;
	}
	list_append(&c->rx.queue, &p->entry.node);
	c->rx.queued++;
}

static void to_file(struct channel *c, const struct iovec *pieces, int count)
{
	if (!c->rx.route.file)
		keep(c, pieces, count);
	else if (ppp_end_write(c->rx.route.file, pieces, count) < 0)
		drop(c, RX_DROP_FILE_FULL);
}

/* A frame for its files: protocol and information (PPP-20 (3)). */
static void queue_frame(struct channel *c, uint16_t protocol, const uint8_t *info, size_t len)
{
	uint8_t octets[PROTOCOL_LEN] = { (uint8_t)(protocol >> 8), (uint8_t)protocol };

	to_file(c, (struct iovec[]){ { octets, sizeof(octets) }, { (void *)info, len } }, 2);
}

/* PPP-20 (2) */
static bool read_protocol(const uint8_t *frame, size_t len, struct ppp_frame *ret)
{
	size_t at = len && frame[0] & 1 ? 1 : PROTOCOL_LEN;

	if (len < at)
		return false;
	ret->protocol = (uint16_t)(at == 1 ? frame[0] : frame[0] << 8 | frame[1]);
	ret->info = frame + at;
	ret->len = len - at;
	return true;
}

/* PPP-20 (3) */
static bool is_link_level(uint16_t protocol)
{
	return protocol >= PROTOCOL_LINK_CONTROL || protocol == PROTOCOL_LINK_CCP;
}

/* A fast path on this machine leaves checksums and segmentation to the system, which a unit's interface is told of (packet/coalesce.h).
 * Another peer or a program would not understand it. Return: whether @s has to make of it what they do. */
static bool is_unfinished(const uint8_t *octets, size_t len, uint16_t *protocol,
                          struct segmenter *s)
{
	struct virtio_net_hdr vnet;
	struct ppp_frame frame;

	if (!read_protocol(octets, len, &frame) || frame.info != octets + PROTOCOL_LEN ||
	    (frame.protocol != PPP_IP && frame.protocol != PPP_IPV6) ||
	    !coalesce_left_ip(frame.info, frame.len, CUT_OCTETS, &vnet))
		return false;
	*protocol = frame.protocol;
	return segment_begin_ip(s, &vnet, (uint8_t *)frame.info, frame.len) == 0;
}

/* Takes a frame in pieces. */
typedef void take_frame(struct channel *c, const struct iovec *pieces, int count);

/* Each of the packets that are in it. Return: false: it is one that is whole. */
static bool finish(struct channel *c, const uint8_t *octets, size_t len, take_frame *take)
{
	uint8_t headers[SEGMENT_HEADERS_MAX];
	struct segmenter s;
	struct segment part;
	uint16_t protocol;

	if (!is_unfinished(octets, len, &protocol, &s))
		return false;
	while (segment_next(&s, headers, &part))
		take(c,
		     (struct iovec[]){ { (void *)octets, PROTOCOL_LEN },
		                       { headers, part.headers_len },
		                       { (void *)part.payload, part.payload_len } },
		     3);
	return true;
}

static void write_to_socket(struct channel *c, const struct iovec *pieces, int count)
{
	if (!c->rx.route.socket)
		drop(c, RX_DROP_NO_SOCKET);
	else if (ppp_end_write(c->rx.route.socket, pieces, count) < 0)
		drop(c, RX_DROP_SOCKET_FULL);
}

static void to_socket(struct channel *c, const uint8_t *frame, size_t len)
{
	if (!finish(c, frame, len, write_to_socket))
		write_to_socket(c, &(struct iovec){ (void *)frame, len }, 1);
}

static void to_files_or_unit(struct channel *c, const uint8_t *octets, size_t len)
{
	struct ppp_frame frame;
	bool to_unit = c->rx.route.mode == CHANNEL_TO_UNIT;

	if (!read_protocol(octets, len, &frame)) {
		drop(c, RX_DROP_PPP_SHORT);
		if (to_unit)
			unit_receive_short(c->rx.route.unit);
	} else if (to_unit && !is_link_level(frame.protocol)) {
		unit_receive(c->rx.route.unit, c, frame.protocol, frame.info, frame.len);
	} else if (to_unit || !finish(c, octets, len, to_file)) {
		queue_frame(c, frame.protocol, frame.info, frame.len);
	}
}

static void to_bridge(struct channel *c, const uint8_t *frame, size_t len)
{
	struct channel *other = c->rx.route.bridge;
	struct segmenter s;
	uint16_t protocol;

	if (!is_unfinished(frame, len, &protocol, &s)) {
		channel_forward(other, frame, len);
		return;
	}
	for (uint32_t i = 0; i < s.count; i++)
		channel_send_segment(other, protocol, &s);
}

void channel_receive(struct channel *c, struct receiver *r, const uint8_t *frame, size_t len)
{
	if (len >= 2 && frame[0] == 0xff && frame[1] == 0x03) {
		frame += 2;
		len -= 2;
	}
	if (c->rx.route.mode == CHANNEL_TO_SOCKET)
		to_socket(c, frame, len);
	else if (c->rx.route.mode == CHANNEL_TO_BRIDGE)
		to_bridge(c, frame, len);
	else
		to_files_or_unit(c, frame, len);
}

/* PX-40: what the program has not read from its socket is moved, in order. In each: what it has, without ff 03. */
void channel_take_over(struct channel *c, int program_fd)
{
	uint8_t *room = outbox_arena(c->rx.worker->outbox);

	for (int i = 0; i < TAKE_OVER_MAX; i++) {
		ssize_t n = recv(program_fd, room, OUTBOX_ARENA_OCTETS, MSG_DONTWAIT);

		if (n < 0)
			return;
		if (n)
			to_files_or_unit(c, room, (size_t)n);
	}
}

void channel_queue_flush(struct channel *c)
{
	while (!list_empty(&c->rx.queue)) {
		struct held_packet *p =
			list_entry(c->rx.queue.next, struct held_packet, entry.node);
		struct iovec piece = { p->payload, p->len };

		if (c->rx.route.file && ppp_end_write(c->rx.route.file, &piece, 1) < 0)
			drop(c, RX_DROP_FILE_FULL);
		forget(c, p);
	}
}
