/* SPDX-License-Identifier: BSD-2-Clause */
/* listener.c - see listener.h */
#include "keeper/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "keeper/place_lock.h"

#define LISTEN_FDS_START 3
#define BACKLOG          512

static int say(int err, const char *path, const char *what)
{
	log_event(LOG_ERR, "start-failed", "socket=%s error=\"%s\"", path, what);
	return err;
}

static int passed_option(int option)
{
	socklen_t len = sizeof(int);
	int value = -1;

	return getsockopt(LISTEN_FDS_START, SOL_SOCKET, option, &value, &len) < 0 ? -1 : value;
}

static int prepare(int fd, const char *path)
{
	int one = 1;

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)) < 0)
		return say(-errno, path, strerror(errno));
	return 0;
}

static int listener_take_passed(struct listener *l)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	int err;

	if (!pid || !count || strtol(pid, NULL, 10) != getpid())
		return say(-EINVAL, "none", "no socket path, and none passed by a service manager");
	if (strcmp(count, "1") != 0)
		return say(-EINVAL, "passed", "the service manager must pass exactly one socket");
	if (passed_option(SO_DOMAIN) != AF_UNIX || passed_option(SO_TYPE) != SOCK_SEQPACKET ||
	    passed_option(SO_ACCEPTCONN) != 1)
		return say(
			-EINVAL, "passed",
			"the service manager must pass a listening Unix socket of type SOCK_SEQPACKET");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	err = prepare(LISTEN_FDS_START, "passed");
	if (err == 0)
		l->fd = LISTEN_FDS_START;
	return err;
}

/* A file of another kind refuses connections, too, but is nobody's socket. */
static bool is_socket(const struct sockaddr_un *address)
{
	struct stat st;

	return lstat(address->sun_path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* What an earlier daemon left behind: a socket that nobody listens on. */
static bool is_stale(const struct sockaddr_un *address)
{
	AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 && is_socket(address) &&
	       connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
	       errno == ECONNREFUSED;
}

static int bind_for_everyone(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(0111); /* 0666 */
	int err = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

	umask(before);
	return err;
}

/* /run/ul2tp may not be there yet; whatever is above it is. */
static void make_directory(const char *path)
{
	char directory[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (!slash || slash == directory)
		return;
	*slash = '\0';
	mkdir(directory, 0755);
}

static const char *bind_words(int err)
{
	switch (err) {
	case -EACCES:
		return "ul2tpd may not make it there: run it as root, or name another by --socket";
	case -ENOENT:
		return "the directory it should be in is not there";
	default:
		return strerror(-err);
	}
}

static int listener_bind(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int err;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	err = bind_for_everyone(fd, &address);
	if (err == -EADDRINUSE) {
		if (!is_stale(&address))
			return say(
				err, path,
				is_socket(&address)
					? "another ul2tpd listens there: stop it, or name another path by --socket"
					: "a file that is no socket is there: remove it, or name another path by --socket");
		unlink(path);
		err = bind_for_everyone(fd, &address);
	}
	return err < 0 ? say(err, path, bind_words(err)) : 0;
}

/* Bound and listening, so that nobody finds it in between and takes it for one that was left behind. */
static int listener_make(struct listener *l, const char *path)
{
	AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct stat st;
	int err;

	if (fd < 0)
		return say(-errno, path, strerror(errno));
	err = listener_bind(fd, path);
	if (err < 0)
		return err;
	if (stat(path, &st) == 0) {
		l->path = path;
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	err = prepare(fd, path);
	if (err == 0 && listen(fd, BACKLOG) < 0)
		err = say(-errno, path, strerror(errno));
	if (err == 0)
		l->fd = TAKE_FD(fd);
	return err;
}

/* If it still is ours. */
static void listener_remove(struct listener *l)
{
	struct stat st;

	if (l->path && stat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		unlink(l->path);
	l->path = NULL;
}

int listener_open(struct listener *l, const char *path)
{
	int lock, err;

	*l = (struct listener){ .fd = -1 };
	if (!path)
		return listener_take_passed(l);
	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return say(-ENAMETOOLONG, path, "the path is too long for a socket");
	make_directory(path);
	lock = place_lock(path);
	if (lock == -EBUSY)
		return say(lock, path,
		           "another ul2tpd has been starting or ending there for seconds");
	err = listener_make(l, path);
	if (err < 0)
		listener_remove(l);
	place_unlock(path, lock);
	return err;
}

void listener_close(struct listener *l)
{
	const char *path = l->path;
	int lock = path ? place_lock(path) : -1;

	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	listener_remove(l);
	place_unlock(path, lock);
}

void listener_leave(const struct listener *l, struct bequest *b)
{
	leave_fd(b, l->fd);
	leave_u32(b, l->path != NULL);
	leave_u64(b, l->dev);
	leave_u64(b, l->ino);
}

int listener_inherit(struct listener *l, const char *path, struct inheritance *i)
{
	const struct socket_kind kind = { .family = AF_UNIX, .type = SOCK_SEQPACKET };

	*l = (struct listener){ .fd = inherit_socket(i, &kind) };
	l->path = inherit_bool(i) ? path : NULL;
	l->dev = inherit_u64(i);
	l->ino = inherit_u64(i);
	return inherit_failed(i) || l->fd < 0 ? -EBADMSG : 0;
}
