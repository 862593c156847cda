/* SPDX-License-Identifier: BSD-2-Clause */
/* guardian.c - see guardian.h */
#include "launcher/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/estate.h"
#include "launcher/netns_socket.h"
#include "launcher/pass.h"
#include "launcher/supervisor.h"

#define STARTS_MAX 10 /* of one supervisor, in about four seconds */

/* Descriptors beside stdin, stdout and stderr were meant for the program. */
static void descriptors_close(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a;

	if (low > 3)
		close_range(3, (unsigned int)low - 1, 0);
	if (high > low + 1)
		close_range((unsigned int)low + 1, (unsigned int)high - 1, 0);
	close_range((unsigned int)high + 1, ~0U, 0);
}

static void stdio_leave(struct launcher *l)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (atomic_load(&l->log) < 0)
		dup2(null, STDERR_FILENO);
	if (null > 2)
		close(null);
}

/* A service manager and a terminal signal all they find; the program needs us until it has ended. */
static void signals_ignore(void)
{
	static const int ignored[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE, SIGALRM,
		                       SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU };
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Who looks for the program by its command line must not find us. */
static void title_set(pid_t program)
{
	char *end = program_invocation_name;
	char title[64];
	size_t room;

	/* The arguments lie one behind the other; the environment follows. */
	for (char **e = environ; e && *e && end == program_invocation_name; e++)
		if (*e > program_invocation_name)
			end = *e;
	room = (size_t)(end - program_invocation_name);
	if (room < 2 || room > 1U << 21)
		return;
	snprintf(title, sizeof(title), "ul2tp: launcher of %d", program);
	memset(program_invocation_name, 0, room);
	memcpy(program_invocation_name, title, strlen(title) < room ? strlen(title) : room - 1);
}

static void limits_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_max < 1U << 18) {
		struct rlimit more = { 1U << 18, 1U << 18 };

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return;
	}
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Its number is compared with callers'; as long as it is held the kernel finds it at once when it is asked for theirs. */
static int userns_note(struct launcher *l)
{
	struct stat st;

	l->home_userns = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	if (l->home_userns < 0 || fstat(l->home_userns, &st) < 0)
		return -errno;
	l->home_userns_number = st.st_ino;
	return 0;
}

static int prepare(struct launcher *l, int pair, pid_t program)
{
	setsid();
	signals_ignore();
	stdio_leave(l);
	descriptors_close(pair, l->program);
	if (chdir("/") < 0)
		return -errno;
	limits_raise();
	title_set(program);
	prctl(PR_SET_NAME, "ul2tp-guardian");

	l->home_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (l->home_netns < 0)
		return -errno;
	l->private_netns = netns_private(l->home_netns);
	if (userns_note(l) < 0)
		return -errno;
	l->estate = estate_new();
	return l->estate ? 0 : -ENOMEM;
}

struct child {
	pid_t pid;
	int pidfd;
	int socket;
};

static int supervisor_start(struct launcher *l, struct child *ret, int pair)
{
	int sockets[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		close(sockets[0]);
		l->guardian = sockets[1];
		supervisor_run(l, pair);
	}
	if (pid > 0)
		ret->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pid < 0 || ret->pidfd < 0) {
		int err = -errno;

		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		close(sockets[0]);
		close(sockets[1]);
		return err;
	}
	close(sockets[1]);
	ret->pid = pid;
	ret->socket = sockets[0];
	return 0;
}

/* Until the supervisor has ended and all it said is read. Its status, of waitpid(). */
static int supervisor_attend(struct launcher *l, struct child *c)
{
	struct pollfd watched[] = {
		{ .fd = c->socket, .events = POLLIN },
		{ .fd = l->program, .events = POLLIN },
	};
	int status = 0;

	while (watched[0].fd >= 0) {
		if (poll(watched, ARRAY_SIZE(watched), -1) < 0 && errno != EINTR)
			break;
		if (watched[1].revents) {
			supervisor_program_ended(l);
			watched[1].fd = -1;
		}
		if (watched[0].revents && estate_receive(l, c->socket) < 0)
			watched[0].fd = -1;
	}
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(c->socket);
	close(c->pidfd);
	return status;
}

/* The longer the more often it is killed: whoever does that may have a reason. */
static void pause_before(unsigned int deaths)
{
	unsigned int ms = deaths < 7 ? 10U << deaths : 1000;
	struct timespec pause = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&pause, NULL);
}

/* For want of memory or processes it may not be possible at once. */
static int supervisor_next(struct launcher *l, struct child *c)
{
	unsigned int failed = 0;
	int err;

	estate_settle(l);
	while ((err = supervisor_start(l, c, -1)) < 0 && failed < STARTS_MAX)
		pause_before(failed++);
	return err;
}

static void serve(struct launcher *l, struct child *c)
{
	unsigned int deaths = 0;

	for (;;) {
		time_t started = time(NULL);
		int status = supervisor_attend(l, c), err;

		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return;
		if (time(NULL) - started > 10)
			deaths = 0;
		deaths++;
		if (WIFSIGNALED(status))
			launcher_say(l, "the supervisor was ended by signal %d: another takes over",
			             WTERMSIG(status));
		else if (deaths > 10)
			return;
		pause_before(deaths - 1);
		err = supervisor_next(l, c);
		if (err < 0) {
			launcher_say(
				l, "no other supervisor can be started: the program is alone (%s)",
				strerror(-err));
			return;
		}
	}
}

_Noreturn void guardian_run(struct launcher *l, int pair, pid_t program)
{
	struct child c = { 0 };
	struct guardian_ready failed = { 0 };
	char octet;

	failed.err = prepare(l, pair, program);
	l->listener = -1;
	if (failed.err == 0)
		failed.err = supervisor_start(l, &c, pair);
	if (failed.err < 0) {
		snprintf(failed.why, sizeof(failed.why), "cannot start a supervisor: %s",
		         strerror(-failed.err));
		pass_send(pair, &failed, sizeof(failed), -1);
		_exit(1);
	}
	/* Without a listener the supervisor sees the end of its socket, and ends, too. */
	if (pass_receive(pair, &octet, 1, &l->listener) < 0 || l->listener < 0)
		_exit(1);
	pass_send(c.socket, &octet, 1, l->listener);
	close(pair);
	serve(l, &c);
	_exit(0);
}
