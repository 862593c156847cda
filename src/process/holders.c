/* SPDX-License-Identifier: BSD-2-Clause */
/* holders.c - see holders.h */
#include "process/holders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "process/process.h"

static void dir_free(DIR *dir)
{
	if (dir)
		closedir(dir);
}

static inline void dir_auto_free(DIR **dir)
{
	dir_free(*dir);
}

#define AUTO_DIR __attribute__((cleanup(dir_auto_free))) DIR *

static int cookie_of(int fd, uint64_t *ret)
{
	socklen_t len = sizeof(*ret);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, ret, &len) < 0 ? -errno : 0;
}

int held_socket_of(int fd, struct held_socket *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret = (struct held_socket){ .ino = st.st_ino, .number = -1 };
	return cookie_of(fd, &ret->cookie);
}

/* Of a process, or of its descriptor. All else says nothing of what it has. */
static bool is_end(int err)
{
	return err == ENOENT || err == ESRCH;
}

/* The socket that the link below @dir points to; 0: it is something else, or gone, or @*all becomes false. */
static ino_t socket_behind(int dir, const char *name, bool *all)
{
	unsigned long ino;
	char text[40];
	ssize_t len = readlinkat(dir, name, text, sizeof(text) - 1);

	if (len < 0) {
		/* "." is no link. What is listed but not shown is of processes with more rights than ours. */
		*all = *all && (is_end(errno) || errno == EINVAL || errno == EACCES);
		return 0;
	}
	text[len] = '\0';
	return sscanf(text, "socket:[%lu]", &ino) == 1 ? ino : 0;
}

static int take(pid_t pid, int number)
{
	AUTO_FD process = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd;

	if (process < 0)
		return -errno;
	fd = (int)syscall(SYS_pidfd_getfd, process, number, 0); /* close-on-exec */
	return fd < 0 ? -errno : fd;
}

int holders_take(const struct held_socket *s, pid_t pid, int number)
{
	AUTO_FD fd = take(pid, number);
	struct held_socket found;

	if (fd < 0)
		return fd == -EBADF ? -ESRCH : fd;
	if (held_socket_of(fd, &found) < 0 || found.ino != s->ino || found.cookie != s->cookie)
		return -ESRCH;
	return TAKE_FD(fd);
}

/* NULL: there are no more, or @*all becomes false. */
static struct dirent *next(DIR *dir, bool *all)
{
	struct dirent *entry;

	errno = 0;
	entry = readdir(dir);
	if (!entry)
		*all = *all && (!errno || is_end(errno));
	return entry;
}

/* False: the walk is to end. *@all: whether the process could be looked into, or has gone. */
static bool walk_process(pid_t pid, bool *all,
                         bool (*see)(void *arg, pid_t pid, int number, ino_t socket), void *arg)
{
	AUTO_FD process = process_open(pid);
	int fds = process < 0 ? -1 : openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_DIR dir = fds < 0 ? NULL : fdopendir(fds);
	struct dirent *entry;

	if (!dir) {
		/* It ends just now; else nobody knows what it has. */
		*all = *all && (process < 0 ? process == -ESRCH : is_end(errno));
		if (fds >= 0)
			close(fds);
		return true;
	}
	while ((entry = next(dir, all))) {
		ino_t socket = socket_behind(fds, entry->d_name, all);

		if (socket && !see(arg, pid, atoi(entry->d_name), socket))
			return false;
	}
	return true;
}

bool holders_walk(bool (*see)(void *arg, pid_t pid, int number, ino_t socket), void *arg)
{
	AUTO_DIR proc = opendir("/proc");
	struct dirent *entry;
	bool all = proc != NULL;

	while (proc && (entry = next(proc, &all))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && pid != getpid() && !walk_process(pid, &all, see, arg))
			break;
	}
	return all;
}

struct search {
	struct held_socket *wanted;
	int fd; /* found, or what went wrong */
};

static bool see_wanted(void *arg, pid_t pid, int number, ino_t socket)
{
	struct search *search = arg;

	if (socket != search->wanted->ino || pid == search->wanted->skip)
		return true;
	search->fd = holders_take(search->wanted, pid, number);
	if (search->fd < 0)
		return true;
	search->wanted->pid = pid;
	search->wanted->number = number;
	return false;
}

int held_socket_get(struct held_socket *s)
{
	struct search search = { .wanted = s, .fd = -ESRCH };
	bool all = true;

	if (s->pid > 0 && s->number >= 0)
		search.fd = holders_take(s, s->pid, s->number);
	if (search.fd < 0 && s->pid > 0)
		walk_process(s->pid, &all, see_wanted, &search);
	if (search.fd >= 0)
		return search.fd;
	search.fd = -ESRCH;
	all = holders_walk(see_wanted, &search);
	return search.fd == -ESRCH && !all ? -EPERM : search.fd;
}
