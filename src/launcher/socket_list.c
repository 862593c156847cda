/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_list.c - see socket_list.h */
#include "launcher/socket_list.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define CHUNK    16384
#define READINGS 3 /* that lack a socket: then there is none */

int socket_list_open(struct socket_list *list)
{
	list->fd = open("/proc/thread-self/net/netlink", O_RDONLY | O_CLOEXEC);
	if (list->fd < 0)
		return -errno;
	pthread_mutex_init(&list->lock, NULL);
	return 0;
}

void socket_list_close(struct socket_list *list)
{
	if (list->fd < 0)
		return;
	close(list->fd);
	list->fd = -1;
	pthread_mutex_destroy(&list->lock);
}

/* sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode */
int socket_entry_read(const char *line, struct socket_entry *ret)
{
	uint32_t port, queued;
	uint64_t ino;

	if (sscanf(line, "%*x %*d %" SCNu32 " %*x %" SCNu32 " %*d %*d %*d %*d %" SCNu64, &port,
	           &queued, &ino) != 3)
		return -EBADMSG;
	*ret = (struct socket_entry){ .ino = ino, .port = port, .queued = queued };
	return 0;
}

/* Whether one of the lines in @text, which ends with a whole one, is it. */
static bool find_line(char *text, ino_t ino, struct socket_entry *ret)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (socket_entry_read(line, ret) == 0 && ret->ino == ino)
			return true;
	return false;
}

/* Reads whole lines: the kernel's file gives as many as fit, but the last may be cut. */
static int find_here(int fd, ino_t ino, struct socket_entry *ret)
{
	char text[CHUNK + 1];
	size_t kept = 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	for (;;) {
		ssize_t n = read(fd, text + kept, CHUNK - kept);
		struct socket_entry entry;
		char *end;

		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENOENT;
		kept += (size_t)n;
		end = memrchr(text, '\n', kept);
		if (!end)
			return -EBADMSG;
		*end++ = '\0';
		if (find_line(text, ino, &entry)) {
			*ret = entry;
			return 0;
		}
		kept -= (size_t)(end - text);
		memmove(text, end, kept);
	}
}

int socket_list_find(struct socket_list *list, ino_t ino, struct socket_entry *ret)
{
	int err = -ENOENT;

	pthread_mutex_lock(&list->lock);
	for (unsigned int i = 0; i < READINGS && err == -ENOENT; i++)
		err = find_here(list->fd, ino, ret);
	pthread_mutex_unlock(&list->lock);
	return err;
}
