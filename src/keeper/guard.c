/* SPDX-License-Identifier: BSD-2-Clause */
/* guard.c - see guard.h
 *
 * The guard knows of the keeper's end by a pipe whose other end only the keeper has. Engines are forked after
 * it, but close what they do not know.
 *
 * A fork holds what the keeper holds, a program's socket among it, until it closes it. The guard says by another
 * pipe that it has; before, whoever looks for the holders of the socket would find it. A pair of sockets would do
 * for both, but it would be of the namespace that the keeper is in, and keep it.
 */
#include "keeper/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "keeper/guard_process.h"

struct guard {
	struct guard_table *table;
	const struct netns_home *home;
	uint32_t free; /* no entry below it is free */
	pid_t pid;     /* 0: none */
	int pipe;      /* to it */
};

static size_t table_size(uint32_t max)
{
	return sizeof(struct guard_table) + (size_t)max * sizeof(struct guarded);
}

struct guard *guard_new(uint32_t max, const struct netns_home *home)
{
	struct guard *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->pipe = -1;
	g->home = home;
	g->table = mmap(NULL, table_size(max), PROT_READ | PROT_WRITE,
	                MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (g->table == MAP_FAILED) {
		free(g);
		return NULL;
	}
	g->table->max = max;
	return g;
}

static void guard_forget(struct guard *g)
{
	close(g->pipe);
	g->pipe = -1;
	g->pid = 0;
}

/* Until the guard has closed @alone, too; -ECHILD: it said nothing before, so it has ended instead. */
static int wait_until_alone(int alone)
{
	bool said = false;
	char word;
	ssize_t len;

	while ((len = read(alone, &word, 1)) != 0) {
		if (len > 0)
			said = true;
		else if (errno != EINTR)
			break;
	}
	return said ? 0 : -ECHILD;
}

/* Signals to the whole group are not for the guard: it ends when the keeper has. */
static pid_t guard_fork(struct guard *g, struct reaper *reaper, int pipe, int alone)
{
	sigset_t all, before;
	pid_t pid;

	if (reaper)
		reaper_rest(reaper);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (g->home && g->home->may_enter)
			netns_go_home(g->home);
		_exit(guard_main(g->table, pipe, alone));
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (reaper)
		reaper_go_on(reaper);
	return pid < 0 ? -errno : pid;
}

static int guard_start(struct guard *g, struct reaper *reaper)
{
	AUTO_FD to_guard = -1, from_keeper = -1, to_keeper = -1, from_guard = -1;
	int down[2], up[2];
	pid_t pid;

	if (pipe2(down, O_CLOEXEC) < 0)
		return -errno;
	from_keeper = down[0];
	to_guard = down[1];
	if (pipe2(up, O_CLOEXEC) < 0)
		return -errno;
	from_guard = up[0];
	to_keeper = up[1];
	pid = guard_fork(g, reaper, from_keeper, to_keeper);
	if (pid < 0)
		return pid;
	close(TAKE_FD(to_keeper));
	if (wait_until_alone(from_guard) < 0) {
		waitpid(pid, NULL, 0);
		return -ECHILD;
	}
	g->pid = pid;
	g->pipe = TAKE_FD(to_guard);
	return 0;
}

/* A guard that can not be told must not act. */
static void dismiss(pid_t pid, int pipe)
{
	const char word = GUARD_ALL_IS_WELL;

	if (write(pipe, &word, 1) != 1)
		kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void guard_free(struct guard *g)
{
	if (!g)
		return;
	if (g->pid) {
		dismiss(g->pid, g->pipe);
		guard_forget(g);
	}
	munmap(g->table, table_size(g->table->max));
	free(g);
}

int guard_add(struct guard *g, struct reaper *reaper, const struct held_socket *s, uint32_t *place)
{
	struct guard_table *table = g->table;
	uint32_t i = g->free;

	while (i < table->max && table->at[i].cookie)
		i++;
	if (i == table->max)
		return -ENFILE;
	if (!g->pid) {
		int err = guard_start(g, reaper);

		if (err < 0)
			return err;
	}
	table->at[i].ino = s->ino;
	table->at[i].cookie = s->cookie;
	if (table->used <= i)
		table->used = i + 1;
	g->free = i + 1;
	*place = i;
	return 0;
}

void guard_remove(struct guard *g, uint32_t place)
{
	g->table->at[place].cookie = 0;
	if (g->free > place)
		g->free = place;
}

void guard_look(struct guard *g, struct reaper *reaper)
{
	int status;

	if (!g->pid || waitpid(g->pid, &status, WNOHANG) != g->pid)
		return;
	guard_forget(g);
	/* One that ended by itself would do so again. */
	if (!WIFSIGNALED(status) || guard_start(g, reaper) < 0)
		log_event(LOG_WARNING, "guard-failed",
		          "effect=\"filters stay on programs' sockets if I am killed\"");
}

pid_t guard_pid(const struct guard *g)
{
	return g->pid;
}

void guard_leave(const struct guard *g, struct bequest *b)
{
	leave_u32(b, (uint32_t)g->pid);
	leave_fd(b, g->pid ? g->pipe : -1);
}

int former_guard_inherit(struct former_guard *f, struct inheritance *i)
{
	f->pid = inherit_child(i);
	f->pipe = inherit_file(i, S_IFIFO, 0);
	return inherit_failed(i) || (f->pid != 0) != (f->pipe >= 0) ? -EBADMSG : 0;
}

void former_guard_dismiss(struct former_guard *f)
{
	if (f->pid)
		dismiss(f->pid, f->pipe);
	if (f->pipe >= 0)
		close(f->pipe);
	*f = (struct former_guard){ .pipe = -1 };
}

void former_guard_let_act(struct former_guard *f)
{
	if (f->pipe >= 0)
		close(f->pipe);
	if (f->pid)
		waitpid(f->pid, NULL, 0);
	*f = (struct former_guard){ .pipe = -1 };
}
