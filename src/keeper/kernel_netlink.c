/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel_netlink.c - see kernel_netlink.h */
#include "keeper/kernel_netlink.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define ASK_WAIT_S   2
#define NEWS_OCTETS  (4 << 20)
#define HEADER_BYTES ((size_t)NLMSG_HDRLEN)

static int open_bound(int protocol, int flags)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	AUTO_FD fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, protocol);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int kernel_netlink_only(int fd)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0 ? -errno : 0;
}

int kernel_netlink_ask(int protocol)
{
	const struct timeval wait = { .tv_sec = ASK_WAIT_S };
	AUTO_FD fd = open_bound(protocol, 0);
	int err = fd < 0 ? fd : kernel_netlink_only(fd), one = 1;

	if (err < 0)
		return err;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	/* The answer need not repeat the request. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	return TAKE_FD(fd);
}

int kernel_netlink_news(int protocol, const int *groups, size_t count)
{
	const int octets = NEWS_OCTETS;
	AUTO_FD fd = open_bound(protocol, SOCK_NONBLOCK);

	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	for (size_t i = 0; i < count; i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
		               sizeof(groups[i])) < 0)
			return -errno;
	return TAKE_FD(fd);
}

ssize_t kernel_netlink_receive(int fd, void *octets, size_t room)
{
	struct sockaddr_nl from = { 0 };
	socklen_t len = sizeof(from);
	ssize_t n;

	do {
		n = recvfrom(fd, octets, room, MSG_TRUNC, (struct sockaddr *)&from, &len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (from.nl_pid != 0)
		return 0;
	return (size_t)n > room ? -ENOBUFS : n;
}

bool kernel_message_next(struct reader *datagram, struct nlmsghdr *m, struct reader *payload)
{
	size_t padding;

	if (read_left(datagram) < HEADER_BYTES)
		return false;
	read_copy(datagram, m, sizeof(*m));
	if (m->nlmsg_len < HEADER_BYTES)
		return false;
	*payload = read_sub(datagram, m->nlmsg_len - HEADER_BYTES);
	padding = NLMSG_ALIGN(m->nlmsg_len) - m->nlmsg_len;
	read_skip(datagram, padding < read_left(datagram) ? padding : read_left(datagram));
	return !payload->failed;
}
