/* SPDX-License-Identifier: BSD-2-Clause */
/* transmit.c - see transmit.h */
#include "path/transmit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "packet/inner_headers.h"
#include "packet/segment.h"
#include "path/counter.h"
#include "path/outbox.h"

#define ETHERNET_TYPE 12 /* octets before it */

static enum tx_drop drop_of_segmenter(int err)
{
	return err == -ERANGE ? TX_DROP_RUNT : TX_DROP_MALFORMED;
}

/* One packet: L2TP header, the segment's own headers and, if it is not long, the payload side by side. */
static bool send_segment(struct outbox *o, struct sender *s, struct segmenter *segmenter)
{
	const struct data_header_template *t = sender_header(s);
	uint8_t *room = outbox_headers(o, t->len + segmenter->headers_len);
	bool whole = segmenter->segment_len - segmenter->headers_len <= OUTBOX_COPY_MAX;
	struct segment part;

	if (!(whole ? segment_next_whole(segmenter, room + t->len, &part)
	            : segment_next(segmenter, room + t->len, &part)))
		return false;
	memcpy(room, t->octets, t->len);
	if (t->ns_offset)
		sender_number(s, t, room);
	outbox_put(o, s, room, t->len + part.headers_len, part.payload, part.payload_len);
	return true;
}

static void send_frame(struct outbox *o, struct sender *s, const struct virtio_net_hdr *vnet,
                       uint8_t *frame, size_t len)
{
	const struct data_header_template *t = sender_header(s);
	struct segmenter segmenter;
	int err = segment_begin(&segmenter, vnet, frame, len);

	if (err < 0) {
		sender_drop(s, drop_of_segmenter(err), 1);
		return;
	}
	if (!s->tunnel->peer_known) { /* TUN-14, TUN-23 */
		sender_use_up(s, segmenter.count);
		sender_drop(s, TX_DROP_NO_PEER, segmenter.count);
		return;
	}
	if (!t->ns_offset && outbox_put_all(o, s, &segmenter, t->octets, t->len))
		return;
	while (send_segment(o, s, &segmenter))
		;
}

/* The fast path's program counts no others as handed up: they belong to no flow. */
static bool is_ip(const uint8_t *frame, size_t len)
{
	uint16_t type = 0;

	if (len >= ETHERNET_HEADER_LEN)
		type = (uint16_t)(frame[ETHERNET_TYPE] << 8 | frame[ETHERNET_TYPE + 1]);
	return type == 0x0800 || type == 0x86dd;
}

/* Return: octets of arena used; 0: nothing more to read. */
static size_t read_frame(struct outbox *o, struct sender *s, uint8_t *at)
{
	struct virtio_net_hdr vnet;
	struct iovec iov[2] = { { &vnet, sizeof(vnet) }, { at, SEGMENT_FRAME_MAX } };
	ssize_t n = readv(s->device, iov, ARRAY_SIZE(iov));

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		loop_remove(s->worker->loop,
		            &s->watch); /* removed by its namespace's owner: SES-44 */
	if (n < (ssize_t)sizeof(vnet))
		return 0;
	send_frame(o, s, &vnet, at, (size_t)n - sizeof(vnet));
	if (is_ip(at, (size_t)n - sizeof(vnet)))
		fast_gate_take(&s->gate);
	return (size_t)n;
}

/* Read and send one batch. */
static void device_ready(struct watch *watch, uint32_t events)
{
	struct sender *s = container_of(watch, struct sender, watch);
	struct outbox *o = s->worker->outbox;
	uint8_t *arena = outbox_arena(o);
	size_t used = 0, taken = 0;

	for (int i = 0; i < s->worker->at_once && taken < OUTBOX_ARENA_OCTETS; i++) {
		size_t n = read_frame(o, s, arena + used);

		if (!n)
			break;
		taken += n;
		used = outbox_is_free(o) ? 0 : used + ((n + 63) & ~(size_t)63);
	}
	sender_retry_batches(s, loop_now_ms(s->worker->loop));
	outbox_flush(o);
}

static void open_start(struct letter *letter)
{
	struct sender *s = container_of(letter, struct sender, letter);

	if (s->device >= 0)
		loop_add_surely(s->worker->loop, &s->watch, s->device, EPOLLIN, device_ready);
	if (s->device >= 0)
		sender_gate_open(s, s->device);
}

static void open_stop(struct letter *letter)
{
	struct sender *s = container_of(letter, struct sender, letter);

	loop_remove(s->worker->loop, &s->watch);
	sender_gate_close(s);
}

void transmit_start(struct sender *s)
{
	s->letter.open = open_start;
	mailbox_post(&s->worker->mailbox, &s->letter);
}

void transmit_stop(struct sender *s)
{
	s->letter.open = open_stop;
	mailbox_post(&s->worker->mailbox, &s->letter);
}
