/* SPDX-License-Identifier: BSD-2-Clause */
/* bequest.c - see bequest.h
 *
 * What the heir opens itself is close-on-exec, and so is what it has inherited already. So one descriptor can not be
 * inherited twice, nor in place of another.
 */
#include "keeper/bequest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

static void *grown(void *at, size_t size, size_t wanted, size_t *room)
{
	size_t more = *room ? *room : 1024;
	void *larger;

	while (more < wanted)
		more *= 2;
	if (more == *room)
		return at;
	larger = realloc(at, more * size);
	if (larger)
		*room = more;
	return larger;
}

void leave_bytes(struct bequest *b, const void *octets, size_t len)
{
	uint8_t *at = b->failed ? NULL : grown(b->octets, 1, b->len + len, &b->room);

	if (!at) {
		b->failed = true;
		return;
	}
	b->octets = at;
	memcpy(at + b->len, octets, len);
	b->len += len;
}

void leave_u32(struct bequest *b, uint32_t value)
{
	leave_bytes(b, &value, sizeof(value));
}

void leave_u64(struct bequest *b, uint64_t value)
{
	leave_bytes(b, &value, sizeof(value));
}

void leave_fd(struct bequest *b, int fd)
{
	int *at;

	leave_u32(b, (uint32_t)fd);
	if (fd < 0)
		return;
	at = b->failed ? NULL : grown(b->fds, sizeof(*at), b->fd_count + 1, &b->fd_room);
	if (!at) {
		b->failed = true;
		return;
	}
	b->fds = at;
	at[b->fd_count++] = fd;
}

int bequest_bind(const struct bequest *b, bool stay)
{
	for (size_t i = 0; i < b->fd_count; i++)
		if (fcntl(b->fds[i], F_SETFD, stay ? 0 : FD_CLOEXEC) < 0 && stay)
			return -errno;
	return 0;
}

void bequest_release(struct bequest *b)
{
	free(b->octets);
	free(b->fds);
	*b = (struct bequest){ 0 };
}

uint32_t inherit_u32(struct inheritance *i)
{
	return read_u32_host(&i->reader);
}

uint64_t inherit_u64(struct inheritance *i)
{
	return read_u64_host(&i->reader);
}

bool inherit_bool(struct inheritance *i)
{
	uint32_t value = inherit_u32(i);

	if (value > 1)
		inherit_refuse(i);
	return value == 1;
}

void inherit_bytes(struct inheritance *i, void *to, size_t len)
{
	read_copy(&i->reader, to, len);
}

void inherit_address(struct inheritance *i, union address *ret)
{
	inherit_bytes(i, ret, sizeof(*ret));
	if (ret->any.sa_family != AF_INET && ret->any.sa_family != AF_INET6 &&
	    ret->any.sa_family != AF_UNSPEC)
		inherit_refuse(i);
}

int inherit_fd(struct inheritance *i)
{
	int fd = (int)inherit_u32(i), flags;

	if (inherit_failed(i) || fd == -1)
		return -1;
	flags = fd > STDERR_FILENO ? fcntl(fd, F_GETFD) : -1;
	if (flags < 0 || flags & FD_CLOEXEC || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		inherit_refuse(i);
		return -1;
	}
	return fd;
}

static bool has(int fd, int option, int wanted)
{
	socklen_t len = sizeof(int);
	int value = 0;

	return !wanted ||
	       (getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == wanted);
}

static bool is_socket(int fd, const struct socket_kind *kind)
{
	struct netns_id netns = { 0 };
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) || !has(fd, SO_DOMAIN, kind->family) ||
	    !has(fd, SO_TYPE, kind->type) || !has(fd, SO_PROTOCOL, kind->protocol))
		return false;
	return !kind->netns || (netns_cookie(fd, &netns) == 0 && netns.cookie == kind->netns);
}

/* Return: @fd; -1 it is not what it should be, and is closed. */
static int fd_if(struct inheritance *i, int fd, bool right)
{
	if (fd < 0 || right)
		return fd;
	close(fd);
	inherit_refuse(i);
	return -1;
}

int inherit_socket(struct inheritance *i, const struct socket_kind *kind)
{
	int fd = inherit_fd(i);

	return fd_if(i, fd, fd >= 0 && is_socket(fd, kind));
}

int inherit_file(struct inheritance *i, mode_t type, dev_t device)
{
	int fd = inherit_fd(i);
	struct stat st;
	bool right = fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type;

	return fd_if(i, fd, right && (!device || st.st_rdev == device));
}

pid_t inherit_child(struct inheritance *i)
{
	pid_t pid = (pid_t)inherit_u32(i);
	siginfo_t info;

	if (inherit_failed(i) || !pid)
		return 0;
	if (pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		return pid;
	inherit_refuse(i);
	return 0;
}
