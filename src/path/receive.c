/* SPDX-License-Identifier: BSD-2-Clause */
/* receive.c - see receive.h
 *
 * UDP comes with UDP_GRO: one buffer may hold several datagrams of one sender and size. Protocol 115 comes
 * through raw sockets, of which the IPv4 one gives the IP header too.
 *
 * Of an endpoint that several workers receive from, each has the sessions whose packets come to it. What it does not
 * find there goes to the worker that knows all of the namespace, and is dealt with, or counted, there; that one hands
 * over what is for a session it has not. By each of these ways packets keep their order, and those of one sender
 * always go the same.
 */
#include "path/receive.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/reader.h"
#include "base/wall_clock.h"
#include "encap/address.h"
#include "path/counter.h"
#include "path/handover.h"
#include "path/ip_delivery.h"
#include "path/outbox.h"
#include "path/receiver.h"
#include "path/worker.h"

#define MESSAGES      32    /* received by one call */
#define BUFFER_OCTETS 65600 /* a whole IP packet, or all that GRO puts together */
#define BATCH_OCTETS                                                                               \
	(512 * 1024) /* no more is received at once: about what a second-level cache holds */

#define PPP_OF_IP     4 /* ff 03 and the protocol */
#define ZERO_WORD     4 /* what a control message over IP has in front (RFC 3931 §4.1.1.2) */
#define CONTROL_ID_AT 8

/* UDP_GRO's size, and where a packet was sent to. */
#define CONTROL_OCTETS (CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct in6_pktinfo)))

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

struct inbox {
	uint8_t *buffers;
	uint64_t wall_ms;     /* when the batch came, wall_clock_ms() */
	unsigned int at_once; /* messages of the size that came last that are BATCH_OCTETS */
	struct mmsghdr messages[MESSAGES];
	struct iovec iovs[MESSAGES];
	union address from[MESSAGES];
	_Alignas(struct cmsghdr) char control[MESSAGES][CONTROL_OCTETS];
};

struct inbox *inbox_new(void)
{
	struct inbox *inbox = calloc(1, sizeof(*inbox));

	if (!inbox)
		return NULL;
	inbox->at_once = 1;
	inbox->buffers = mmap(NULL, (size_t)MESSAGES * BUFFER_OCTETS, PROT_READ | PROT_WRITE,
	                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (inbox->buffers == MAP_FAILED) {
		free(inbox);
		return NULL;
	}
	for (int i = 0; i < MESSAGES; i++) {
		struct msghdr *m = &inbox->messages[i].msg_hdr;

		inbox->iovs[i] =
			(struct iovec){ inbox->buffers + (size_t)i * BUFFER_OCTETS, BUFFER_OCTETS };
		m->msg_iov = &inbox->iovs[i];
		m->msg_iovlen = 1;
		m->msg_name = &inbox->from[i];
		m->msg_control = inbox->control[i];
	}
	return inbox;
}

void inbox_free(struct inbox *inbox)
{
	if (!inbox)
		return;
	munmap(inbox->buffers, (size_t)MESSAGES * BUFFER_OCTETS);
	free(inbox);
}

/* Counted in a tunnel, because it belongs to no session; where there is none yet, or another worker knows them, in the main
 * intake. */
static void stray(struct intake *in, const union address *from, enum rx_drop why)
{
	struct tunnel *t = intake_account(in, from);

	if (endpoint_is_managed(in->endpoint))
		return; /* the program has it, and nothing counts (RX-5) */
	in = in->main ?: in;
	counter_add_shared(t ? &t->record->rx_drops[why] : &in->drops[why], 1);
}

static void arrival_read_info(struct ip_arrival *a, struct msghdr *msg)
{
	for (struct cmsghdr *m = CMSG_FIRSTHDR(msg); m; m = CMSG_NXTHDR(msg, m)) {
		if (m->cmsg_level == IPPROTO_IP && m->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(m), sizeof(info));
			a->to.v4.sin_addr = info.ipi_addr;
			a->ifindex = (uint32_t)info.ipi_ifindex;
		} else if (m->cmsg_level == IPPROTO_IPV6 && m->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(m), sizeof(info));
			a->to.v6.sin6_addr = info.ipi6_addr;
			a->ifindex = info.ipi6_ifindex;
		}
	}
}

/* IPv4 comes with its header, in front of the packet. */
static struct ip_arrival arrival_of(const struct intake *in, struct msghdr *msg,
                                    const uint8_t *packet)
{
	const uint8_t *start = msg->msg_iov->iov_base;
	struct reader header = reader_over(start, (size_t)(packet - start));
	struct ip_arrival a = { .to = in->endpoint->at.params.local, .ttl = 64 };

	memcpy(&a.from, msg->msg_name, sizeof(a.from));
	if (a.from.any.sa_family == AF_INET) {
		read_u8(&header); /* version and length */
		a.tos = read_u8(&header);
		read_skip(&header, 6);
		a.ttl = read_u8(&header);
	}
	arrival_read_info(&a, msg);
	return a;
}

/* Steps 7 and 8 of kernel-behaviour §4.3. Each endpoint of protocol 115 sees the message; one passes it on. */
static void take_ip_control(struct intake *in, struct msghdr *msg, const uint8_t *packet,
                            size_t len)
{
	struct reader r = reader_over(packet, len);
	struct ip_arrival a = arrival_of(in, msg, packet);
	struct ip_binding *b;

	read_skip(&r, CONTROL_ID_AT); /* data_header_read_ip() has seen that it is there */
	b = ip_binding_find(in->worker, in->netns_index, read_u32(&r), &a);
	if (!b)
		stray(in, msg->msg_name, RX_DROP_CONTROL);
	else if (in->gives_control)
		ip_delivery_add(in->worker->delivery, b, &a, packet + ZERO_WORD, len - ZERO_WORD);
}

/* A packet of protocol 115 reaches every raw socket whose local address matches. One that belongs to a
 * tunnel of such another socket is taken there. */
static bool taken_elsewhere(const struct intake *in, const struct receiver *r)
{
	const struct endpoint *here = in->endpoint, *there = r->intake->endpoint;

	return here != there && !endpoint_is_udp(here) && !endpoint_is_udp(there) &&
	       here->at.params.local.any.sa_family == there->at.params.local.any.sa_family &&
	       (address_unspecified(&here->at.params.local) ||
	        address_unspecified(&there->at.params.local) ||
	        address_ip_equal(&here->at.params.local, &there->at.params.local));
}

static bool peer_allowed(const struct intake *in, const struct receiver *r,
                         const union address *from)
{
	bool own = r->intake->endpoint == in->endpoint;

	/* A program's socket receives from whom the program lets it (TUN-23). */
	if (endpoint_is_managed(in->endpoint) &&
	    (own || endpoint_same_ends(in->endpoint, r->intake->endpoint)))
		return true;
	if (__atomic_load_n(&r->tunnel->peer_check, __ATOMIC_RELAXED) == UL2TP_PEER_CHECK_IDS)
		return true;
	return own && from && (!r->tunnel->peer_known || address_equal(&r->tunnel->peer, from));
}

/* Whether it is for its session; if not, it is counted. */
static bool may_come(const struct intake *in, const struct receiver *r, const struct data_header *h,
                     const union address *from)
{
	if (!peer_allowed(in, r, from)) {
		if (!taken_elsewhere(in, r))
			counter_add_shared(&r->tunnel->rx_drops[RX_DROP_WRONG_PEER], 1);
		return false;
	}
	if (taken_elsewhere(in, r))
		return false;
	if (!h->over_ip && h->version != r->tunnel->version) {
		counter_add_shared(&r->tunnel->rx_drops[RX_DROP_VERSION], 1);
		return false;
	}
	return true;
}

/* One that this worker has. Return: @r; NULL: the packet may not come. */
static struct receiver *let_in(struct worker *w, const struct intake *in, struct receiver *r,
                               const struct data_header *h, const union address *from)
{
	if (!may_come(in, r, h, from))
		return NULL;
	if (endpoint_is_managed(in->endpoint))
		receiver_count_lost(r);
	counter_set(&r->record->rx.last_ms, w->inbox->wall_ms);
	return r;
}

/* It gets to know at the end of the batch. */
static bool hand(struct worker *w, const struct worker *to, const struct handed *about,
                 const uint8_t *packet)
{
	w->handed |= UINT64_C(1) << to->number;
	return handover_put(w->to[to->number], about, packet);
}

static void send_handed(struct worker *w)
{
	while (w->handed) {
		int number = __builtin_ctzll(w->handed);

		w->handed &= w->handed - 1;
		handover_send(w->to[number]);
	}
}

/* It is of a session that another worker has. */
static void hand_over(struct worker *w, const struct receiver *r, const struct data_header *h,
                      const uint8_t *packet, size_t len)
{
	struct handed about = {
		.netns_index = r->netns_index,
		.record_index = r->record_index,
		.over_ip = h->over_ip,
		.len = (uint32_t)len,
	};

	if (!hand(w, r->worker, &about, packet))
		counter_add_shared(&r->tunnel->rx_drops[RX_DROP_RING_FULL], 1);
}

/* Whose it is, the worker that knows all has to find out. */
static void hand_up(struct worker *w, const struct intake *share, const union address *from,
                    const uint8_t *packet, size_t len)
{
	struct intake *main = share->main;
	struct handed about = { .intake = main, .by = w, .from = *from, .len = (uint32_t)len };

	if (!hand(w, main->worker, &about, packet))
		counter_add_shared(&main->drops[RX_DROP_RING_FULL], 1);
}

static int read_header(bool over_ip, const uint8_t *packet, size_t len, struct data_header *ret)
{
	return over_ip ? data_header_read_ip(packet, len, ret)
	               : data_header_read_udp(packet, len, ret);
}

/* A packet that came to one of several workers. Return: as find_taker() */
static struct receiver *find_in_share(struct intake *in, const union address *from,
                                      const uint8_t *packet, size_t len, struct data_header *h)
{
	struct receiver *r = NULL;

	if (read_header(false, packet, len, h) == 0 && h->kind == DATA_HEADER_DATA)
		r = receiver_find(in->worker, in, h, from);
	if (r)
		return let_in(in->worker, in, r, h, from);
	hand_up(in->worker, in, from, packet, len);
	return NULL;
}

/* Steps 1 to 8 of kernel-behaviour §4.2, 1 to 6 of §4.3, of the main intake.
 * @by: who has handed it up; NULL: nobody
 * Return: whose packet it is; NULL: it goes no further here. */
static struct receiver *find_taker(struct intake *in, const struct worker *by, struct msghdr *msg,
                                   const uint8_t *packet, size_t len, struct data_header *h)
{
	const union address *from = msg->msg_name;
	bool udp = endpoint_is_udp(in->endpoint);
	struct worker *w = in->worker;
	struct receiver *r;

	if (read_header(!udp, packet, len, h) < 0) {
		stray(in, from, RX_DROP_SHORT);
		return NULL;
	}
	if (h->kind == DATA_HEADER_CONTROL) {
		if (udp)
			stray(in, from, RX_DROP_CONTROL);
		else
			take_ip_control(in, msg, packet, len);
		return NULL;
	}
	r = receiver_find(w, in, h, from);
	if (r)
		return let_in(w, in, r, h, from);
	r = receiver_find_elsewhere(w, in, h, from);
	/* Handed up by the worker that has the session, it came before it had: what followed may be through already. */
	if (!r || r->worker == by)
		stray(in, from, RX_DROP_UNKNOWN_SESSION);
	else if (may_come(in, r, h, from))
		hand_over(w, r, h, packet, len);
	return NULL;
}

static void take_packet(struct intake *in, const struct worker *by, struct msghdr *msg,
                        const uint8_t *packet, size_t len)
{
	struct data_header h;
	struct receiver *r = find_taker(in, by, msg, packet, len, &h);

	if (r)
		receiver_take(r, &h, packet, len);
}

/* Size of each datagram that GRO put together, all but the last; 0: it is one. */
static size_t gro_size(struct msghdr *msg)
{
	for (struct cmsghdr *m = CMSG_FIRSTHDR(msg); m; m = CMSG_NXTHDR(msg, m)) {
		int size;

		if (m->cmsg_level != SOL_UDP || m->cmsg_type != UDP_GRO)
			continue;
		memcpy(&size, CMSG_DATA(m), sizeof(size));
		return size > 0 ? (size_t)size : 0;
	}
	return 0;
}

/* What GRO has put together came from one sender. A datagram that begins as the one before is for the same session, and
 * nothing that was found out of it need be found out again. */
static void take_udp(struct intake *in, struct msghdr *msg, size_t size, const uint8_t *octets,
                     size_t len)
{
	const uint8_t *before = NULL;
	struct receiver *r = NULL;
	struct data_header h;
	size_t alike = 0; /* octets in front of the frame, if there is nothing else to it */

	if (!size || size > len)
		size = len;
	do {
		size_t part = len < size ? len : size;
		bool whole = part >= DATA_UDP_LEN_MIN && part >= alike;

		if (alike && whole && !memcmp(octets, before, alike)) {
			receiver_take_alike(r, octets, part, alike);
		} else {
			if (!r || !whole || memcmp(octets, before, DATA_UDP_START) != 0)
				r = in->main ? find_in_share(in, msg->msg_name, octets, part, &h)
				             : find_taker(in, NULL, msg, octets, part, &h);
			alike = r ? receiver_take(r, &h, octets, part) : 0;
		}
		before = octets;
		octets += part;
		len -= part;
	} while (len);
}

static void take_ip(struct intake *in, struct msghdr *msg, const uint8_t *octets, size_t len)
{
	struct reader r = reader_over(octets, len);

	if (in->endpoint->at.params.local.any.sa_family == AF_INET) {
		size_t header = (size_t)(read_u8(&r) & 0x0f) * 4;

		r = reader_over(octets, len);
		read_skip(&r, header);
	}
	if (r.failed)
		stray(in, msg->msg_name, RX_DROP_SHORT);
	else
		take_packet(in, NULL, msg, r.at, read_left(&r));
}

static void take_batch(struct intake *in, struct inbox *inbox, int count)
{
	bool udp = endpoint_is_udp(in->endpoint);

	for (int i = 0; i < count; i++) {
		struct msghdr *msg = &inbox->messages[i].msg_hdr;
		size_t len = inbox->messages[i].msg_len;

		if (msg->msg_flags & MSG_TRUNC)
			stray(in, msg->msg_name, RX_DROP_TRUNCATED);
		else if (udp)
			take_udp(in, msg, gro_size(msg), msg->msg_iov->iov_base, len);
		else
			take_ip(in, msg, msg->msg_iov->iov_base, len);
	}
}

void receive_begin(struct worker *w)
{
	w->inbox->wall_ms = wall_clock_ms();
}

/* Whichever worker has it: only for what does not change of it. */
static const struct receiver *find_anywhere(const struct intake *in, const struct data_header *h)
{
	const struct receiver *r = receiver_find(in->worker, in, h, NULL);

	return r ? r : receiver_find_elsewhere(in->worker, in, h, NULL);
}

/* As a fast path sends it: ff 03 and a protocol. */
static bool is_ppp_of_ip(const uint8_t *frame, size_t len)
{
	struct reader r = reader_over(frame, len);
	uint32_t start = read_u32(&r);

	return !r.failed && (start == 0xff030021 || start == 0xff030057);
}

/* The system says of both how long the parts are: of datagrams that it put together, and of one that a fast path on this
 * machine sent with many segments of TCP in its frame. */
static bool is_one_frame(const struct intake *in, const uint8_t *octets, size_t len)
{
	const struct receiver *r;
	struct data_sublayer sub;
	struct data_header h;

	if (data_header_read_udp(octets, len, &h) < 0 || h.kind != DATA_HEADER_DATA)
		return false;
	r = find_anywhere(in, &h);
	if (!r || data_sublayer_read(&h, octets, len, &r->sublayer, &sub) < 0)
		return false;
	octets += sub.payload_at;
	if (!r->ppp)
		return coalesce_is_super(octets, sub.payload_len, false);
	return is_ppp_of_ip(octets, sub.payload_len) &&
	       coalesce_is_super(octets + PPP_OF_IP, sub.payload_len - PPP_OF_IP, true);
}

void receive_end(struct worker *w)
{
	worker_write_received(w);
	outbox_flush(w->outbox);
	ip_delivery_flush(w->delivery);
	send_handed(w);
}

/* What other workers could not hand up is counted in a tunnel, which only we know. */
static void count_lost(struct intake *in)
{
	static const enum rx_drop reasons[] = { RX_DROP_RING_FULL, RX_DROP_TRUNCATED };
	const struct tunnel *t = in->first;

	for (size_t i = 0; t && i < ARRAY_SIZE(reasons); i++)
		if (counter_read(&in->drops[reasons[i]]))
			counter_add_shared(&t->record->rx_drops[reasons[i]],
			                   atomic_exchange(&in->drops[reasons[i]], 0));
}

void receive_handed(struct worker *w, const struct handed *about, const uint8_t *packet)
{
	union address from = about->from;
	struct msghdr msg = { .msg_name = &from };
	struct data_header h;
	struct receiver *r;

	if (about->intake) {
		count_lost(about->intake);
		take_packet(about->intake, about->by, &msg, packet, about->len);
		return;
	}
	if (read_header(about->over_ip, packet, about->len, &h) < 0)
		return;
	r = receiver_find_again(w, about->netns_index, &h, about->record_index);
	if (!r)
		return; /* its session has gone meanwhile, and with it whoever counted */
	counter_set(&r->record->rx.last_ms, w->inbox->wall_ms);
	receiver_take(r, &h, packet, about->len);
}

void receive_diverted(struct intake *in, const uint8_t *octets, size_t len, uint32_t gso)
{
	struct msghdr from_nobody = { 0 };

	if (gso && gso < len && is_one_frame(in, octets, len))
		gso = 0;
	take_udp(in, &from_nobody, gso, octets, len);
}

void receive_notice(struct intake *in, const uint8_t *octets, size_t len)
{
	uint8_t start[DATA_UDP_LEN_MIN] = { 0 };
	struct data_header h;
	const struct receiver *r;

	memcpy(start, octets, len < sizeof(start) ? len : sizeof(start));
	if (data_header_read_udp(start, sizeof(start), &h) < 0 || h.kind != DATA_HEADER_DATA)
		return;
	r = find_anywhere(in, &h);
	if (r)
		counter_add_shared(
			&r->tunnel->rx_drops[h.version == r->tunnel->version ? RX_DROP_TRUNCATED
		                                                             : RX_DROP_VERSION],
			1);
}

/* Large messages come in small batches. The size of the first says how large they are. */
static void choose_batch(struct inbox *inbox, const struct worker *w, int count)
{
	size_t most = (size_t)w->at_once < MESSAGES ? (size_t)w->at_once : MESSAGES;
	size_t size = count > 0 ? inbox->messages[0].msg_len : 0;

	inbox->at_once = (unsigned int)(size * most > BATCH_OCTETS ? BATCH_OCTETS / size : most);
}

int receive_batch(struct worker *w, int fd)
{
	struct inbox *inbox = w->inbox;
	int count;

	for (int i = 0; i < MESSAGES; i++) {
		struct msghdr *m = &inbox->messages[i].msg_hdr;

		m->msg_namelen = sizeof(inbox->from[i]);
		m->msg_controllen = sizeof(inbox->control[i]);
	}
	/* An error of the socket (ICMP) is reported once by this and has no other effect (UDP-2). */
	count = recvmmsg(fd, inbox->messages, inbox->at_once, MSG_DONTWAIT, NULL);
	choose_batch(inbox, w, count);
	inbox->wall_ms = wall_clock_ms();
	return count;
}

struct received receive_message(const struct worker *w, int number)
{
	struct mmsghdr *m = &w->inbox->messages[number];

	return (struct received){
		.msg = &m->msg_hdr,
		.octets = m->msg_hdr.msg_iov->iov_base,
		.len = m->msg_len,
		.from = m->msg_hdr.msg_name,
	};
}

void intake_ready(struct watch *watch, uint32_t events)
{
	struct intake *in = container_of(watch, struct intake, watch);
	struct inbox *inbox = in->worker->inbox;
	int count = receive_batch(in->worker, in->fd);

	if (count <= 0)
		return;
	take_batch(in, inbox, count);
	receive_end(in->worker);
}
