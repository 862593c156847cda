/* SPDX-License-Identifier: BSD-2-Clause */
/* reply_sender.c - the sockets that the ways of answering send from, see reply_way.h */
#include "launcher/reply_way.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/cleanup.h"

int reply_sender_open(int protocol, uint32_t *port)
{
	AUTO_FD fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	struct sockaddr_nl name = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(name);

	if (fd < 0 || bind(fd, (struct sockaddr *)&name, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&name, &len) < 0)
		return -errno;
	*port = name.nl_pid;
	return TAKE_FD(fd);
}

ssize_t reply_sender_send(int fd, const struct iovec *parts, size_t count, uint32_t port)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_pid = port };
	struct msghdr m = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = (struct iovec *)parts,
		.msg_iovlen = count,
	};
	ssize_t n = sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 ? -errno : n;
}
