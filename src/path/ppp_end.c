/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_end.c - see ppp_end.h */
#include "path/ppp_end.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "path/outbox.h"

#define FRAMES         64           /* read before they are sent */
#define FRAME_OCTETS   65536        /* room for one; no packet carries more */
#define BUFFER_OCTETS  (104 * 1024) /* that may wait for the program; the system doubles it */
#define DRAIN_ROUNDS   64 /* batches that are taken of what a program wrote before it is left alone */
#define FRAME_OVERHEAD 512 /* a frame costs its buffer at least so many octets more than it has */

static int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) < 0 ? -1 : value;
}

/* Its other end must be nobody's listening address: what is written there is for a program, not for a server. */
int ppp_end_check(int fd, struct extack *ea)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	int type = option(fd, SO_TYPE);

	if (type < 0)
		return extack_fail(ea, -ENOTSOCK, 0, "the descriptor is no socket");
	if (type != SOCK_SEQPACKET || option(fd, SO_DOMAIN) != AF_UNIX)
		return extack_fail(ea, -EPROTONOSUPPORT, 0,
		                   "the descriptor is no end of a SOCK_SEQPACKET pair (AF_UNIX)");
	if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0 || len > sizeof(sa_family_t))
		return extack_fail(ea, -ENOTCONN, 0,
		                   "the descriptor is no end of a pair (socketpair())");
	return 0;
}

void ppp_end_open(struct ppp_end *e, int fd, bool counts_frames)
{
	/* A socket's is what SO_RCVBUF gives one of the kernel's; a file's has room for its frames. */
	const int size = counts_frames ? 2 * BUFFER_OCTETS : BUFFER_OCTETS;

	*e = (struct ppp_end){ .fd = fd, .watch.fd = -1, .counts_frames = counts_frames };
	for (size_t i = 0; i < ARRAY_SIZE(e->costs); i++)
		e->costs[i] = BUFFER_OCTETS; /* nothing waits yet */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static bool has_hung_up(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) > 0 && p.revents & POLLHUP;
}

void ppp_end_empty(struct ppp_end *e)
{
	uint8_t octet;

	for (int i = 0; i < FRAMES * DRAIN_ROUNDS; i++)
		if (recv(e->fd, &octet, sizeof(octet), MSG_DONTWAIT) < 0 || has_hung_up(e->fd))
			return;
}

/* Return: whether a frame was taken. Nothing may be a frame without octets, or the end. */
static bool take_frame(struct ppp_end *e, uint8_t *at, size_t *len)
{
	ssize_t n = recv(e->fd, at, FRAME_OCTETS, MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 || (!n && has_hung_up(e->fd)))
		return false;
	*len = (size_t)n;
	e->frame(e->arg, at, *len, *len <= FRAME_OCTETS);
	return true;
}

/* Return: whether there may be more. */
static bool take_batch(struct ppp_end *e)
{
	struct outbox *o = e->reader->outbox;
	uint8_t *arena = outbox_arena(o);
	size_t used = 0, len;
	int i = 0;

	for (; i < FRAMES && used < OUTBOX_ARENA_OCTETS; i++) {
		if (!take_frame(e, arena + used, &len))
			break;
		used += ((len < FRAME_OCTETS ? len : FRAME_OCTETS) + 63) & ~(size_t)63;
	}
	outbox_flush(o);
	return i == FRAMES || used >= OUTBOX_ARENA_OCTETS;
}

static void end_ready(struct watch *watch, uint32_t events)
{
	struct ppp_end *e = container_of(watch, struct ppp_end, watch);

	/* The API thread sees the program's last close by itself; here there is nothing left to read. */
	if (!take_batch(e) && events & EPOLLHUP)
		loop_remove(e->reader->loop, &e->watch);
}

static void open_start(struct letter *letter)
{
	struct ppp_end *e = container_of(letter, struct ppp_end, started);

	e->watch.urgent = true;
	loop_add_surely(e->reader->loop, &e->watch, e->fd, EPOLLIN, end_ready);
}

void ppp_end_drain(struct ppp_end *e)
{
	for (int i = 0; e->reader && i < DRAIN_ROUNDS && take_batch(e); i++)
		;
}

static void open_stop(struct letter *letter)
{
	struct ppp_end *e = container_of(letter, struct ppp_end, stopped);

	ppp_end_drain(e);
	loop_remove(e->reader->loop, &e->watch);
}

void ppp_end_start(struct ppp_end *e, struct worker *w, ppp_end_frame_fn *frame, void *arg)
{
	e->reader = w;
	e->frame = frame;
	e->arg = arg;
	e->started.open = open_start; /* it is free again when the end was stopped */
	mailbox_post(&w->mailbox, &e->started);
}

void ppp_end_stop_begin(struct ppp_end *e)
{
	if (!e->reader)
		return;
	e->stopped.open = open_stop;
	mailbox_post(&e->reader->mailbox, &e->stopped);
}

void ppp_end_stop(struct ppp_end *e)
{
	if (!e->reader)
		return;
	e->stopped.open = open_stop;
	mailbox_post_wait(&e->reader->mailbox, &e->stopped);
	e->reader = NULL;
}

static uint32_t unread_octets(const struct ppp_end *e)
{
	int octets = 0;

	return ioctl(e->fd, SIOCOUTQ, &octets) < 0 || octets < 0 ? 0 : (uint32_t)octets;
}

/* The system tells what the unread frames cost together, so they are as many of the last as cost that much. */
static bool is_full(const struct ppp_end *e, uint32_t unread)
{
	uint32_t sum = 0;

	for (uint32_t n = 1; n <= PPP_END_FRAMES_MAX && sum < unread; n++) {
		sum += e->costs[(e->next_cost - n) % PPP_END_FRAMES_MAX];
		if (n == PPP_END_FRAMES_MAX)
			return true;
	}
	return false;
}

static void note_cost(struct ppp_end *e, uint32_t before, size_t len)
{
	uint32_t after = unread_octets(e), least = (uint32_t)len + FRAME_OVERHEAD;

	e->costs[e->next_cost++ % PPP_END_FRAMES_MAX] =
		after > before + least ? after - before : least;
}

int ppp_end_write(struct ppp_end *e, const struct iovec *pieces, int count)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)pieces, .msg_iovlen = (size_t)count };
	uint32_t unread = e->counts_frames ? unread_octets(e) : 0;
	ssize_t n;

	if (e->fd < 0)
		return -EPIPE;
	if (e->counts_frames && is_full(e, unread))
		return -ENOBUFS;
	n = sendmsg(e->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN ? -EPIPE
		                                                                  : -ENOBUFS;
	if (e->counts_frames)
		note_cost(e, unread, (size_t)n);
	return 0;
}

void ppp_end_close(struct ppp_end *e)
{
	if (e->fd < 0)
		return;
	shutdown(e->fd, SHUT_RDWR);
	ppp_end_empty(e); /* what is left unread here would be an error to the program */
	close(e->fd);
	e->fd = -1;
}
