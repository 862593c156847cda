/* SPDX-License-Identifier: BSD-2-Clause */
/* child.c - see child.h */
#include "launcher/child.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/pass.h"

static _Noreturn void child(int to, int (*fn)(void *arg, int *fd), void *arg)
{
	int fd = -1, result;

	/* It may enter a user namespace where another is root, with our memory and as our user: nobody there may trace it. */
	prctl(PR_SET_DUMPABLE, 0);
	result = fn(arg, &fd);
	pass_send(to, &result, sizeof(result), fd);
	_exit(0);
}

int child_run(int (*fn)(void *arg, int *fd), void *arg, int *fd)
{
	int pair[2], result, err, got = -1;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		child(pair[1], fn, arg);
	close(pair[1]);
	if (pid < 0) {
		err = -errno;
	} else {
		err = pass_receive(pair[0], &result, sizeof(result), &got);
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	}
	close(pair[0]);
	if (err < 0)
		return pid < 0 ? err : -ECHILD;
	if (fd)
		*fd = got;
	else if (got >= 0)
		close(got);
	return result;
}
