/* SPDX-License-Identifier: BSD-2-Clause */
/* managed_socket.c - see managed_socket.h */
#include "launcher/managed_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/caller.h"
#include "launcher/daemon_link.h"
#include "launcher/estate.h"
#include "process/holders.h"

/* As long as a sockaddr or an option that matters can be. */
#define ARGUMENT_MAX 128

/* --- which sockets */

void managed_socket_note(struct launcher *l, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0)
		tunnel_sockets_add(&l->estate->managed, st.st_ino);
}

static void forget(struct launcher *l, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0)
		tunnel_sockets_remove(&l->estate->managed, st.st_ino);
}

struct seeing {
	void (*see)(void *arg, uint64_t ino);
	void *arg;
};

static bool see_held(void *arg, pid_t pid, int number, ino_t socket)
{
	const struct seeing *s = arg;

	s->see(s->arg, socket);
	return true;
}

static bool walk(void (*see)(void *arg, uint64_t ino), void *arg)
{
	return holders_walk(see_held, &(struct seeing){ see, arg });
}

void managed_sockets_collect(struct launcher *l)
{
	if (tunnel_sockets_collect(&l->estate->managed, walk))
		launcher_trace(l, 1, "sockets of tunnels that were closed are forgotten");
}

/* A duplicate of the program's descriptor if it is a tunnel's socket; else -1, for next to nothing. */
static int tunnel_socket(struct trap *t)
{
	int number = (int)trap_argument(t, 0);
	struct launcher *l = t->launcher;
	AUTO_FD fd = -1;
	char path[48];
	struct stat st;

	if (!atomic_load(&l->estate->managed.any))
		return -1;
	snprintf(path, sizeof(path), "/proc/%u/fd/%d", t->notif.pid, number);
	if (stat(path, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    !tunnel_sockets_has(&l->estate->managed, st.st_ino))
		return -1;
	fd = trap_descriptor(t, number);
	if (fd < 0 || fstat(fd, &st) < 0 || !tunnel_sockets_has(&l->estate->managed, st.st_ino))
		return -1;
	return TAKE_FD(fd);
}

/* --- the calls */

struct call {
	int fd;
	int level, option; /* of setsockopt() */
	socklen_t len;
	_Alignas(struct sockaddr_storage) uint8_t argument[ARGUMENT_MAX];
};

static int call_connect(void *arg, int *unused)
{
	const struct call *c = arg;

	return connect(c->fd, (const struct sockaddr *)c->argument, c->len) < 0 ? -errno : 0;
}

static int call_setsockopt(void *arg, int *unused)
{
	const struct call *c = arg;

	return setsockopt(c->fd, c->level, c->option, c->argument, c->len) < 0 ? -errno : 0;
}

/* ul2tpd looks at the socket again. -ENOENT: one that has no tunnel any more is an ordinary one. */
static int tell(struct trap *t, int netns, int fd)
{
	struct daemon_link link = DAEMON_LINK_CLOSED;
	int err = -EPIPE;

	for (int tries = 0; err == -EPIPE && tries < DAEMON_LINK_TRIES; tries++) {
		err = daemon_link_open(t->launcher, netns, false, NULL, &link);
		if (err == 0)
			err = daemon_link_socket_changed(&link, fd);
	}
	daemon_link_close(&link);
	if (err == -ENOENT)
		forget(t->launcher, fd);
	else if (err < 0)
		launcher_trace(t->launcher, 1,
		               "ul2tpd did not hear that a tunnel's socket has changed: %s",
		               strerror(-err));
	return err;
}

static bool is_filter(const struct call *c)
{
	return c->level == SOL_SOCKET &&
	       (c->option == SO_ATTACH_FILTER || c->option == SO_DETACH_FILTER ||
	        c->option == SO_ATTACH_BPF);
}

/* ul2tpd's is there, and a socket has one: in the program's place data would go to the program, and nothing to its
 * sessions. It is refused as one that is locked. Where no ul2tpd is, there is no filter of its either. */
static void refuse_filter(struct trap *t, int fd)
{
	AUTO_FD netns = trap_netns(t);
	int err = netns < 0 ? netns : tell(t, netns, fd);

	if (err == -ENOENT || err == -ECONNREFUSED) {
		trap_continue(t);
		return;
	}
	launcher_say_once(t->launcher, ONCE_FILTER,
	                  "process %d gets EPERM for a socket filter: the socket of a tunnel has "
	                  "ul2tpd's, until the tunnel is deleted",
	                  trap_process(t));
	trap_fail(t, -EPERM);
}

/* Do it, tell, answer. */
static void serve(struct trap *t, struct call *c, uint64_t address,
                  int (*fn)(void *arg, int *unused))
{
	AUTO_FD netns = trap_netns(t);
	int err = netns < 0 ? netns : trap_read(t, address, c->argument, c->len);

	if (err == 0)
		err = as_caller(t, netns, fn, c, NULL);
	if (err == 0)
		tell(t, netns, c->fd);
	trap_result(t, err);
}

void managed_socket_connect(struct trap *t)
{
	struct call c = { .fd = -1, .len = (socklen_t)trap_argument(t, 2) };
	AUTO_FD fd = c.len <= ARGUMENT_MAX ? tunnel_socket(t) : -1;

	if (fd < 0) {
		trap_continue(t);
		return;
	}
	c.fd = fd;
	serve(t, &c, trap_argument(t, 1), call_connect);
}

void managed_socket_setsockopt(struct trap *t)
{
	struct call c = {
		.fd = -1,
		.level = (int)trap_argument(t, 1),
		.option = (int)trap_argument(t, 2),
		.len = (socklen_t)trap_argument(t, 4),
	};
	AUTO_FD fd = is_filter(&c) || c.len <= ARGUMENT_MAX ? tunnel_socket(t) : -1;

	if (fd < 0) {
		trap_continue(t);
		return;
	}
	c.fd = fd;
	if (is_filter(&c))
		refuse_filter(t, fd);
	else
		serve(t, &c, trap_argument(t, 3), call_setsockopt);
}
