/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel_netlink.c - see kernel_netlink.h */
#include "keeper/kernel_netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define ASK_WAIT_S  2
#define NEWS_OCTETS (4 << 20)

static int open_bound(int protocol, int flags)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	AUTO_FD fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, protocol);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int kernel_netlink_ask(int protocol)
{
	const struct timeval wait = { .tv_sec = ASK_WAIT_S };
	int fd = open_bound(protocol, 0), one = 1;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	/* The answer need not repeat the request. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	return fd;
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
