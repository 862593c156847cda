/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_process.c - see engine_process.h */
#include "keeper/engine_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "keeper/privilege.h"
#include "keeper/request.h"

/* Where the child has what it is given; all else above standard error is closed. */
enum { CHILD_REQUESTS = 3, CHILD_EVENTS, CHILD_LISTENER, CHILD_FIRST_UNUSED };

/* Put @fd at @number. First all go out of the way, since one may stand where another is to go. */
static int move_fds(const int from[3])
{
	int away[3];

	for (int i = 0; i < 3; i++) {
		away[i] = fcntl(from[i], F_DUPFD_CLOEXEC, CHILD_FIRST_UNUSED);
		if (away[i] < 0)
			return -errno;
	}
	for (int i = 0; i < 3; i++)
		if (dup3(away[i], CHILD_REQUESTS + i, O_CLOEXEC) < 0)
			return -errno;
	return syscall(SYS_close_range, CHILD_FIRST_UNUSED, ~0u, 0) < 0 ? -errno : 0;
}

/* The keeper hears the signals of the user, and tells; a Ctrl-C reaches both. */
static void set_signals(void)
{
	sigset_t none;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* After the user was changed, which would undo it. */
static int die_with_parent(pid_t keeper)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	return getppid() == keeper ? 0 : -ESRCH;
}

static int child_main(const struct engine_setting *setting, const int fds[3], bool first,
                      pid_t keeper)
{
	struct keeper_start start = {
		.listener = CHILD_LISTENER,
		.records = setting->records,
		.first = first,
		.own_namespace_only = setting->own_namespace_only,
		.divert = setting->divert,
		.fast = setting->fast,
		.fast_why = setting->fast_why,
		.tun_error = setting->tun_error,
		.workers = setting->workers,
	};
	int err;

	set_signals();
	err = move_fds(fds);
	if (err == 0)
		err = privilege_give_up();
	if (err == 0)
		err = die_with_parent(keeper);
	if (err < 0) {
		log_event(LOG_ERR, "start-failed", "error=\"can not confine the engine: %s\"",
		          strerror(-err));
		return EXIT_FAILURE;
	}
	start.keeper = keeper_new(CHILD_REQUESTS, CHILD_EVENTS);
	return start.keeper ? setting->engine(&start, setting->arg) : EXIT_FAILURE;
}

int engine_start(struct engine_process *e, const struct engine_setting *setting, bool first)
{
	int requests[2], events[2];
	pid_t keeper = getpid(), pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, requests) < 0)
		return -errno;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, events) < 0) {
		int err = -errno;

		close(requests[0]);
		close(requests[1]);
		return err;
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int fds[] = { requests[1], events[1], setting->listener };
		int status = child_main(setting, fds, first, keeper);

		fflush(NULL);
		_exit(status);
	}
	close(requests[1]);
	close(events[1]);
	*e = (struct engine_process){ .pid = pid < 0 ? 0 : pid,
		                      .requests = requests[0],
		                      .events = events[0] };
	if (pid < 0) {
		int err = -errno;

		engine_close(e);
		return err;
	}
	return 0;
}

void engine_close(struct engine_process *e)
{
	if (e->requests >= 0)
		close(e->requests);
	if (e->events >= 0)
		close(e->events);
	*e = (struct engine_process){ .requests = -1, .events = -1 };
}

void engine_leave(const struct engine_process *e, struct bequest *b)
{
	leave_u32(b, (uint32_t)e->pid);
	leave_fd(b, e->requests);
	leave_fd(b, e->events);
}

int engine_inherit(struct engine_process *e, struct inheritance *i)
{
	const struct socket_kind kind = { .family = AF_UNIX, .type = SOCK_SEQPACKET };

	e->pid = inherit_child(i);
	e->requests = inherit_socket(i, &kind);
	e->events = inherit_socket(i, &kind);
	return inherit_failed(i) ? -EBADMSG : 0;
}

static bool ends_in_time(pid_t pid)
{
	AUTO_FD process = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = process, .events = POLLIN };

	return process >= 0 && poll(&ended, 1, ENGINE_YIELD_MS) == 1;
}

void engine_relieve(struct engine_process *e)
{
	const struct keeper_event yield = { .kind = KEEPER_EVENT_YIELD };

	if (!e->pid)
		return;
	/* It may be waiting for an answer, and must not. */
	if (e->events < 0 || e->requests < 0 ||
	    message_send(e->events, &yield, sizeof(yield), &MESSAGE_NO_FDS, MSG_DONTWAIT) < 0 ||
	    shutdown(e->requests, SHUT_RDWR) < 0 || !ends_in_time(e->pid))
		kill(e->pid, SIGKILL);
	waitpid(e->pid, NULL, 0);
	engine_close(e);
}
