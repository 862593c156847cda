/* SPDX-License-Identifier: BSD-2-Clause */
/* netns_socket.c - see netns_socket.h */
#include "launcher/netns_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/caller.h"
#include "launcher/child.h"

struct wanted {
	int netns;
	int domain, type, protocol;
};

static int make(void *arg)
{
	const struct wanted *w = arg;
	int fd = socket(w->domain, w->type | SOCK_CLOEXEC, w->protocol);

	return fd < 0 ? -errno : fd;
}

int netns_enter_as_owner(int netns)
{
	AUTO_FD userns = ioctl(netns, NS_GET_USERNS);

	if (userns < 0)
		return -errno;
	/* EINVAL: it is that of this process, which has all the rights already that it can have there. */
	if (setns(userns, CLONE_NEWUSER) < 0)
		return errno == EINVAL ? -EPERM : -errno;
	return setns(netns, CLONE_NEWNET) < 0 ? -errno : 0;
}

/* In a child, which may become another user. */
static int make_through_owner(void *arg, int *fd)
{
	const struct wanted *w = arg;
	int err = netns_enter_as_owner(w->netns);

	if (err < 0)
		return err;
	*fd = make(arg);
	return *fd < 0 ? *fd : 0;
}

int netns_socket(struct launcher *l, int netns, int domain, int type, int protocol)
{
	struct wanted w = { netns, domain, type, protocol };
	int fd = in_netns(l, netns, make, &w);

	if (fd == -EPERM) {
		int err = child_run(make_through_owner, &w, &fd);

		if (err < 0)
			return err;
	}
	return fd;
}

static bool is_stand_in(struct object_table *objects, ino_t ino)
{
	struct object *o = object_find(objects, ino);

	if (o)
		object_put(objects, o);
	return o;
}

int netns_of_socket(const struct trap *t, int fd)
{
	int netns = -1;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    !is_stand_in(&t->launcher->objects, st.st_ino))
		netns = ioctl(fd, SIOCGSKNS);
	return netns < 0 ? trap_netns(t) : netns;
}

static int open_own(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* One that a child makes in a user namespace of its own would be of no use: nobody here may enter it. */
int netns_private(int home)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	fd = open_own();
	if (setns(home, CLONE_NEWNET) < 0)
		abort(); /* everything after this would be in the wrong namespace */
	return fd;
}
