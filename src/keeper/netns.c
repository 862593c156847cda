/* SPDX-License-Identifier: BSD-2-Clause */
/* netns.c - see netns.h */
#include "keeper/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* The system needs a little memory for it, which may be there a moment later. */
#define HOME_AGAIN_NS (10 * 1000 * 1000)
#define HOME_TRIES    100

#define THIS_THREAD "/proc/thread-self/ns/net"

int netns_go(int fd)
{
	return setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
}

void netns_go_home(const struct netns_home *home)
{
	const struct timespec pause = { .tv_nsec = HOME_AGAIN_NS };
	int err;

	/* Then we never went. */
	if (!home->may_enter)
		return;
	err = netns_go(home->fd);
	for (int i = 0; err == -ENOMEM && i < HOME_TRIES; i++) {
		nanosleep(&pause, NULL);
		err = netns_go(home->fd);
	}
	if (err == 0)
		return;
	log_event(LOG_ERR, "namespace-lost",
	          "error=\"can not return to my own network namespace: %s\"", strerror(-err));
	abort();
}

int netns_home_open(struct netns_home *home)
{
	AUTO_FD socket_here = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	*home = (struct netns_home){ .fd = -1 };
	if (socket_here < 0)
		return -errno;
	err = netns_cookie(socket_here, &home->id);
	if (err < 0)
		return err;
	home->fd = open(THIS_THREAD, O_RDONLY | O_CLOEXEC);
	if (home->fd < 0)
		return -errno;
	home->may_enter = netns_go(home->fd) == 0;
	return 0;
}

void netns_home_close(struct netns_home *home)
{
	if (home->fd >= 0)
		close(home->fd);
	home->fd = -1;
}

int netns_cookie(int socket, struct netns_id *ret)
{
	socklen_t len = sizeof(ret->cookie);

	return getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &ret->cookie, &len) < 0 ? -errno : 0;
}

int netns_of_socket(int socket)
{
	int fd = ioctl(socket, SIOCGSKNS);

	return fd < 0 ? -errno : fd;
}

int netns_of_device(int tap)
{
	int fd = ioctl(tap, TUNGETDEVNETNS);

	return fd < 0 ? -errno : fd;
}

ino_t netns_ino(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

int netns_go_to(const struct netns_home *home, int socket, struct netns_id id, ino_t *ino,
                struct extack *ea)
{
	AUTO_FD netns = -1;
	int err;

	*ino = 0;
	if (id.cookie == home->id.cookie)
		return 0;
	netns = netns_of_socket(socket);
	err = netns < 0 ? netns : netns_go(netns);
	if (err == -ENOMEM)
		return err;
	if (err < 0)
		return extack_fail(ea, -EPERM, 0, "ul2tpd may not enter this network namespace");
	*ino = netns_ino(netns);
	return 0;
}
