/* SPDX-License-Identifier: BSD-2-Clause */
/* forward.c - see forward.h */
#include "launcher/forward.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/caller.h"

#define RECEIVE_BUFFER (4 << 20) /* dumps wait here for a program that reads slowly */

static int open_socket(void *arg, int *fd)
{
	*fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_GENERIC);
	return *fd < 0 ? -errno : 0;
}

int forward_open(const struct trap *t, int netns, struct forward *f)
{
	const int size = RECEIVE_BUFFER;

	*f = (struct forward){ .fd = -1 };
	f->error = as_caller(t, netns, open_socket, NULL, &f->fd);
	if (f->error < 0)
		return f->error;
	if (setsockopt(f->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(f->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

void forward_close(struct forward *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->buffer);
	*f = (struct forward){ .fd = -1 };
}

int forward_bind(const struct trap *t, int netns, struct forward *f, uint32_t port)
{
	struct sockaddr_nl name = { .nl_family = AF_NETLINK, .nl_pid = port };
	socklen_t len = sizeof(name);

	if (f->fd < 0)
		return f->error;
	if (f->port)
		return 0;
	if (bind(f->fd, (struct sockaddr *)&name, len) < 0) {
		name.nl_pid = 0;
		if (bind(f->fd, (struct sockaddr *)&name, len) < 0)
			return -errno;
	}
	if (getsockname(f->fd, (struct sockaddr *)&name, &len) < 0)
		return -errno;
	f->port = name.nl_pid;
	return 0;
}

struct sending {
	int fd;
	struct msghdr m;
};

static int send_message(void *arg, int *fd)
{
	const struct sending *s = arg;
	ssize_t n = sendmsg(s->fd, &s->m, MSG_NOSIGNAL);

	return n < 0 ? -errno : (int)n;
}

int64_t forward_send(const struct trap *t, int netns, struct forward *f, const void *octets,
                     size_t len, const struct sockaddr_nl *to)
{
	struct iovec iov = { (void *)octets, len };
	struct sending s = {
		.fd = f->fd,
		.m = { .msg_name = (void *)to,
		       .msg_namelen = to ? sizeof(*to) : 0,
		       .msg_iov = &iov,
		       .msg_iovlen = 1 },
	};

	return f->fd < 0 ? f->error : as_caller(t, netns, send_message, &s, NULL);
}

struct option {
	int fd, name;
	const void *value;
	socklen_t len;
};

static int set_option(void *arg, int *fd)
{
	const struct option *o = arg;

	return setsockopt(o->fd, SOL_NETLINK, o->name, o->value, o->len) < 0 ? -errno : 0;
}

int forward_setsockopt(const struct trap *t, int netns, struct forward *f, int name,
                       const void *value, size_t len)
{
	struct option o = { f->fd, name, value, (socklen_t)len };

	return f->fd < 0 ? f->error : as_caller(t, netns, set_option, &o, NULL);
}

ssize_t forward_receive(struct forward *f)
{
	ssize_t n;

	if (f->fd < 0)
		return -EAGAIN;
	n = recv(f->fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	if ((size_t)n > f->size) {
		uint8_t *larger = realloc(f->buffer, (size_t)n);

		if (!larger)
			return -ENOMEM;
		f->buffer = larger;
		f->size = (size_t)n;
	}
	n = recv(f->fd, f->buffer, f->size, MSG_DONTWAIT);
	return n < 0 ? -errno : n;
}
