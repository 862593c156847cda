/* SPDX-License-Identifier: BSD-2-Clause */
/* reply.c - see reply.h
 *
 * Here: the choice, the self-test, splitting at messages, and whether there is room. A message is handed to a
 * way only if the stand-in's receive buffer has room for it, because the kernel drops an echo that has not,
 * and tells the program.
 */
#include "launcher/reply.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "launcher/reply_way.h"
#include "netlink/message.h"

static const struct reply_way_ops *const ways[] = {
	[REPLY_UEVENT] = &reply_uevent,
	[REPLY_FIB] = &reply_fib,
	[REPLY_TRAP] = &reply_trap,
};

const char *reply_name(enum reply_way way)
{
	return way == REPLY_AUTO ? "auto" : ways[way]->name;
}

enum reply_way reply_way(const struct reply *r)
{
	return r->way;
}

/* --- stand-ins --- */

static int prepare(struct reply *r, int fd, struct reply_target *ret)
{
	socklen_t len = sizeof(ret->cookie);
	struct stat st;

	*ret = (struct reply_target){ .socket = -1 };
	if (fstat(fd, &st) < 0)
		return -errno;
	ret->ino = st.st_ino;
	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &ret->cookie, &len) < 0)
		return -errno;
	return r->ops->prepare ? r->ops->prepare(r, fd, ret) : 0;
}

int reply_socket(struct reply *r, int type, struct reply_target *ret)
{
	AUTO_FD fd = -1;
	int err;

	if (r->netns >= 0 && setns(r->netns, CLONE_NEWNET) < 0)
		return -errno;
	fd = socket(AF_NETLINK, type | SOCK_CLOEXEC, r->ops->protocol);
	err = fd < 0 ? -errno : 0;
	if (r->netns >= 0 && setns(r->home_netns, CLONE_NEWNET) < 0)
		abort(); /* this thread would serve others in the wrong namespace */
	if (!err)
		err = prepare(r, fd, ret);
	return err < 0 ? err : TAKE_FD(fd);
}

int reply_renew(struct reply *r, const struct reply_target *target)
{
	const int group = 1;

	if (r->way != REPLY_UEVENT)
		return 0;
	return setsockopt(target->socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
	                  sizeof(group)) < 0
	               ? -errno
	               : 0;
}

bool reply_strayed(struct reply *r)
{
	return atomic_exchange(&r->strayed, false);
}

bool reply_is_gone(struct reply *r, const struct reply_target *target)
{
	struct socket_entry entry;

	return target->socket < 0 && socket_list_find(&r->sockets, target->ino, &entry) == -ENOENT;
}

uint32_t reply_magic(const struct reply *r)
{
	return r->magic;
}

void reply_magic_set(struct reply *r, uint32_t magic)
{
	r->magic = magic;
}

bool reply_sender_is_ours(const struct reply *r, uint32_t port)
{
	return port == r->port;
}

/* --- sending --- */

/* What the kernel charges a receive buffer for a datagram: at most the next power of two, and a header. */
static uint32_t charge(size_t len)
{
	uint32_t size = 1024;

	while (size < len + 512)
		size *= 2;
	return size + 512;
}

static int queued(struct reply *r, struct reply_target *target, uint32_t *ret)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);
	struct socket_entry entry;
	int err;

	if (target->socket >= 0) {
		if (getsockopt(target->socket, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
			return -errno;
		target->receive_buffer = info[SK_MEMINFO_RCVBUF];
		*ret = info[SK_MEMINFO_RMEM_ALLOC];
		return 0;
	}
	err = socket_list_find(&r->sockets, target->ino, &entry);
	if (err < 0)
		return err == -ENOENT ? -EBADF : err;
	*ret = entry.queued;
	return 0;
}

/* An empty buffer takes one datagram, however long. */
static bool has_room(uint32_t in_queue, const struct reply_target *target, size_t len)
{
	return in_queue == 0 || in_queue + charge(len) <= target->receive_buffer;
}

/* How many octets from the front are whole messages and at most @longest; one message, if it is longer. */
static size_t front(const void *octets, size_t len, size_t longest)
{
	struct reader datagram = reader_over(octets, len);
	struct nl_message m;
	size_t taken = 0;

	while (nl_message_next(&datagram, &m)) {
		size_t end = len - read_left(&datagram);

		if (taken && end > longest)
			break;
		taken = end;
	}
	return taken;
}

ssize_t reply_send(struct reply *r, struct reply_target *target, const void *octets, size_t len)
{
	const uint8_t *at = octets;
	size_t taken = 0;

	while (taken < len) {
		size_t part = front(at + taken, len - taken, r->ops->longest);
		uint32_t in_queue = 0;
		ssize_t err;

		if (!part) /* no message: not ours to judge */
			part = len - taken;
		err = queued(r, target, &in_queue);
		if (!err && !has_room(in_queue, target, part))
			err = -EAGAIN;
		if (!err)
			err = r->ops->send(r, target, at + taken, part);
		if (err < 0)
			return taken ? (ssize_t)taken : err;
		taken += part;
	}
	return (ssize_t)taken;
}

#define OVERRUN_TRIES 8 /* the smallest receive buffer has room for two or three */

/* The buffer is made smaller than what is sent into it; the kernel then notes the loss itself. */
int reply_overrun(struct reply *r, struct reply_target *target)
{
	struct {
		struct nlmsghdr header;
		uint8_t zeros[20]; /* reply_fib.c */
	} noop = { { .nlmsg_len = sizeof(noop), .nlmsg_type = NLMSG_NOOP }, { 0 } };
	socklen_t len = sizeof(int);
	const int smallest = 0;
	int size;

	if (r->way == REPLY_TRAP)
		return -EOPNOTSUPP;
	if (target->socket < 0)
		return -ENOTSOCK;
	if (getsockopt(target->socket, SOL_SOCKET, SO_RCVBUF, &size, &len) < 0 ||
	    setsockopt(target->socket, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof(smallest)) < 0)
		return -errno;
	for (int i = 0; i < OVERRUN_TRIES; i++)
		r->ops->send(r, target, &noop, sizeof(noop));
	size /= 2; /* the kernel doubles it */
	if (setsockopt(target->socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(target->socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

/* --- a supervisor that takes over --- */

uint32_t reply_port(const struct reply *r)
{
	return r->port;
}

static int sender_at(const struct reply *r, uint32_t port)
{
	const struct sockaddr_nl name = { .nl_family = AF_NETLINK, .nl_pid = port };
	AUTO_FD fd = -1;

	if (r->netns >= 0 && setns(r->netns, CLONE_NEWNET) < 0)
		return -errno;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, r->ops->protocol);
	if (r->netns >= 0 && setns(r->home_netns, CLONE_NEWNET) < 0)
		abort(); /* this thread would serve others in the wrong namespace */
	if (fd < 0 || bind(fd, (const struct sockaddr *)&name, sizeof(name)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int reply_port_set(struct reply *r, uint32_t port)
{
	int fd;

	if (r->way != REPLY_TRAP)
		return 0;
	fd = sender_at(r, port);
	if (fd < 0)
		return fd;
	close(r->sender);
	r->sender = fd;
	r->port = port;
	return 0;
}

/* --- choosing --- */

#define EXACT                                                                                      \
	(sizeof(struct nlmsghdr) + offsetof(struct nlmsgerr, msg.nlmsg_pid)) /* see reply_fib.c */

/* Three messages through a stand-in: read back they must be the octets sent, from port 0. */
static int self_test(struct reply *r)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} m = { { sizeof(m), NLMSG_ERROR, 0, 1, 1 }, { -EEXIST, { 16, 16, 5, 1, 1 } } }, got;
	struct sockaddr_nl name = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(name);
	struct reply_target target;
	AUTO_FD fd = reply_socket(r, SOCK_RAW | SOCK_NONBLOCK, &target);

	if (fd < 0)
		return fd;
	target.socket = fd;
	if (bind(fd, (struct sockaddr *)&name, len) < 0 || reply_renew(r, &target) < 0 ||
	    getsockname(fd, (struct sockaddr *)&name, &len) < 0)
		return -errno;
	target.port = name.nl_pid;
	for (int i = 0; i < 3; i++) {
		ssize_t n;

		m.header.nlmsg_seq = (uint32_t)i;
		n = reply_send(r, &target, &m, sizeof(m));
		if (n < 0)
			return (int)n;
		n = recvfrom(fd, &got, sizeof(got), MSG_TRUNC, (struct sockaddr *)&name, &len);
		if (n < 0)
			return -errno;
		if (n != sizeof(m) || memcmp(&m, &got, EXACT) != 0 ||
		    name.nl_pid != r->port * (r->way == REPLY_TRAP))
			return -EBADMSG;
	}
	return 0;
}

/* In the namespace of the stand-ins. */
static int open_shared(struct reply *r)
{
	int err = socket_list_open(&r->sockets);

	if (!err && r->ops->open)
		err = r->ops->open(r);
	return err;
}

static int open_way(enum reply_way way, int private_netns, struct reply **ret)
{
	struct reply *r = calloc(1, sizeof(*r));
	int err = 0;

	if (!r)
		return -ENOMEM;
	r->way = way;
	r->ops = ways[way];
	r->netns = r->home_netns = r->sender = r->stranger = r->sockets.fd = -1;
	r->home_netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (r->home_netns < 0)
		err = -errno;
	if (!err && private_netns >= 0) {
		r->netns = fcntl(private_netns, F_DUPFD_CLOEXEC, 3);
		if (r->netns < 0 || setns(r->netns, CLONE_NEWNET) < 0)
			err = -errno;
	}
	if (!err)
		err = open_shared(r);
	if (r->netns >= 0 && setns(r->home_netns, CLONE_NEWNET) < 0)
		err = -errno;
	if (!err)
		err = self_test(r);
	if (err < 0) {
		reply_free(r);
		return err;
	}
	*ret = r;
	return 0;
}

static const enum reply_way order[] = { REPLY_UEVENT, REPLY_FIB, REPLY_TRAP };

int reply_open(enum reply_way wanted, int private_netns, struct reply **ret, char *why, size_t size)
{
	size_t used = 0;

	if (size)
		*why = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		int err;

		if (wanted != REPLY_AUTO && wanted != order[i])
			continue;
		err = open_way(order[i], private_netns, ret);
		if (!err)
			return 0;
		if (used < size)
			used += (size_t)snprintf(why + used, size - used, "%s%s: %s",
			                         used ? "; " : "", reply_name(order[i]),
			                         strerror(-err));
	}
	return -EOPNOTSUPP;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void reply_free(struct reply *r)
{
	if (!r)
		return;
	close_if_open(r->home_netns);
	close_if_open(r->netns);
	close_if_open(r->sender);
	close_if_open(r->stranger);
	socket_list_close(&r->sockets);
	free(r);
}
