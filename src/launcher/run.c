/* SPDX-License-Identifier: BSD-2-Clause */
/* run.c - see run.h
 *
 *	ul2tp run ---+--- fork, fork --- guardian --- fork --- supervisor
 *	             |                      |  "ready": by which way answers go
 *	       the filter                   |
 *	             +--- messenger --------+  its listener, over the pair
 *	             |                      |  "served"
 *	        the program
 *
 * The filter is installed by the process that becomes the program, and from then on applies to it: what it
 * sends may already be trapped. So another process with the same table of descriptors, made before, hands
 * the listener over.
 */
#include "launcher/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/calls.h"
#include "launcher/filter.h"
#include "launcher/guardian.h"
#include "launcher/pass.h"

#define RUN_FAILED 1

/* Since Linux 5.19. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

int run_program_natively(char **program)
{
	int err;

	execvp(program[0], program);
	err = errno;
	fprintf(stderr, "ul2tp run: cannot execute \"%s\": %s\n", program[0], strerror(err));
	return err == ENOENT ? RUN_NOT_FOUND : RUN_NOT_EXECUTABLE;
}

/* Room for stand-ins below the limit, and below what select() can watch; for those of PPP below that, and with --files below
 * that for sockets of NETLINK_ROUTE. */
static int ranges_choose(struct launcher *l)
{
	struct rlimit limit;
	unsigned int end, size;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	end = limit.rlim_cur < FD_SETSIZE ? (unsigned int)limit.rlim_cur : FD_SETSIZE;
	size = end / 8 < 64 ? end / 8 : 64;
	if (end < 32)
		return -EMFILE;
	l->range = (struct descriptor_range){ end - size, end - 1 };
	l->ppp_range = (struct descriptor_range){ end - 3 * size, end - size - 1 };
	if (l->options.files)
		l->route_range = (struct descriptor_range){ end - 4 * size, end - 3 * size - 1 };
	return 0;
}

/* Whether a launcher serves this process already: it has an answer to what is a mistake otherwise. */
static bool is_served(void)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
	               NULL) < 0 &&
	       errno == EBUSY;
}

/* As fork(), but for its end no signal is sent: the program must not find one waiting for it. */
static pid_t fork_quietly(unsigned long flags)
{
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

static int wait_quietly(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, __WCLONE) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

/* Leaves our end of the pair in *pair. */
static int guardian_start(struct launcher *l, int *pair)
{
	int sockets[2], err;
	pid_t middle;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	middle = fork_quietly(0);
	if (middle == 0) {
		pid_t program = getppid();
		pid_t guardian = fork();

		if (guardian == 0) {
			close(sockets[0]);
			guardian_run(l, sockets[1], program);
		}
		_exit(guardian < 0);
	}
	close(sockets[1]);
	err = middle < 0 ? -errno : wait_quietly(middle);
	if (err < 0)
		close(sockets[0]);
	else
		*pair = sockets[0];
	return err;
}

/* The listener. Rights that are not there are done without; SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is, on a kernel before
 * 5.19. The filter confines nobody: before 5.16 it would cost a program its speculation, too. */
static int filter_install(const struct sock_fprog *program)
{
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW |
	                      SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;

	for (;;) {
		int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);

		if (fd >= 0)
			return fd;
		if (errno == EINVAL && flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
			flags &= ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
		else if (errno != EACCES || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
		         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return -errno;
	}
}

static int filter_make(const struct launcher *l, enum reply_way reply, struct sock_fprog *ret)
{
	const struct filter_setup setup = {
		.native = ABI_NATIVE,
		.range = { l->ppp_range.first, l->range.last },
		.ppp_range = l->ppp_range,
		.route_range = l->route_range,
		.receive = reply == REPLY_TRAP,
		.files = l->options.files,
		.all_sends = l->options.trap_all_sends,
	};
	size_t count;
	const struct filter_call *calls = calls_table(&count);
	int len = filter_build(&setup, calls, count, ret->filter);

	ret->len = (unsigned short)len;
	return len < 0 ? len : 0;
}

/* Between the filter and the guardian */

struct messenger {
	int pair;
	int go[2];     /* closed by the program's process when there is a listener */
	int *listener; /* shared */
	pid_t pid;
};

static _Noreturn void messenger_run(const struct messenger *m)
{
	char octet = 0;
	int none;

	/* The table of descriptors is the other's, too: closing its end is closing the pipe. */
	if (read(m->go[0], &octet, 1) != 0 || *m->listener < 0)
		_exit(1);
	if (pass_send(m->pair, &octet, 1, *m->listener) < 0 ||
	    pass_receive(m->pair, &octet, 1, &none) < 0)
		_exit(1);
	_exit(0);
}

static int messenger_start(struct messenger *m, int pair)
{
	m->pair = pair;
	m->listener =
		mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m->listener == MAP_FAILED || pipe2(m->go, O_CLOEXEC) < 0)
		return -errno;
	*m->listener = -1;
	m->pid = fork_quietly(CLONE_FILES);
	if (m->pid == 0)
		messenger_run(m);
	return m->pid < 0 ? -errno : 0;
}

static int messenger_finish(struct messenger *m, int listener)
{
	int err;

	*m->listener = listener;
	close(m->go[1]);
	err = wait_quietly(m->pid);
	if (listener >= 0)
		close(listener);
	close(m->go[0]);
	close(m->pair);
	munmap(m->listener, sizeof(int));
	return err;
}

static int fail(struct launcher *l, const char *what, int err)
{
	launcher_say(l, "%s: %s", what, strerror(-err));
	return RUN_FAILED;
}

static int filter_and_execute(struct launcher *l, int pair, enum reply_way reply, char **program)
{
	struct sock_filter instructions[FILTER_MAX];
	struct sock_fprog filter = { .filter = instructions };
	struct messenger messenger;
	int err = filter_make(l, reply, &filter);
	int listener;

	if (err == 0)
		err = messenger_start(&messenger, pair);
	if (err < 0)
		return fail(l, "cannot prepare the filter", err);
	listener = filter_install(&filter);
	err = messenger_finish(&messenger, listener);
	if (listener == -EBUSY)
		return fail(l, "another program already supervises the system calls of this one",
		            listener);
	if (listener < 0)
		return fail(
			l,
			"cannot install a system call filter (\"ul2tp run --check\" shows what is missing)",
			listener);
	if (err < 0)
		return fail(l, "the supervisor does not answer", err);
	return run_program_natively(program);
}

int run_program(const struct launcher_options *options, char **program)
{
	struct launcher l = {
		.options = *options, .log = STDERR_FILENO, .listener = -1, .private_netns = -1
	};
	struct guardian_ready ready;
	int pair = -1, none, err;

	/* Where the command line is, there will be another title. */
	if (options->socket && !(l.options.socket = strdup(options->socket)))
		return fail(&l, "no memory", -ENOMEM);
	if (ABI_NATIVE == ABIS) {
		launcher_say(&l, "only amd64 and arm64 are served");
		return RUN_FAILED;
	}
	if (is_served()) {
		launcher_trace(&l, 1, "a launcher around serves this program, too");
		return run_program_natively(program);
	}
	if (access("/proc/self/ns/net", F_OK) < 0)
		return fail(&l, "/proc is needed (mount -t proc proc /proc)", -errno);
	err = ranges_choose(&l);
	if (err < 0)
		return fail(&l, "RLIMIT_NOFILE is too low (ulimit -n)", err);
	l.program = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (l.program >= 0)
		err = guardian_start(&l, &pair);
	if (l.program < 0 || err < 0)
		return fail(&l, "cannot start a supervisor", l.program < 0 ? -errno : err);
	close(l.program);
	err = pass_receive(pair, &ready, sizeof(ready), &none);
	if (err == 0 && ready.err < 0) {
		launcher_say(&l, "%s", ready.why);
		return RUN_FAILED;
	}
	if (err < 0)
		return fail(&l, "the supervisor ended before it began", err);
	/* Where Yama lets only ancestors look into a process (ptrace_scope 1), the supervisors are those of the guardian.
	 * EINVAL: there is no Yama. */
	prctl(PR_SET_PTRACER, (unsigned long)ready.guardian, 0, 0, 0);
	return filter_and_execute(&l, pair, ready.reply, program);
}
