/* SPDX-License-Identifier: BSD-2-Clause */
/* guard_process.c - see guard_process.h
 *
 * When it is needed it walks over /proc once, whatever the number of sockets: each that is found in the table
 * is taken for a moment, its filter detached. A socket that a process passed on meanwhile may be missed, so it
 * walks again until all were found or nothing new is.
 */
#include "keeper/guard_process.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "keeper/classic.h"
#include "process/holders.h"

#define GUARD_PIPE  3
#define GUARD_ALONE 4
#define WALKS_MAX   3

/* What it needs to wait, to walk over /proc and to say so. */
static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(close),
	SCMP_SYS(getdents64),
	SCMP_SYS(readlinkat),
	SCMP_SYS(readlink),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(lseek),
	SCMP_SYS(fcntl),
	SCMP_SYS(getpid),
	SCMP_SYS(getsockopt),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(brk),
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(mprotect),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static int confine(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = ctx ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < ARRAY_SIZE(allowed); i++) {
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
		if (err == -EDOM)
			err = 0;
	}
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
		                       SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT, O_RDONLY));
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
		                       SCMP_A1(SCMP_CMP_EQ, SOL_SOCKET),
		                       SCMP_A2(SCMP_CMP_EQ, SO_DETACH_FILTER));
	if (!err)
		err = seccomp_load(ctx);
	seccomp_release(ctx);
	return err;
}

/* To look into processes of others takes CAP_SYS_PTRACE. Who has not got it may look only at those that have no
 * capability he has not, so he keeps what he has. */
static void give_up_capabilities(void)
{
	static const unsigned int needed[] = { CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH };
	bool have[ARRAY_SIZE(needed)];

	capng_get_caps_process();
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_PTRACE))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		have[i] = capng_have_capability(CAPNG_PERMITTED, needed[i]);
	capng_clear(CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (have[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, needed[i]);
	capng_apply(CAPNG_SELECT_CAPS);
}

/* Close all but the pipe, since a socket that it held would live on with it, and say so by @alone. */
static int keep_pipe_only(int pipe, int alone)
{
	/* out of the way first */
	alone = fcntl(alone, F_DUPFD, GUARD_ALONE);
	if (alone < 0 || dup2(pipe, GUARD_PIPE) < 0 || dup2(alone, GUARD_ALONE) < 0)
		return -errno;
	if (syscall(SYS_close_range, GUARD_ALONE + 1, ~0u, 0) < 0)
		return -errno;
	if (write(GUARD_ALONE, "", 1) != 1)
		return -EPIPE;
	return close(GUARD_ALONE);
}

struct wanted {
	struct held_socket s;
	bool freed;
};

struct work {
	struct wanted *at; /* by inode */
	size_t count, left;
};

static int wanted_compare(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return x->s.ino < y->s.ino ? -1 : x->s.ino > y->s.ino;
}

static int work_make(struct work *w, const struct guard_table *table)
{
	uint32_t used = table->used;

	*w = (struct work){ .at = calloc(used ? used : 1, sizeof(*w->at)) };
	if (!w->at)
		return -ENOMEM;
	for (uint32_t i = 0; i < used; i++) {
		struct held_socket s = { .cookie = table->at[i].cookie, .ino = table->at[i].ino };

		if (s.cookie)
			w->at[w->count++] = (struct wanted){ .s = s };
	}
	w->left = w->count;
	qsort(w->at, w->count, sizeof(*w->at), wanted_compare);
	return 0;
}

static bool see(void *arg, pid_t pid, int number, ino_t socket)
{
	struct work *w = arg;
	const struct wanted key = { .s = { .ino = socket } };
	struct wanted *found = bsearch(&key, w->at, w->count, sizeof(key), wanted_compare);
	AUTO_FD fd = -1;

	if (!found || found->freed)
		return true;
	fd = holders_take(&found->s, pid, number);
	if (fd >= 0 && classic_detach(fd) == 0) {
		found->freed = true;
		w->left--;
	}
	return w->left > 0;
}

static void free_sockets(const struct guard_table *table)
{
	struct work w;

	if (work_make(&w, table) < 0)
		return;
	for (int i = 0; i < WALKS_MAX && w.left > 0; i++) {
		size_t before = w.left;

		holders_walk(see, &w);
		if (i > 0 && w.left == before)
			break;
	}
	if (w.count > 0)
		log_event(LOG_WARNING, "sockets-freed",
		          "count=%zu of=%zu reason=\"ul2tpd has died\"", w.count - w.left, w.count);
	free(w.at);
}

int guard_main(const struct guard_table *table, int pipe, int alone)
{
	char word = 0;
	ssize_t len;

	prctl(PR_SET_NAME, "ul2tpd-guard");
	if (keep_pipe_only(pipe, alone) < 0)
		return EXIT_FAILURE;
	give_up_capabilities();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (confine() < 0)
		log_event(LOG_WARNING, "not-confined", "process=guard reason=\"no seccomp here\"");
	do
		len = read(GUARD_PIPE, &word, 1);
	while (len < 0 && errno == EINTR);
	if (len == 1 && word == GUARD_ALL_IS_WELL)
		return EXIT_SUCCESS;
	free_sockets(table);
	return EXIT_SUCCESS;
}
