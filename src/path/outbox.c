/* SPDX-License-Identifier: BSD-2-Clause */
/* outbox.c - see outbox.h
 *
 * A message holds one packet, or up to 64 of one length (the last may be shorter) that the system cuts again
 * (UDP_SEGMENT). The latter need checksums, which a socket with SO_NO_CHECK refuses: they leave through the
 * endpoint's second socket (keeper.h, bulk_fd). From then on all packets of the session do, as long as batches are not
 * refused: Linux puts datagrams together when they arrive (UDP_GRO), but hands on at once those without a checksum, which
 * would overtake what it holds.
 */
#include "path/outbox.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/wall_clock.h"
#include "encap/address.h"
#include "path/counter.h"

/* Packets are sent before they are more than a second-level cache holds. */
#define PACKETS_OCTETS  (256 * 1024)
#define MESSAGES        128
#define IOVS            2048
#define FRAMES_OCTETS   (OUTBOX_ARENA_OCTETS + 66 * 1024)
#define SEGMENTS_MAX    64    /* UDP_MAX_SEGMENTS of older kernels */
#define BATCH_OCTETS    65000 /* of one message; UDP's length has 16 bits */
#define UDP_PAYLOAD_MAX 65527 /* TX-1: UDP length has 16 bits; less where IPv4's length ends it */

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define CONTROL_OCTETS (CMSG_SPACE(sizeof(uint16_t)) + CMSG_SPACE(sizeof(struct in6_pktinfo)))

struct message {
	struct sender *sender;
	uint32_t segments, octets;
	uint32_t segment_len; /* of all but the last */
	bool closed;          /* the last was shorter */
	bool bulk;            /* it leaves through the second socket */
};

struct outbox {
	uint8_t *frames;
	uint8_t *packets; /* headers, and payloads that were copied */
	size_t packets_used;
	bool borrows; /* payloads elsewhere */
	uint32_t count, iov_count;
	uint64_t wall_ms; /* of this flush, wall_clock_ms() */
	struct message messages[MESSAGES];
	struct mmsghdr wire[MESSAGES];
	struct iovec iovs[IOVS];
	_Alignas(struct cmsghdr) char control[MESSAGES][CONTROL_OCTETS];
};

static void *reserve(size_t octets)
{
	void *p = mmap(NULL, octets, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

struct outbox *outbox_new(void)
{
	struct outbox *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->frames = reserve(FRAMES_OCTETS);
	o->packets = reserve(PACKETS_OCTETS);
	if (!o->frames || !o->packets) {
		outbox_free(o);
		return NULL;
	}
	return o;
}

void outbox_free(struct outbox *o)
{
	if (!o)
		return;
	if (o->frames)
		munmap(o->frames, FRAMES_OCTETS);
	if (o->packets)
		munmap(o->packets, PACKETS_OCTETS);
	free(o);
}

uint8_t *outbox_arena(struct outbox *o)
{
	return o->frames;
}

uint8_t *outbox_headers(struct outbox *o, size_t len)
{
	if (o->packets_used + len + OUTBOX_COPY_MAX > PACKETS_OCTETS || o->iov_count + 2 > IOVS ||
	    o->count == MESSAGES)
		outbox_flush(o);
	return o->packets + o->packets_used;
}

bool outbox_is_free(const struct outbox *o)
{
	return !o->borrows;
}

static bool joins(const struct message *m, const struct sender *s, size_t len)
{
	return m->sender == s && !m->closed && m->segments < SEGMENTS_MAX &&
	       len <= m->segment_len && m->segment_len <= s->batch_max &&
	       m->octets + len <= BATCH_OCTETS;
}

static struct message *message_new(struct outbox *o, struct sender *s, size_t len)
{
	struct message *m = &o->messages[o->count];

	*m = (struct message){ .sender = s, .segment_len = (uint32_t)len };
	o->wire[o->count].msg_hdr = (struct msghdr){ .msg_iov = &o->iovs[o->iov_count] };
	o->count++;
	return m;
}

/* Goes on where the last piece ends, if it can. */
static void put_piece(struct outbox *o, struct msghdr *wire, const uint8_t *at, size_t len)
{
	struct iovec *last = wire->msg_iovlen ? &wire->msg_iov[wire->msg_iovlen - 1] : NULL;

	if (last && (const uint8_t *)last->iov_base + last->iov_len == at) {
		last->iov_len += len;
		return;
	}
	o->iovs[o->iov_count++] = (struct iovec){ (void *)at, len };
	wire->msg_iovlen++;
}

/* Return: whether the payload is behind the headers now. */
static bool is_whole(const uint8_t *headers, size_t headers_len, const uint8_t *payload,
                     size_t payload_len)
{
	uint8_t *behind = (uint8_t *)headers + headers_len;

	if (!payload_len || payload == behind)
		return true;
	if (payload_len > OUTBOX_COPY_MAX)
		return false;
	memcpy(behind, payload, payload_len);
	return true;
}

void outbox_put(struct outbox *o, struct sender *s, const uint8_t *headers, size_t headers_len,
                const uint8_t *payload, size_t payload_len)
{
	size_t len = headers_len + payload_len;
	struct message *m = o->count ? &o->messages[o->count - 1] : NULL;
	struct msghdr *wire;

	if (len > UDP_PAYLOAD_MAX) {
		sender_drop(s, TX_DROP_TOO_BIG, 1);
		return;
	}
	if (!m || !joins(m, s, len))
		m = message_new(o, s, len);
	wire = &o->wire[o->count - 1].msg_hdr;
	m->segments++;
	m->octets += (uint32_t)len;
	m->closed = len < m->segment_len;
	if (is_whole(headers, headers_len, payload, payload_len)) {
		o->packets_used += len;
		put_piece(o, wire, headers, len);
		return;
	}
	o->packets_used += headers_len;
	o->borrows = true;
	put_piece(o, wire, headers, headers_len);
	put_piece(o, wire, payload, payload_len);
}

static uint32_t packets_in_one(size_t each)
{
	return BATCH_OCTETS / each < SEGMENTS_MAX ? (uint32_t)(BATCH_OCTETS / each) : SEGMENTS_MAX;
}

/* How many packets of @len octets go on where the last message ends. */
static uint32_t room_in_last(const struct outbox *o, const struct sender *s, size_t len)
{
	const struct message *m = o->count ? &o->messages[o->count - 1] : NULL;
	uint32_t in_one = packets_in_one(len);

	return m && m->segment_len == len && joins(m, s, len) ? in_one - m->segments : 0;
}

/* One right behind the other, of @each octets but the last; as few messages as they fit: a frame that the system has put
 * together to be forwarded is as a rule some packets longer than a message, and the next one goes on in its second. */
static void put_cut(struct outbox *o, struct sender *s, uint32_t count, size_t each,
                    const uint8_t *packets, size_t len)
{
	o->packets_used += len;
	while (count) {
		uint32_t room = room_in_last(o, s, each);
		struct message *m = room ? &o->messages[o->count - 1] : message_new(o, s, each);
		uint32_t most = room ? room : packets_in_one(each);
		uint32_t part = count < most ? count : most;
		size_t octets = part == count ? len : part * each;

		m->segments += part;
		m->octets += (uint32_t)octets;
		m->closed = octets < part * each;
		put_piece(o, &o->wire[o->count - 1].msg_hdr, packets, octets);
		packets += octets;
		len -= octets;
		count -= part;
	}
}

bool outbox_put_all(struct outbox *o, struct sender *s, struct segmenter *cut, const uint8_t *front,
                    size_t front_len)
{
	size_t each = front_len + cut->segment_len, room = cut->count * each + SEGMENT_ROOM_MORE;
	uint32_t in_one = packets_in_one(each), messages;
	uint8_t *packets;

	if (cut->count < 2 || in_one < 2 || each > s->batch_max ||
	    room + OUTBOX_COPY_MAX > PACKETS_OCTETS)
		return false;
	messages = (cut->count + in_one - 1) / in_one;
	if (messages > MESSAGES)
		return false;
	if (o->count + messages > MESSAGES || o->iov_count + messages + 1 > IOVS)
		outbox_flush(o);
	packets = outbox_headers(o, room);
	put_cut(o, s, cut->count, each, packets, segment_all(cut, front, front_len, packets));
	return true;
}

static void *control_add(struct msghdr *msg, int level, int type, size_t len)
{
	struct cmsghdr *m = (struct cmsghdr *)((char *)msg->msg_control + msg->msg_controllen);

	m->cmsg_level = level;
	m->cmsg_type = type;
	m->cmsg_len = CMSG_LEN(len);
	msg->msg_controllen += CMSG_SPACE(len);
	return CMSG_DATA(m);
}

/* The route chose it when the tunnel was made, and the peer expects it; a socket bound to no address, or to
 * one of no use (bulk_fd), would choose another. */
static void put_source(struct msghdr *msg, const union address *source)
{
	if (source->any.sa_family == AF_INET6) {
		struct in6_pktinfo info = {
			.ipi6_addr = source->v6.sin6_addr,
			.ipi6_ifindex = source->v6.sin6_scope_id, /* of link-local ones */
		};

		memcpy(control_add(msg, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(info)), &info,
		       sizeof(info));
	} else {
		struct in_pktinfo info = { .ipi_spec_dst = source->v4.sin_addr };

		memcpy(control_add(msg, IPPROTO_IP, IP_PKTINFO, sizeof(info)), &info, sizeof(info));
	}
}

static void address_message(struct outbox *o, uint32_t i)
{
	struct message *m = &o->messages[i];
	struct sender *s = m->sender;
	struct msghdr *msg = &o->wire[i].msg_hdr;

	if (m->segments > 1)
		s->has_batched = true;
	m->bulk = s->has_batched && s->endpoint->at.bulk_fd >= 0;
	memset(o->control[i], 0, sizeof(o->control[i]));
	msg->msg_name = (void *)&s->tunnel->peer;
	msg->msg_namelen = address_size(&s->tunnel->peer);
	msg->msg_control = o->control[i];
	if (m->bulk || endpoint_is_managed(s->endpoint) ||
	    address_unspecified(&s->endpoint->at.params.local))
		put_source(msg, &s->tunnel->source);
	if (m->segments > 1) {
		uint16_t size = (uint16_t)m->segment_len;

		memcpy(control_add(msg, SOL_UDP, UDP_SEGMENT, sizeof(size)), &size, sizeof(size));
	}
	if (!msg->msg_controllen)
		msg->msg_control = NULL;
}

static int message_fd(const struct message *m)
{
	return m->bulk ? m->sender->endpoint->at.bulk_fd : m->sender->endpoint->at.fd;
}

static void count_sent(const struct outbox *o, struct sender *s, uint32_t packets, uint32_t octets)
{
	counter_add(&s->record->tx.packets, packets);
	counter_add(&s->record->tx.bytes, octets);
	counter_set(&s->record->tx.last_ms, o->wall_ms);
}

/* The next packet of a message: in one piece, or as headers and payload. What is not sent yet stays in @batch. */
static size_t cut_packet(struct msghdr *batch, size_t len, struct iovec ret[2])
{
	size_t count = 0;

	while (len && batch->msg_iovlen) {
		struct iovec *piece = batch->msg_iov;
		size_t part = piece->iov_len < len ? piece->iov_len : len;

		ret[count++] = (struct iovec){ piece->iov_base, part };
		piece->iov_base = (uint8_t *)piece->iov_base + part;
		piece->iov_len -= part;
		len -= part;
		if (!piece->iov_len) {
			batch->msg_iov++;
			batch->msg_iovlen--;
		}
	}
	return count;
}

/* Each packet of a message by itself. Return: whether one was sent. */
static bool send_singly(struct outbox *o, uint32_t i)
{
	struct message *m = &o->messages[i];
	struct msghdr batch = o->wire[i].msg_hdr, one = { 0 };
	struct iovec pieces[2];
	bool sent = false;

	m->segments = 1; /* no UDP_SEGMENT */
	o->wire[i].msg_hdr.msg_controllen = 0;
	address_message(o, i);
	one = o->wire[i].msg_hdr;
	one.msg_iov = pieces;
	for (uint32_t left = m->octets; left;) {
		uint32_t len = left < m->segment_len ? left : m->segment_len;

		left -= len;
		one.msg_iovlen = cut_packet(&batch, len, pieces);
		if (sendmsg(message_fd(m), &one, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
			count_sent(o, m->sender, 1, len);
			sent = true;
		} else {
			sender_drop(m->sender, tx_drop_of_errno(errno), 1);
		}
	}
	return sent;
}

/* A batch can be refused where single packets are not: by a device without checksum offload (EIO), by a route
 * narrower than the packets (EMSGSIZE, EINVAL), which the system would fragment. */
static bool batch_refused(const struct message *m, int error)
{
	return m->segments > 1 && (error == EIO || error == EMSGSIZE || error == EINVAL ||
	                           error == EOPNOTSUPP || error == ENOPROTOOPT);
}

static void message_failed(struct outbox *o, uint32_t i, int error)
{
	struct message *m = &o->messages[i];

	if (!batch_refused(m, error)) {
		sender_drop(m->sender, tx_drop_of_errno(error), m->segments);
		return;
	}
	/* If not one goes alone either, the route or the address is at fault, and may be back any moment. */
	if (!send_singly(o, i))
		return;
	m->sender->batch_max = error == EMSGSIZE || error == EINVAL ? m->segment_len - 1 : 0;
	m->sender->has_batched = m->sender->batch_max != 0;
	m->sender->batch_retry_ms = 0; /* set by sender_retry_batches() */
}

/* A batch can leave behind one that was refused. */
static void message_left(const struct outbox *o, const struct message *m)
{
	if (m->segments > 1)
		m->sender->has_batched = true;
	count_sent(o, m->sender, m->segments, m->octets);
}

/* What ICMP has said of earlier packets ends one call on a connected socket, and is no fault of these (UDP-2). */
static int send_messages(const struct outbox *o, uint32_t first, uint32_t end, int fd)
{
	struct mmsghdr *wire = (struct mmsghdr *)&o->wire[first];
	int sent = sendmmsg(fd, wire, end - first, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && endpoint_is_connected(o->messages[first].sender->endpoint))
		sent = sendmmsg(fd, wire, end - first, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent;
}

/* Messages of one descriptor in one call; the order of packets stays. */
static uint32_t send_run(struct outbox *o, uint32_t first)
{
	int fd = message_fd(&o->messages[first]);
	uint32_t end = first + 1;
	int sent;

	while (end < o->count && message_fd(&o->messages[end]) == fd)
		end++;
	sent = send_messages(o, first, end, fd);
	if (sent <= 0) {
		message_failed(o, first, errno);
		return first + 1;
	}
	for (uint32_t i = first; i < first + (uint32_t)sent; i++)
		message_left(o, &o->messages[i]);
	return first + (uint32_t)sent;
}

void outbox_flush(struct outbox *o)
{
	if (o->count)
		o->wall_ms = wall_clock_ms();
	for (uint32_t i = 0; i < o->count; i++)
		address_message(o, i);
	for (uint32_t i = 0; i < o->count;)
		i = send_run(o, i);
	o->count = o->iov_count = 0;
	o->packets_used = 0;
	o->borrows = false;
}
