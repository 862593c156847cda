/* SPDX-License-Identifier: BSD-2-Clause */
/* route_socket.c - see route_socket.h
 *
 * Of several threads that receive on one socket each may be given what another has just looked at, the kernel's calls
 * among them. So a datagram is looked at, changed and written into the program's memory, then taken out; if it is
 * another that was taken, that one is given, as it came. A supervisor that is killed between taking and answering loses
 * it, which is a memcmp().
 */
#include "launcher/route_socket.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "launcher/caller.h"
#include "launcher/device_counters.h"
#include "launcher/incoming.h"
#include "launcher/link_stats.h"

#define DATAGRAM_MAX 65536 /* rtnetlink makes none of half that, but for many virtual functions */

#define FLAGS                                                                                      \
	(MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT | MSG_WAITALL | MSG_WAITFORONE | MSG_CMSG_CLOEXEC)

static int make_socket(void *arg, int *fd)
{
	*fd = socket(AF_NETLINK, *(const int *)arg | SOCK_CLOEXEC, NETLINK_ROUTE);
	return *fd < 0 ? -errno : 0;
}

void route_socket_open(struct trap *t)
{
	int type = (int)trap_argument(t, 1);
	AUTO_FD netns = trap_netns(t);
	AUTO_FD fd = -1;

	/* Without a duplicate of it nothing could be received in the program's place. */
	if (t->launcher->keeps || netns < 0 || as_caller(t, netns, make_socket, &type, &fd) < 0)
		trap_continue(t);
	else
		trap_give(t, fd, GIVE_IN_ROUTE_RANGE, type & SOCK_CLOEXEC);
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, name, &value, &len) < 0 ? -1 : value;
}

/* One that hears of other namespaces, too, has numbers of their interfaces. */
static bool is_route_socket(int fd)
{
	return option(fd, SOL_SOCKET, SO_DOMAIN) == AF_NETLINK &&
	       option(fd, SOL_SOCKET, SO_PROTOCOL) == NETLINK_ROUTE &&
	       option(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID) <= 0;
}

/* --- a datagram --- */

struct batch {
	struct ul2tp_device_request asked;
	struct link_stats places[UL2TP_DEVICES_MAX];
};

/* False: there are no more. */
static bool next_batch(struct reader *datagram, struct batch *b)
{
	struct link_stats l;

	b->asked.count = 0;
	while (b->asked.count < UL2TP_DEVICES_MAX && link_stats_next(datagram, &l)) {
		b->places[b->asked.count] = l;
		b->asked.ifindex[b->asked.count++] = l.ifindex;
	}
	return b->asked.count;
}

/* Return: whether something in @copy is not as in @octets. */
static bool mend(struct trap *t, int fd, const uint8_t *octets, size_t len, uint8_t *copy)
{
	struct reader datagram = reader_over(octets, len);
	struct device_counters known;
	bool changed = false;
	struct batch b;

	while (next_batch(&datagram, &b)) {
		device_counters_ask(t, fd, &b.asked, &known);
		for (size_t i = 0; i < b.asked.count; i++) {
			const struct link_stats *l = &b.places[i];
			const struct ul2tp_device_message *m =
				device_counters_find(&known, l->ifindex, l->name);

			if (!m)
				continue;
			link_stats_set(copy, octets, l, m->counters);
			changed = true;
		}
	}
	return changed;
}

/* --- receiving in the program's place --- */

/* A call that is being served on a duplicate of its socket. */
struct serving {
	struct trap *t;
	int fd;
	size_t size;                      /* of each buffer */
	uint8_t *octets, *mended, *taken; /* .mended: of the same datagram as .octets */
	struct received got, again;
};

/* What was looked at is taken out; what else comes instead is given. As incoming_take(). */
static ssize_t take_out(struct serving *s, const struct incoming *in, ssize_t len)
{
	ssize_t taken = incoming_take(s->fd, 0, s->taken, s->size, in->control_len, &s->again);
	size_t have = (size_t)len < s->size ? (size_t)len : s->size;
	int err;

	if (taken < 0 || (taken == len && memcmp(s->taken, s->octets, have) == 0))
		return taken;
	have = (size_t)taken < s->size ? (size_t)taken : s->size;
	err = incoming_put(s->t, in, s->taken, have, &s->again);
	return err < 0 ? err : taken;
}

/* As recvmsg() of the kernel; -EAGAIN: nothing is there; -ENOANO: nothing of ours, unless @any. */
static ssize_t receive_one(struct serving *s, const struct incoming *in, bool any)
{
	size_t room = incoming_room(in), have;
	ssize_t len;
	int err;

	if (!room || in->flags & ~FLAGS)
		return -ENOANO;
	s->size = room < DATAGRAM_MAX ? room : DATAGRAM_MAX;
	len = incoming_take(s->fd, MSG_PEEK, s->octets, s->size, in->control_len, &s->got);
	if (len < 0)
		return len;
	have = (size_t)len < s->size ? (size_t)len : s->size;
	if (have < (size_t)len && room > s->size)
		return -ENOANO;
	memcpy(s->mended, s->octets, have);
	if ((s->got.name.nl_pid || !mend(s->t, s->fd, s->octets, have, s->mended)) && !any)
		return -ENOANO;
	err = incoming_put(s->t, in, s->mended, have, &s->got);
	if (!(in->flags & MSG_PEEK)) {
		len = take_out(s, in, len);
		if (len < 0)
			return len;
	}
	return err < 0 ? err : incoming_result(in, (size_t)len);
}

static ssize_t call_receive(struct serving *s)
{
	AUTO_INCOMING in = { 0 };

	/* What is wrong with its arguments the kernel says. */
	return incoming_read(s->t, &in) < 0 ? -ENOANO : receive_one(s, &in, false);
}

/* As many as there are, be they ours or not, as soon as one is there. */
static ssize_t call_recvmmsg(struct serving *s)
{
	struct trap *t = s->t;
	unsigned int count = (unsigned int)trap_argument(t, 2), got = 0;
	ssize_t result = 0;

	if (count > INCOMING_MMSG_MAX)
		count = INCOMING_MMSG_MAX;
	while (result >= 0 && got < count) {
		uint64_t at = trap_argument(t, 1) + got * sizeof(struct mmsghdr);
		AUTO_INCOMING in = { 0 };
		unsigned int len;

		result = incoming_read_header(t, at, (int)trap_argument(t, 3), &in);
		if (result < 0)
			break;
		result = receive_one(s, &in, got > 0);
		if (result < 0)
			break;
		len = (unsigned int)result;
		result = trap_write(t, at + offsetof(struct mmsghdr, msg_len), &len, sizeof(len));
		got++;
	}
	return got ? (ssize_t)got : result < 0 ? result : -ENOANO;
}

static ssize_t receive(struct trap *t, int fd)
{
	AUTO_MEMORY uint8_t *octets = malloc(3 * DATAGRAM_MAX);
	AUTO_MEMORY struct serving *s = calloc(1, sizeof(*s));

	if (!octets || !s)
		return -ENOANO;
	s->t = t;
	s->fd = fd;
	s->octets = octets;
	s->mended = octets + DATAGRAM_MAX;
	s->taken = octets + 2 * DATAGRAM_MAX;
	return t->notif.data.nr == SYS_recvmmsg ? call_recvmmsg(s) : call_receive(s);
}

void route_socket_receive(struct trap *t)
{
	const struct descriptor_range *range = &t->launcher->route_range;
	const unsigned int number = (unsigned int)trap_argument(t, 0);
	AUTO_FD fd = -1;
	ssize_t result = -ENOANO;

	if (range->first && number >= range->first && number <= range->last)
		fd = trap_descriptor(t, (int)number);
	if (fd >= 0 && is_route_socket(fd))
		result = receive(t, fd);
	if (result == -ENOANO || result == -EAGAIN)
		trap_continue(t);
	else
		trap_result(t, result);
}
