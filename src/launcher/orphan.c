/* SPDX-License-Identifier: BSD-2-Clause */
/* orphan.c - see orphan.h */
#include "launcher/orphan.h"

#include <linux/netlink.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <linux/sockios.h>

#include "base/cleanup.h"

static int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) < 0 ? -1 : value;
}

/* By the namespace the socket is in; SIOCGSKNS needs rights over it, which we may not have. */
static bool is_private(const struct launcher *l, int fd)
{
	AUTO_FD netns = ioctl(fd, SIOCGSKNS);
	struct stat of_socket, ours;

	if (netns < 0 || l->private_netns < 0)
		return true;
	return fstat(netns, &of_socket) == 0 && fstat(l->private_netns, &ours) == 0 &&
	       of_socket.st_ino == ours.st_ino;
}

bool orphan_is(const struct trap *t, int number)
{
	AUTO_FD fd = -1;
	int protocol;

	if (number < (int)t->launcher->range.first || number > (int)t->launcher->range.last)
		return false;
	fd = trap_descriptor(t, number);
	if (fd < 0 || option(fd, SO_DOMAIN) != AF_NETLINK)
		return false;
	protocol = option(fd, SO_PROTOCOL);
	if (protocol != NETLINK_KOBJECT_UEVENT && protocol != NETLINK_FIB_LOOKUP)
		return false;
	if (!is_private(t->launcher, fd))
		return false;
	launcher_say_once(
		t->launcher, ONCE_ORPHAN,
		"descriptor %d of process %d is a stand-in that is not known any more: the program "
		"must open another",
		number, trap_process(t));
	return true;
}
