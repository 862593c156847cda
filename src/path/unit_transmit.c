/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_transmit.c - packets of a unit's interface, and frames written to its file, on their way to a channel; on the worker
 * that sends. See unit.h
 *
 * Source: §6.6 of doc/kernel-behaviour.md.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ppp-ioctl.h>
#include <linux/ppp_defs.h>
#include <string.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "packet/segment.h"
#include "path/channel.h"
#include "path/counter.h"
#include "path/outbox.h"
#include "path/own_packet.h"
#include "path/ppp_end.h"
#include "path/unit_complete.h"
#include "path/unit_private.h"
#include "path/worker.h"

#define PROTOCOL_LEN     2
#define PROTOCOL_CONTROL 0x8000 /* and above: no data */

void unit_drop_sent(struct unit *u, enum tx_drop why, bool error)
{
	counter_add(&u->tx.counters->drops[why], 1);
	counter_add(error ? &u->tx.counters->errors : &u->tx.counters->dropped, 1);
}

/* Step 1. 0: there is none. */
static uint16_t protocol_of(uint16_t ethertype)
{
	switch (ethertype) {
	case ETH_P_IP:
		return PPP_IP;
	case ETH_P_IPV6:
		return PPP_IPV6;
	case ETH_P_IPX:
		return PPP_IPX;
	case ETH_P_PPPTALK:
	case ETH_P_ATALK:
		return PPP_AT;
	case ETH_P_MPLS_UC:
		return PPP_MPLS_UC;
	case ETH_P_MPLS_MC:
		return PPP_MPLS_MC;
	default:
		return 0;
	}
}

/* Demand dialling. The file is written to by this worker too: such a unit is combined. */
static void loop_back(struct unit *u, uint16_t protocol, const struct iovec info[2])
{
	uint8_t octets[PROTOCOL_LEN] = { (uint8_t)(protocol >> 8), (uint8_t)protocol };
	struct iovec pieces[] = { { octets, sizeof(octets) }, info[0], info[1] };

	if (!u->rx.file || ppp_end_write(u->rx.file, pieces, ARRAY_SIZE(pieces)) < 0)
		unit_drop_sent(u, TX_DROP_BUFFER_FULL, true);
}

void unit_send(struct unit *u, uint16_t protocol, const uint8_t *head, size_t head_len,
               const uint8_t *payload, size_t payload_len)
{
	if (atomic_load_explicit(&u->flags, memory_order_relaxed) & SC_LOOP_TRAFFIC)
		loop_back(u, protocol,
		          (struct iovec[]){ { (void *)head, head_len },
		                            { (void *)payload, payload_len } });
	else if (u->tx.channel)
		channel_send(u->tx.channel, protocol, head, head_len, payload, payload_len);
	else
		counter_add(&u->tx.counters->drops[TX_DROP_NO_CHANNEL], 1);
}

static bool passes(struct unit *u, size_t len)
{
	if (!u->tx.policer.rate ||
	    policer_passes(&u->tx.policer, len, loop_now_ms(u->tx.worker->loop)))
		return true;
	unit_drop_sent(u, TX_DROP_POLICED, false);
	return false;
}

static void count(struct unit *u, uint64_t packets, uint64_t octets)
{
	counter_add(&u->tx.counters->packets, packets);
	counter_add(&u->tx.counters->octets, octets);
}

/* A file that has what is to be sent takes it whole; so it does not get here what it could not have read. */
static void send_segment_by_unit(struct unit *u, uint16_t protocol, struct segmenter *segmenter)
{
	uint8_t headers[SEGMENT_HEADERS_MAX];
	struct segment part;

	segment_next(segmenter, headers, &part);
	unit_send(u, protocol, headers, part.headers_len, part.payload, part.payload_len);
}

/* Each packet of a super-packet is weighed by itself, for together they may be longer than any burst. */
static void send_segment_policed(struct unit *u, uint16_t protocol, struct segmenter *segmenter)
{
	uint8_t headers[SEGMENT_HEADERS_MAX];
	struct segment part;
	size_t len;

	segment_next(segmenter, headers, &part);
	len = part.headers_len + part.payload_len;
	if (!passes(u, len))
		return;
	count(u, 1, len);
	unit_send(u, protocol, headers, part.headers_len, part.payload, part.payload_len);
}

/* Each packet by itself, in one piece: filters look at it, and what it becomes is another frame. */
static void send_completely(struct unit *u, uint16_t protocol, struct segmenter *s)
{
	size_t headers = s->headers_len;
	uint8_t *room = unit_complete_room(u, headers ? s->segment_len : 0);
	const uint8_t *info;
	struct segment part;
	size_t len;

	segment_next(s, room, &part);
	len = headers + part.payload_len;
	info = headers ? room : part.payload;
	if (headers)
		memcpy(room + headers, part.payload, part.payload_len);
	if (!passes(u, len) || !unit_complete_lets_out(u, protocol, info, len))
		return;
	count(u, 1, len);
	unit_complete_send(u, protocol, info, len);
}

static bool is_plain(const struct unit *u)
{
	return u->tx.channel &&
	       !(atomic_load_explicit(&u->flags, memory_order_relaxed) & SC_LOOP_TRAFFIC);
}

static void send_packet(struct unit *u, uint16_t protocol, const struct virtio_net_hdr *vnet,
                        uint8_t *packet, size_t len)
{
	struct segmenter s;
	bool plain = is_plain(u), policed = u->tx.policer.rate != 0;

	if (segment_begin_ip(&s, vnet, packet, len) < 0) {
		unit_drop_sent(u, TX_DROP_MALFORMED, false);
		return;
	}
	if (!u->complete && !policed)
		count(u, s.count, len + (uint64_t)(s.count - 1) * s.headers_len);
	if (plain && !u->complete && !policed && channel_send_all(u->tx.channel, protocol, &s))
		return;
	for (uint32_t i = 0; i < s.count; i++) {
		if (u->complete)
			send_completely(u, protocol, &s);
		else if (policed)
			send_segment_policed(u, protocol, &s);
		else if (plain)
			channel_send_segment(u->tx.channel, protocol, &s);
		else
			send_segment_by_unit(u, protocol, &s);
	}
}

/* PPP-52: what is no mode lets them pass, on the way out. */
static bool is_closed(const struct unit *u, enum unit_np np)
{
	uint8_t mode = atomic_load_explicit(&u->np_mode[np], memory_order_relaxed);

	return mode >= NPMODE_DROP && mode <= NPMODE_QUEUE;
}

static struct sender *sender_of(const struct unit *u)
{
	return u->tx.channel ? u->tx.channel->tx.sender : NULL;
}

static bool is_recursion(const struct unit *u, const uint8_t *packet, size_t len)
{
	const struct sender *s = sender_of(u);

	return s && own_packet(s, packet, len);
}

void unit_take_packet(struct unit *u, const struct tun_packet *p)
{
	uint16_t protocol = protocol_of(ntohs(p->pi.proto));

	if (!protocol)
		unit_drop_sent(u, TX_DROP_ETHERTYPE, false);
	else if (is_closed(u, unit_np_of(protocol)))
		unit_drop_sent(u, TX_DROP_NP_MODE, false);
	else if (is_recursion(u, p->octets, p->len))
		unit_drop_sent(u, TX_DROP_RECURSION, false);
	else
		send_packet(u, protocol, &p->vnet, p->octets, p->len);
}

void unit_packets_taken(struct unit *u, uint64_t now_ms)
{
	struct sender *s = sender_of(u);

	if (s)
		sender_retry_batches(s, now_ms);
	if (!u->complete)
		counter_set(&u->tx.counters->last_ms, now_ms);
}

int tun_packet_read(int fd, uint8_t *at, struct tun_packet *ret)
{
	struct iovec iov[3] = { { &ret->pi, sizeof(ret->pi) },
		                { &ret->vnet, sizeof(ret->vnet) },
		                { at, SEGMENT_FRAME_MAX } };
	const size_t least = sizeof(ret->pi) + sizeof(ret->vnet);
	ssize_t n = readv(fd, iov, ARRAY_SIZE(iov));

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return -EBADFD;
	if (n < (ssize_t)least)
		return 0;
	ret->octets = at;
	ret->len = (size_t)n - least;
	return 1;
}

void unit_gate_follow(struct unit *u)
{
	struct sender *s = sender_of(u);

	if (s && u->tx.device >= 0) {
		sender_gate_close(s);
		sender_gate_open(s, u->tx.device);
	}
}

void unit_gate_close(struct unit *u)
{
	struct sender *s = sender_of(u);

	if (s)
		sender_gate_close(s);
}

/* The fast path's program counts no others as handed up. */
static void gate_take(const struct unit *u, const struct tun_packet *p)
{
	struct sender *s = sender_of(u);
	uint16_t type = ntohs(p->pi.proto);

	if (s && (type == ETH_P_IP || type == ETH_P_IPV6))
		fast_gate_take(&s->gate);
}

void unit_ready(struct watch *watch, uint32_t events)
{
	struct unit *u = container_of(watch, struct unit, tx.watch);
	struct outbox *o = u->tx.worker->outbox;
	uint8_t *arena = outbox_arena(o);
	size_t used = 0;
	int err = 0;

	for (int i = 0; i < u->tx.worker->at_once && used < OUTBOX_ARENA_OCTETS; i++) {
		struct tun_packet p;

		err = tun_packet_read(u->tx.device, arena + used, &p);
		if (err <= 0)
			break;
		unit_take_packet(u, &p);
		gate_take(u, &p);
		used += (p.len + 64) & ~(size_t)63;
	}
	if (used)
		unit_packets_taken(u, loop_now_ms(u->tx.worker->loop));
	outbox_flush(o);
	if (err < 0)
		loop_remove(u->tx.worker->loop, &u->tx.watch); /* it was deleted: PPP-44 */
}

/* The program's own are not policed: without them the session would end. */
static void count_written(struct unit *u, uint16_t protocol, size_t len)
{
	count(u, 1, len);
	if (unit_np_of(protocol) != UNIT_NPS)
		return;
	counter_add(&u->tx.counters->control_packets, 1);
	counter_add(&u->tx.counters->control_octets, len);
}

static void write_completely(struct unit *u, uint16_t protocol, const uint8_t *info, size_t len)
{
	if (!unit_complete_lets_out(u, protocol, info, len))
		return;
	count_written(u, protocol, len);
	unit_complete_room(u, 0); /* enough for what becomes of it */
	unit_complete_send(u, protocol, info, len);
}

/* PPP-42 */
void unit_frame_written(void *arg, const uint8_t *frame, size_t len, bool whole)
{
	struct unit *u = arg;
	uint16_t protocol;

	if (!whole || len < PROTOCOL_LEN) {
		unit_drop_sent(u, whole ? TX_DROP_RUNT : TX_DROP_TOO_BIG, true);
		return;
	}
	protocol = (uint16_t)(frame[0] << 8 | frame[1]);
	if (u->complete) {
		write_completely(u, protocol, frame + PROTOCOL_LEN, len - PROTOCOL_LEN);
		return;
	}
	count_written(u, protocol, len - PROTOCOL_LEN);
	if (protocol < PROTOCOL_CONTROL)
		counter_set(&u->tx.counters->last_ms, loop_now_ms(u->tx.worker->loop));
	unit_send(u, protocol, NULL, 0, frame + PROTOCOL_LEN, len - PROTOCOL_LEN);
}
