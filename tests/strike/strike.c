/* SPDX-License-Identifier: BSD-2-Clause */
/* strike.c - at the N-th system call of a process: kill it, let the call fail, or let it wait
 *
 *     strike PID N kill | error ERRNO | delay MS      of this process, all its threads
 *     strike PID child N ...                          of the children it has from now on: the next engine
 *
 * It says "ready" when it watches, "hit NUMBER-OF-THE-CALL ARGUMENT ARGUMENT NUMBER-IN-ORDER" when it has struck, and ends; told to
 * end before (SIGTERM), it says "calls HOW-MANY". Calls that can not fail, or whose failure would be ours and not
 * the system's, are not counted. x86-64 only.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum what { KILL, ERROR, DELAY };

struct strike {
	pid_t pid;
	bool child; /* strike at the children instead */
	enum what what;
	long number, at, value;
	pid_t struck; /* the thread whose call is to fail, or waits */
	bool done;
};

#define TASKS_MAX 4096

static volatile sig_atomic_t told_to_end, waited;

static struct task {
	pid_t tid, process;
} tasks[TASKS_MAX];
static size_t task_count;

static const int not_counted[] = {
	SYS_exit,   SYS_exit_group,      SYS_rt_sigreturn,   SYS_futex,
	SYS_close,  SYS_restart_syscall, SYS_clock_gettime,  SYS_gettid,
	SYS_getpid, SYS_sched_yield,     SYS_rt_sigprocmask, SYS_madvise,
	SYS_munmap, SYS_set_robust_list, SYS_rseq,
};

static bool is_counted(const struct ptrace_syscall_info *info)
{
	long call = (long)info->entry.nr;

	if (call == SYS_epoll_ctl && info->entry.args[1] == EPOLL_CTL_DEL)
		return false;
	for (size_t i = 0; i < sizeof(not_counted) / sizeof(*not_counted); i++)
		if (not_counted[i] == call)
			return false;
	return true;
}

static pid_t process_of(pid_t tid)
{
	char path[64], line[256];
	pid_t process = tid;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Tgid: %d", &process) == 1)
			break;
	if (f)
		fclose(f);
	return process;
}

static struct task *task_of(pid_t tid)
{
	for (size_t i = 0; i < task_count; i++)
		if (tasks[i].tid == tid)
			return &tasks[i];
	if (task_count == TASKS_MAX)
		exit(2);
	tasks[task_count] = (struct task){ .tid = tid, .process = process_of(tid) };
	return &tasks[task_count++];
}

static void task_forget(pid_t tid)
{
	*task_of(tid) = tasks[task_count - 1];
	task_count--;
}

static bool is_watched(const struct strike *s, const struct task *t)
{
	return (t->process == s->pid) != s->child;
}

/* Threads that come while we look are their parents' to report. */
static void seize_all(const struct strike *s)
{
	unsigned long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
	                        (s->child ? PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK : 0);
	char path[64];
	struct dirent *entry;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", s->pid);
	d = opendir(path);
	while (d && (entry = readdir(d)))
		if (atoi(entry->d_name) > 0) {
			pid_t tid = atoi(entry->d_name);

			if (ptrace(PTRACE_SEIZE, tid, NULL, options) == 0) {
				task_of(tid);
				ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
			}
		}
	if (d)
		closedir(d);
}

static void go_on(const struct strike *s, const struct task *t, int signal)
{
	bool syscalls = is_watched(s, t) && (!s->done || s->struck == t->tid);

	ptrace(syscalls ? PTRACE_SYSCALL : PTRACE_CONT, t->tid, NULL, (long)signal);
}

/* Only to interrupt waitpid(). */
static void on_signal(int number)
{
	if (number == SIGTERM)
		told_to_end = 1;
	else
		waited = 1;
}

static void hear_signals(void)
{
	struct sigaction hear = { .sa_handler = on_signal };

	sigaction(SIGTERM, &hear, NULL);
	sigaction(SIGALRM, &hear, NULL);
}

/* Repeatedly, should the first come just before waitpid(). */
static void alarm_after(long ms)
{
	struct timeval first = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 + 1 };
	struct itimerval timer = { .it_value = first, .it_interval = { .tv_usec = 5000 } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* @t is about to make its call. The others go on meanwhile: they are no longer stopped at theirs. */
static void strike(struct strike *s, const struct task *t, const struct ptrace_syscall_info *info)
{
	s->done = true;
	printf("hit %lld %lld %lld %ld\n", (long long)info->entry.nr,
	       (long long)info->entry.args[0], (long long)info->entry.args[1], s->number);
	fflush(stdout);
	if (s->what == KILL) {
		kill(t->process, SIGKILL);
	} else if (s->what == ERROR) {
		struct user_regs_struct regs;

		ptrace(PTRACE_GETREGS, t->tid, NULL, &regs);
		regs.orig_rax = SYS_getppid; /* which is harmless, and which a filter lets pass */
		ptrace(PTRACE_SETREGS, t->tid, NULL, &regs);
		s->struck = t->tid;
	}
}

static void fail(struct strike *s, const struct task *t)
{
	struct user_regs_struct regs;

	ptrace(PTRACE_GETREGS, t->tid, NULL, &regs);
	regs.rax = (unsigned long)-s->value;
	ptrace(PTRACE_SETREGS, t->tid, NULL, &regs);
	s->struck = 0;
}

static void at_call(struct strike *s, const struct task *t)
{
	struct ptrace_syscall_info info = { 0 };

	if (!is_watched(s, t) ||
	    ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, (void *)sizeof(info), &info) < 0)
		return;
	if (s->struck == t->tid && info.op == PTRACE_SYSCALL_INFO_EXIT)
		fail(s, t);
	else if (!s->done && info.op == PTRACE_SYSCALL_INFO_ENTRY && is_counted(&info) &&
	         ++s->number == s->at)
		strike(s, t, &info);
}

/* Return: whether a thread that waits for its call is to go on later */
static bool on_stop(struct strike *s, pid_t tid, int status)
{
	struct task *t = task_of(tid);
	int signal = WSTOPSIG(status), event = status >> 16;
	bool before = s->done;

	if (signal == (SIGTRAP | 0x80)) {
		at_call(s, t);
		if (s->done && !before && s->what == DELAY)
			return true;
		go_on(s, t, 0);
	} else if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
		ptrace(PTRACE_LISTEN, tid, NULL, NULL);
	} else {
		go_on(s, t, event ? 0 : signal);
	}
	return false;
}

static bool is_over(const struct strike *s)
{
	return told_to_end || waited || (s->done && s->what == KILL) ||
	       (s->done && s->what == ERROR && !s->struck);
}

/* What still stands at a call when this process ends goes on. */
static void watch(struct strike *s)
{
	int status;

	while (!is_over(s)) {
		pid_t tid = waitpid(-1, &status, __WALL);

		if (tid < 0 && errno != EINTR)
			return;
		if (tid > 0 && !WIFSTOPPED(status))
			task_forget(tid);
		else if (tid > 0 && on_stop(s, tid, status))
			alarm_after(s->value);
	}
}

int main(int argc, char **argv)
{
	struct strike s = { .pid = argc > 3 ? atoi(argv[1]) : 0 };
	int i = 2;

	if (argc < 4)
		return 2;
	s.child = strcmp(argv[i], "child") == 0;
	i += s.child;
	s.at = atol(argv[i++]);
	s.what = strcmp(argv[i], "kill") == 0    ? KILL
	         : strcmp(argv[i], "error") == 0 ? ERROR
	                                         : DELAY;
	s.value = argc > i + 1 ? atol(argv[i + 1]) : 0;
	hear_signals();
	seize_all(&s);
	if (task_count == 0)
		return 1;
	printf("ready\n");
	fflush(stdout);
	watch(&s);
	if (!s.done)
		printf("calls %ld\n", s.number);
	return 0;
}
