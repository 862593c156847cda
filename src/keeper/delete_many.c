/* SPDX-License-Identifier: BSD-2-Clause */
/* delete_many.c - see delete_many.h */
#include "keeper/delete_many.h"

#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/link.h"
#include "keeper/tap.h"

/* Those still to be deleted; borrowed descriptors. */
struct rest {
	int *fd;
	size_t count;
};

/* Whether the interface is in the namespace with inode @ino; if so it is put into @group. */
static bool gather(int link, int fd, ino_t ino, uint32_t group)
{
	AUTO_FD netns = netns_of_device(fd);
	char name[IFNAMSIZ];

	if (netns < 0 || netns_ino(netns) != ino || tap_name(fd, name) < 0)
		return false;
	return link_set_group(link, name, group) == 0;
}

/* A number nobody else uses for a group: those people choose are small. */
static uint32_t group_number(void)
{
	uint32_t group;

	if (getrandom(&group, sizeof(group), GRND_NONBLOCK) != sizeof(group))
		group = (uint32_t)getpid();
	return group | 1u << 31;
}

/* Put those of @rest that are in the namespace we entered, its first among them, into @group. Return: how many */
static size_t gather_all(struct rest *rest, int link, ino_t ino, uint32_t group)
{
	size_t count = rest->count, kept = 0;

	for (size_t i = 0; i < count; i++)
		if (!gather(link, rest->fd[i], ino, group))
			rest->fd[kept++] = rest->fd[i];
	rest->count = kept;
	return count - kept;
}

/* Delete the interfaces of @rest that are in the same namespace as its first; they leave @rest. */
static void delete_namespace(const struct netns_home *home, struct rest *rest)
{
	AUTO_FD netns = netns_of_device(rest->fd[0]);
	uint32_t group = group_number();
	size_t gathered = 0;
	AUTO_FD link = -1;

	if (netns >= 0 && (!home->may_enter || netns_go(netns) == 0))
		link = link_socket();
	if (link >= 0)
		gathered = gather_all(rest, link, netns_ino(netns), group);
	if (gathered > 0)
		link_delete_group(link, group);
	else /* Deleted already, with its namespace or by its user; else closing must do. */
		rest->fd[0] = rest->fd[--rest->count];
}

void delete_many(const struct netns_home *home, const int *fds, size_t count)
{
	AUTO_MEMORY int *copy = calloc(count, sizeof(*copy));
	struct rest rest = { .fd = copy, .count = count };

	if (!copy || count == 0)
		return;
	memcpy(copy, fds, count * sizeof(*copy));
	while (rest.count > 0)
		delete_namespace(home, &rest);
	if (home->may_enter)
		netns_go_home(home);
}

bool delete_is_done(int fd)
{
	struct pollfd tap = { .fd = fd };

	return poll(&tap, 1, 0) == 1 && (tap.revents & POLLERR);
}
