/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_receive.c - recvfrom(), recvmsg() and recvmmsg() on a stand-in, where they are trapped (reply_trap.c)
 *
 * We receive on a duplicate of the socket, without waiting, and write into the program's memory what came, saying
 * that it came from the kernel. The datagrams of others, who can send to such a socket, are taken out and lost.
 *
 * A program that waits must stay interruptible. The kernel waits for our answer and lets only deadly signals
 * interrupt; so we wait in slices, and when a signal is pending that the thread neither blocks nor
 * ignores, the call returns ERESTARTSYS, of which the kernel makes EINTR or a restart as for any call.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "launcher/incoming.h"
#include "launcher/netlink_stand_in.h"
#include "process/process.h"

#define ERESTARTSYS 512 /* the kernel's own: never seen by a program */
#define SLICE_MS    20

/* --- waiting --- */

/* Whether a signal waits for the calling thread that would be delivered to it. */
static bool signal_is_pending(const struct trap *t)
{
	AUTO_FD thread = process_open((pid_t)t->notif.pid);
	AUTO_MEMORY char *text = thread < 0 ? NULL : process_status(thread);

	return !text || process_status_signals(text);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until when it waits: INT64_MIN: not at all, INT64_MAX: for ever. */
static int64_t deadline_of(int fd, int flags)
{
	struct timeval timeout = { 0 };
	socklen_t len = sizeof(timeout);

	if (flags & MSG_DONTWAIT || fcntl(fd, F_GETFL) & O_NONBLOCK)
		return INT64_MIN;
	if (getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, &len) < 0 ||
	    (!timeout.tv_sec && !timeout.tv_usec))
		return INT64_MAX;
	return now_ms() + timeout.tv_sec * 1000 + (timeout.tv_usec + 999) / 1000;
}

/* With the locks let go: others may send meanwhile. 0: look again; the errno of the call. */
static int wait_for_datagram(struct trap *t, struct netlink_socket *n, int fd, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left;
	int ready;

	if (deadline == INT64_MIN)
		return -EAGAIN;
	left = deadline == INT64_MAX ? SLICE_MS : deadline - now_ms();
	if (left <= 0)
		return -EAGAIN;
	pthread_mutex_unlock(&n->object.lock);
	ready = poll(&p, 1, left < SLICE_MS ? (int)left : SLICE_MS);
	pthread_mutex_lock(&n->object.lock);
	if (ready > 0)
		return 0;
	if (!trap_is_valid(t))
		return -ESRCH;
	if (signal_is_pending(t))
		return deadline == INT64_MAX ? -ERESTARTSYS : -EINTR;
	return 0;
}

/* --- one datagram --- */

/* The next datagram's length; what is not ours is taken out. */
static ssize_t peek(struct netlink_socket *n, int fd)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t len = sizeof(from);
		ssize_t size = recvfrom(fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT,
		                        (struct sockaddr *)&from, &len);

		if (size < 0)
			return -errno;
		if (reply_sender_is_ours(n->launcher->reply, from.nl_pid))
			return size;
		recv(fd, NULL, 0, MSG_DONTWAIT);
	}
}

/* Return: as recvmsg(); @due: it was looked at only, and is to leave the queue: take_out(). */
static ssize_t receive_now(struct trap *t, struct netlink_socket *n, int fd,
                           const struct incoming *in, bool *due)
{
	ssize_t size = peek(n, fd);
	AUTO_MEMORY uint8_t *octets = NULL;
	size_t room = incoming_room(in), len;
	struct received got = { 0 };
	int err;

	if (size < 0)
		return size;
	len = room < (size_t)size ? room : (size_t)size;
	octets = malloc(len + 1);
	if (!octets)
		return -ENOMEM;
	size = incoming_take(fd, (in->flags & MSG_ERRQUEUE) | MSG_PEEK, octets, len,
	                     in->control_len, &got);
	if (size < 0)
		return size;
	*due = !(in->flags & MSG_PEEK);
	got.name = (struct sockaddr_nl){ .nl_family = AF_NETLINK }; /* the kernel */
	err = incoming_put(t, in, octets, len, &got);
	return err < 0 ? err : incoming_result(in, (size_t)size);
}

/* Whether notifications were lost and the program wants to know. */
static bool take_loss(struct netlink_socket *n, int fd)
{
	socklen_t len = sizeof(int);
	int quiet = 0;
	bool lost;

	pthread_mutex_lock(&n->lock);
	lost = n->lost;
	n->lost = false;
	pthread_mutex_unlock(&n->lock);
	return lost &&
	       (getsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &quiet, &len) < 0 || !quiet);
}

static ssize_t receive(struct trap *t, struct netlink_socket *n, int fd, const struct incoming *in,
                       bool *due)
{
	int64_t deadline = deadline_of(fd, in->flags);

	if (in->flags & MSG_OOB)
		return -EOPNOTSUPP;
	for (;;) {
		ssize_t result = take_loss(n, fd) ? -ENOBUFS : receive_now(t, n, fd, in, due);

		if (result == -EAGAIN)
			result = wait_for_datagram(t, n, fd, deadline);
		else
			return result;
		if (result < 0)
			return result;
	}
}

/* --- the three calls --- */

/* A datagram leaves the queue when the call's answer is decided: a supervisor that is killed before leaves it to the
 * next one, which makes the call again, and one that is killed after leaves it the answer. */
static void take_out(bool *due, int fd)
{
	if (*due)
		recv(fd, NULL, 0, MSG_DONTWAIT);
	*due = false;
}

static ssize_t call_receive(struct trap *t, struct netlink_socket *n, int fd, bool *due)
{
	AUTO_INCOMING in = { 0 };
	int err = incoming_read(t, &in);

	return err < 0 ? err : receive(t, n, fd, &in, due);
}

static ssize_t receive_message(struct trap *t, struct netlink_socket *n, int fd, uint64_t address,
                               int flags, bool *due)
{
	AUTO_INCOMING in = { 0 };
	int err = incoming_read_header(t, address, flags, &in);

	return err < 0 ? err : receive(t, n, fd, &in, due);
}

/* Until when, from a struct timespec that may be there. */
static int read_timeout(const struct trap *t, int64_t *deadline)
{
	struct timespec timeout;
	int err;

	*deadline = INT64_MAX;
	if (!trap_argument(t, 4))
		return 0;
	err = trap_read(t, trap_argument(t, 4), &timeout, sizeof(timeout));
	if (err < 0)
		return err;
	if (timeout.tv_sec < 0 || timeout.tv_nsec < 0 || timeout.tv_nsec > 999999999)
		return -EINVAL;
	*deadline = now_ms() + timeout.tv_sec * 1000 + timeout.tv_nsec / 1000000;
	return 0;
}

/* As the kernel's, which looks at the time only when something came. */
static ssize_t call_recvmmsg(struct trap *t, struct netlink_socket *n, int fd, bool *due)
{
	uint64_t address = trap_argument(t, 1);
	unsigned int count = (unsigned int)trap_argument(t, 2), got = 0;
	int flags = (int)trap_argument(t, 3);
	int64_t deadline;
	ssize_t result = read_timeout(t, &deadline);

	if (count > INCOMING_MMSG_MAX)
		count = INCOMING_MMSG_MAX;
	while (!result && got < count) {
		uint64_t at = address + got * sizeof(struct mmsghdr);
		unsigned int len;

		take_out(due, fd);
		result = receive_message(t, n, fd, at, flags & ~MSG_WAITFORONE, due);
		if (result < 0)
			break;
		len = (unsigned int)result;
		result = trap_write(t, at + offsetof(struct mmsghdr, msg_len), &len, sizeof(len));
		got++;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (now_ms() >= deadline)
			break;
	}
	return got ? (ssize_t)got : result;
}

void netlink_receive(struct trap *t, struct object *o)
{
	struct netlink_socket *n = netlink_socket_of(o);
	AUTO_FD fd = netlink_descriptor(t, n);
	bool due = false;
	ssize_t result = fd;

	if (fd >= 0 && t->notif.data.nr == SYS_recvmmsg)
		result = call_recvmmsg(t, n, fd, &due);
	else if (fd >= 0)
		result = call_receive(t, n, fd, &due);
	trap_decide(t, result);
	take_out(&due, fd);
	trap_result(t, result);
}
