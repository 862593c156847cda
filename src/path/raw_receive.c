/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_receive.c - see raw_receive.h
 *
 * The program's own filter has dropped what is taken here; all else reaches the program, and here it is passed over
 * without a word: unknown sessions, control messages in a super-packet, packets for a socket that is not a tunnel's.
 */
#include "path/raw_receive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "encap/address.h"
#include "keeper/program_socket.h"
#include "keeper/raw_filter.h"
#include "packet/gauge.h"
#include "packet/raw_datagram.h"
#include "path/counter.h"
#include "path/outbox.h"
#include "path/raw_member.h"
#include "path/receive.h"

#define VNET_HEADER  10
#define UNTOLD_MAX   1024 /* packets in a row whose size this kernel can not tell */
#define DRAIN_ROUNDS 64

/* The sockets of one address family. */
struct raw_side {
	struct watch watch;
	struct raw_receive *raw;
	sa_family_t family;
	int gauge_fd; /* -1: there is none */
	struct gauge gauge;
};

struct raw_receive {
	struct list in_all;
	struct letter letter;
	struct worker *worker;
	uint32_t netns_index;
	uint32_t users; /* API thread, as the next */
	bool is_read;
	struct raw_members members;
	struct raw_member *changing; /* argument of the letter */
	struct raw_side sides[2];
	int fd[2];
};

static void post(struct raw_receive *raw, void (*open)(struct letter *))
{
	raw->letter.open = open;
	mailbox_post(&raw->worker->mailbox, &raw->letter);
	mailbox_wait(&raw->worker->mailbox);
}

/* --- worker */

/* Ask the packet socket until it tells of this packet: it got it before the raw socket did. */
static bool size_ask(struct raw_side *side, const struct raw_datagram *d, size_t *size)
{
	uint8_t octets[VNET_HEADER + GAUGE_SNAP];
	unsigned int untold = 0;

	if (gauge_find(&side->gauge, d, size))
		return true;
	while (side->gauge_fd >= 0 && untold < UNTOLD_MAX) {
		ssize_t len = recv(side->gauge_fd, octets, sizeof(octets), MSG_DONTWAIT);

		/* Linux before 6.2 has no way to tell the size of UDP segments. */
		if (len < 0 && errno == EINVAL) {
			untold++;
			continue;
		}
		if (len < 0)
			return false;
		if (gauge_note(&side->gauge, octets, (size_t)len) == 0 &&
		    gauge_find(&side->gauge, d, size))
			return true;
	}
	return false;
}

static void drop(const struct raw_member *m, const union address *from, enum rx_drop why)
{
	struct tunnel *t = intake_account(m->in, from);

	if (t)
		counter_add_shared(&t->record->rx_drops[why], 1);
}

static bool may_lack_checksum(const struct raw_side *side, const struct raw_member *m)
{
	return side->family == AF_INET ||
	       m->in->endpoint->at.params.flags & ENDPOINT_ZERO_CHECKSUM6_RX;
}

/* Why it can not be taken; *size: where to cut it, 0: it is one. */
static enum rx_drop judge(struct raw_side *side, const struct raw_member *m,
                          const struct raw_datagram *d, size_t *size)
{
	*size = 0;
	switch (d->checksum) {
	case RAW_CHECKSUM_GOOD:
		return RX_DROP_NONE;
	case RAW_CHECKSUM_NONE:
		return may_lack_checksum(side, m) ? RX_DROP_NONE : RX_DROP_CHECKSUM;
	case RAW_CHECKSUM_PARTIAL:
		return size_ask(side, d, size) ? RX_DROP_NONE : RX_DROP_UNCUT;
	default:
		return RX_DROP_CHECKSUM;
	}
}

static void take_datagram(struct raw_side *side, const struct raw_datagram *d, union address *from,
                          union address *to)
{
	const struct raw_member *m;
	enum rx_drop why;
	size_t size;

	if (side->family == AF_INET6) {
		from->v6.sin6_port = htons(d->source_port);
		to->v6.sin6_port = htons(d->port);
	} else {
		from->v4.sin_port = htons(d->source_port);
		to->v4.sin_port = htons(d->port);
	}
	m = raw_members_find(&side->raw->members, to, from);
	if (!m)
		return;
	why = judge(side, m, d, &size);
	if (why != RX_DROP_NONE)
		drop(m, from, why);
	else
		receive_diverted(m->in, d->payload, d->len, (uint32_t)size);
}

static void take_v4(struct raw_side *side, const struct received *r)
{
	union address to = { .v4 = { .sin_family = AF_INET } };
	struct raw_datagram d;

	if (raw_datagram_read_v4(r->octets, r->len, &d) < 0)
		return;
	memcpy(&to.v4.sin_addr, d.destination, sizeof(to.v4.sin_addr));
	take_datagram(side, &d, r->from, &to);
}

/* The destination, by IPV6_RECVPKTINFO. */
static bool destination_v6(struct msghdr *msg, union address *ret)
{
	for (struct cmsghdr *m = CMSG_FIRSTHDR(msg); m; m = CMSG_NXTHDR(msg, m)) {
		struct in6_pktinfo info;

		if (m->cmsg_level != IPPROTO_IPV6 || m->cmsg_type != IPV6_PKTINFO ||
		    m->cmsg_len < CMSG_LEN(sizeof(info)))
			continue;
		memcpy(&info, CMSG_DATA(m), sizeof(info));
		*ret = (union address){ .v6 = { .sin6_family = AF_INET6,
			                        .sin6_addr = info.ipi6_addr } };
		return true;
	}
	return false;
}

static void take_v6(struct raw_side *side, const struct received *r)
{
	uint8_t addresses[2 * sizeof(struct in6_addr)];
	struct raw_datagram d;
	union address to;

	if (!destination_v6(r->msg, &to))
		return;
	memcpy(addresses, &r->from->v6.sin6_addr, sizeof(struct in6_addr));
	memcpy(addresses + sizeof(struct in6_addr), &to.v6.sin6_addr, sizeof(struct in6_addr));
	if (raw_datagram_read_v6(r->octets, r->len, addresses, &d) == 0)
		take_datagram(side, &d, r->from, &to);
}

/* Return: how many packets came. */
static int take_batch(struct raw_side *side)
{
	struct worker *w = side->raw->worker;
	int count = receive_batch(w, side->raw->fd[side->family == AF_INET6]);

	for (int i = 0; i < count; i++) {
		struct received r = receive_message(w, i);

		if (r.msg->msg_flags & MSG_TRUNC)
			continue; /* longer than any datagram */
		if (side->family == AF_INET6)
			take_v6(side, &r);
		else
			take_v4(side, &r);
	}
	receive_end(w);
	return count;
}

static void side_ready(struct watch *watch, uint32_t events)
{
	take_batch(container_of(watch, struct raw_side, watch));
}

void raw_receive_drain(struct raw_receive *raw)
{
	for (size_t i = 0; raw && i < ARRAY_SIZE(raw->sides); i++)
		for (int round = 0; raw->fd[i] >= 0 && round < DRAIN_ROUNDS; round++)
			if (take_batch(&raw->sides[i]) <= 0)
				break;
}

static void open_start(struct letter *letter)
{
	struct raw_receive *raw = container_of(letter, struct raw_receive, letter);

	for (size_t i = 0; i < ARRAY_SIZE(raw->sides); i++)
		if (raw->fd[i] >= 0)
			loop_add_surely(raw->worker->loop, &raw->sides[i].watch, raw->fd[i],
			                EPOLLIN, side_ready);
}

static void open_stop(struct letter *letter)
{
	struct raw_receive *raw = container_of(letter, struct raw_receive, letter);

	for (size_t i = 0; i < ARRAY_SIZE(raw->sides); i++)
		if (raw->fd[i] >= 0)
			loop_remove(raw->worker->loop, &raw->sides[i].watch);
}

static void open_join(struct letter *letter)
{
	struct raw_receive *raw = container_of(letter, struct raw_receive, letter);

	raw_members_add(&raw->members, raw->changing);
}

static void open_leave(struct letter *letter)
{
	struct raw_receive *raw = container_of(letter, struct raw_receive, letter);

	raw_members_remove(&raw->members, raw->changing);
}

static void open_settle(struct letter *letter)
{
	raw_receive_drain(container_of(letter, struct raw_receive, letter));
}

/* --- API thread */

static void raw_receive_free(struct raw_receive *raw)
{
	if (!raw)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(raw->sides); i++) {
		if (raw->fd[i] >= 0)
			close(raw->fd[i]);
		if (raw->sides[i].gauge_fd >= 0)
			close(raw->sides[i].gauge_fd);
	}
	raw_members_release(&raw->members);
	free(raw);
}

static struct raw_receive *find(struct list *all, uint32_t netns_index)
{
	list_for_each (node, all) {
		struct raw_receive *raw = list_entry(node, struct raw_receive, in_all);

		if (raw->netns_index == netns_index)
			return raw;
	}
	return NULL;
}

static void close_all(const struct raw_fds *fds)
{
	for (size_t i = 0; i < ARRAY_SIZE(fds->fd); i++)
		if (fds->fd[i] >= 0)
			close(fds->fd[i]);
}

static struct raw_receive *raw_receive_new(const struct intake *in, const struct raw_fds *fds)
{
	struct raw_receive *raw = calloc(1, sizeof(*raw));

	if (!raw)
		return NULL;
	raw->worker = in->worker;
	raw->netns_index = in->netns_index;
	raw_members_init(&raw->members, in->worker->seed);
	for (size_t i = 0; i < ARRAY_SIZE(raw->sides); i++) {
		raw->sides[i] = (struct raw_side){
			.watch.fd = -1,
			.raw = raw,
			.family = i ? AF_INET6 : AF_INET,
			.gauge_fd = fds->fd[i ? GAUGE_V6 : GAUGE_V4],
		};
		raw->fd[i] = fds->fd[i ? RAW_V6 : RAW_V4];
	}
	return raw;
}

static struct raw_receive *get(struct list *all, const struct intake *in, const struct raw_fds *fds)
{
	struct raw_receive *raw = find(all, in->netns_index);

	if (raw) {
		close_all(fds);
		raw->users++;
		return raw;
	}
	raw = raw_receive_new(in, fds);
	if (!raw) {
		close_all(fds);
		return NULL;
	}
	raw->users = 1;
	list_append(all, &raw->in_all);
	return raw;
}

static void put(struct raw_receive *raw)
{
	if (--raw->users)
		return;
	if (raw->is_read)
		post(raw, open_stop);
	list_remove(&raw->in_all);
	raw_receive_free(raw);
}

int raw_receive_join(struct list *all, struct intake *in, const struct raw_fds *fds)
{
	struct raw_member *m;
	struct raw_receive *raw;

	m = calloc(1, sizeof(*m));
	raw = m ? get(all, in, fds) : NULL;
	if (!m)
		close_all(fds);
	if (!raw) {
		free(m);
		return -ENOMEM;
	}
	raw_member_init(m, &in->endpoint->at.params.local, &in->endpoint->at.params.peer);
	m->in = in;
	m->raw = raw;
	in->raw = m;
	raw->changing = m;
	post(raw, open_join);
	return 0;
}

void raw_receive_read(struct list *all)
{
	list_for_each (node, all) {
		struct raw_receive *raw = list_entry(node, struct raw_receive, in_all);

		if (!raw->is_read)
			post(raw, open_start);
		raw->is_read = true;
	}
}

void raw_receive_settle(struct list *all, uint32_t netns_index)
{
	struct raw_receive *raw = find(all, netns_index);

	if (raw && raw->is_read)
		post(raw, open_settle);
}

void raw_receive_leave(struct intake *in)
{
	struct raw_member *m = TAKE(in->raw);
	struct raw_receive *raw;

	if (!m)
		return;
	raw = m->raw;
	raw->changing = m;
	post(raw, open_leave);
	free(m);
	put(raw);
}
