/* SPDX-License-Identifier: BSD-2-Clause */
/* connection.c - one datagram to ul2tpd or the kernel, or from there; see connection.h */
#include "client/connection.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/monotonic.h"

int connection_fail(struct ul2tp *u, int code, const char *argument, const char *format, ...)
{
	va_list args;

	u->error.code = code;
	snprintf(u->error.argument, sizeof(u->error.argument), "%s", argument);
	va_start(args, format);
	vsnprintf(u->error.words, sizeof(u->error.words), format, args);
	va_end(args);
	return code;
}

static int64_t now_ms(void)
{
	return (int64_t)monotonic_ms();
}

int64_t deadline_after(int timeout_ms)
{
	return timeout_ms < 0 ? INT64_MAX : now_ms() + timeout_ms;
}

static void attach_descriptor(struct msghdr *message, int fd)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

static int closed(struct ul2tp *u, bool unread)
{
	u->unread = unread && u->backend == UL2TP_BACKEND_DAEMON;
	return connection_fail(u, -EPIPE, "", "ul2tpd closed the connection: its log says why");
}

int connection_send(struct ul2tp *u, const void *data, size_t length, int fd)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = length };
	union {
		struct cmsghdr header;
		char octets[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	/* A kernel finds the descriptor by its number in this process. */
	if (fd >= 0 && u->backend == UL2TP_BACKEND_DAEMON) {
		message.msg_control = control.octets;
		message.msg_controllen = sizeof(control.octets);
		attach_descriptor(&message, fd);
	}

	do
		n = sendmsg(u->fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;

	switch (errno) {
	case EAGAIN:
		return connection_fail(u, -ETIMEDOUT, "", "no request was taken within %d ms",
		                       u->timeout_ms);
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
		return closed(u, true);
	default:
		return connection_fail(u, -errno, "", "cannot send: %s", strerror(errno));
	}
}

static int wait_readable(struct ul2tp *u, int64_t deadline_ms)
{
	struct pollfd p = { .fd = u->fd, .events = POLLIN };

	for (;;) {
		int64_t left = deadline_ms == INT64_MAX ? -1 : deadline_ms - now_ms();
		int n;

		if (deadline_ms != INT64_MAX && left < 0)
			left = 0;
		n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		if (n > 0)
			return 0;
		if (n == 0 && deadline_ms != INT64_MAX && now_ms() >= deadline_ms)
			return connection_fail(u, -ETIMEDOUT, "", "no answer in time");
		if (n < 0 && errno != EINTR)
			return connection_fail(u, -errno, "", "cannot wait: %s", strerror(errno));
	}
}

static int receive_failed(struct ul2tp *u)
{
	switch (errno) {
	case EAGAIN:
	case EINTR:
		return -EAGAIN;
	case ENOBUFS:
		return connection_fail(u, -ENOBUFS, "",
		                       "events were lost: they came faster than they were read");
	case ECONNRESET: /* of a Unix socket: what was sent there is still unread */
		return closed(u, true);
	default:
		return connection_fail(u, -errno, "", "cannot receive: %s", strerror(errno));
	}
}

/* One attempt. -EAGAIN: nothing for us was there. */
static int receive_once(struct ul2tp *u, struct reader *ret)
{
	struct iovec iov = { .iov_base = u->datagram, .iov_len = DATAGRAM_MAX };
	struct sockaddr_nl from = { 0 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (u->backend == UL2TP_BACKEND_KERNEL) {
		message.msg_name = &from;
		message.msg_namelen = sizeof(from);
	}
	n = recvmsg(u->fd, &message, MSG_DONTWAIT);
	if (n < 0)
		return receive_failed(u);
	/* A message always has a header; nothing at all is the end of a SOCK_SEQPACKET connection. */
	if (n == 0)
		return closed(u, false);
	/* Any process may send to a netlink socket whose port it knows; the kernel's own port is 0. */
	if (u->backend == UL2TP_BACKEND_KERNEL && from.nl_pid != 0)
		return -EAGAIN;
	if (message.msg_flags & MSG_TRUNC)
		return connection_fail(u, -EMSGSIZE, "", "an answer is longer than %d octets",
		                       DATAGRAM_MAX);
	*ret = reader_over(u->datagram, (size_t)n);
	return 0;
}

int connection_receive(struct ul2tp *u, int64_t deadline_ms, struct reader *ret)
{
	for (;;) {
		int err = wait_readable(u, deadline_ms);

		if (err < 0)
			return err;
		err = receive_once(u, ret);
		if (err != -EAGAIN)
			return err;
	}
}
