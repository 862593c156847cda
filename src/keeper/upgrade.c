/* SPDX-License-Identifier: BSD-2-Clause */
/* upgrade.c - see upgrade.h */
#include "keeper/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/monotonic.h"
#include "keeper/layout.h"
#include "keeper/privilege.h"

#define VARIABLE   "UL2TP_BEQUEST"
#define MAGIC      0x3174736575716562ull
#define ANSWER_MAX 64
#define DESCRIPTOR "/dev/fd/" /* what a program is called that was executed by its descriptor */
#define OWN_FILE   "/proc/self/exe"
#define PATH_ROOM  4096

extern char **environ;

/* --- the file -------------------------------------------------------------------------------------------- */

/* As it was given, symbolic links included: what they point to may be another release by then. */
static char *started_from(void)
{
	const char *given = (const char *)getauxval(AT_EXECFN);
	char here[PATH_ROOM], own[PATH_ROOM], *path;
	ssize_t len;

	if (given && given[0] == '/' && strncmp(given, DESCRIPTOR, strlen(DESCRIPTOR)) != 0)
		return strdup(given);
	if (given && given[0] != '/' && getcwd(here, sizeof(here)) &&
	    asprintf(&path, "%s/%s", here, given) >= 0)
		return path;
	len = readlink(OWN_FILE, own, sizeof(own) - 1);
	if (len < 0)
		return NULL;
	own[len] = '\0';
	return strdup(own);
}

void upgrade_open(struct upgrade *u, char **argv)
{
	*u = (struct upgrade){ .argv = argv, .path = argv ? started_from() : NULL };
}

void upgrade_close(struct upgrade *u)
{
	free(u->path);
	*u = (struct upgrade){ 0 };
}

/* --- whether it can take over ---------------------------------------------------------------------------- */

/* Our arguments and one more; the caller's. */
static char **arguments_and(char **argv, const char *more)
{
	size_t count = 0;
	char **all;

	while (argv[count])
		count++;
	all = calloc(count + 2, sizeof(*all));
	if (!all)
		return NULL;
	memcpy(all, argv, count * sizeof(*all));
	all[count] = (char *)more;
	return all;
}

/* With no signal blocked, and what it prints in @out. */
static int spawn(const char *path, char **argv, int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, pipes;
	int err;

	sigemptyset(&none);
	sigemptyset(&pipes);
	sigaddset(&pipes, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &pipes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	err = posix_spawn(pid, path, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static int left_ms(uint64_t until)
{
	uint64_t now = monotonic_ms();

	return until > now ? (int)(until - now) : 0;
}

/* Until it has closed its end, or says more than is wanted. */
static void answer_read(int in, uint64_t until, char answer[ANSWER_MAX])
{
	struct pollfd ready = { .fd = in, .events = POLLIN };
	size_t len = 0;
	ssize_t got = 1;

	while (got > 0 && poll(&ready, 1, left_ms(until)) > 0) {
		got = read(in, answer + len, ANSWER_MAX - 1 - len);
		if (got > 0)
			len += (size_t)got;
	}
	answer[len] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
}

/* The status it ended with; -1: it was killed, or had to be. */
static int end_of(pid_t pid, uint64_t until)
{
	AUTO_FD process = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = process, .events = POLLIN };
	int status = 0;

	if (process < 0 || poll(&ended, 1, left_ms(until)) != 1)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int judge(const char *answer, int status, struct extack *ea)
{
	char own[LAYOUT_TEXT_MAX];

	layout_text(own);
	if (status == 0 && !strcmp(answer, own))
		return 0;
	if (status == 0)
		return extack_fail(
			ea, -EPROTO, 0,
			"its layout is %.31s, that of this ul2tpd %s: it takes a restart, which ends all "
			"sessions",
			answer, own);
	return extack_fail(
		ea, -EPROTO, 0,
		"it knows no upgrades, or refuses the options of this ul2tpd (status %d): it takes a restart, which "
		"ends all sessions",
		status);
}

int upgrade_check(const struct upgrade *u, struct extack *ea)
{
	AUTO_MEMORY char **argv = u->path ? arguments_and(u->argv, UPGRADE_LAYOUT_OPTION) : NULL;
	AUTO_FD in = -1, out = -1;
	uint64_t until = monotonic_ms() + UPGRADE_CHECK_MS;
	char answer[ANSWER_MAX];
	int ends[2], err;
	pid_t pid;

	if (!argv)
		return extack_fail(ea, -EOPNOTSUPP, 0, "ul2tpd does not know how it was started");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return extack_fail(ea, -errno, 0, "%s", strerror(errno));
	in = ends[0];
	out = ends[1];
	err = spawn(u->path, argv, out, &pid);
	if (err < 0)
		return extack_fail(ea, err, 0, "it can not be executed: %s", strerror(-err));
	close(TAKE_FD(out));
	answer_read(in, until, answer);
	close(TAKE_FD(in)); /* who still writes is not waited for */
	return judge(answer, end_of(pid, until), ea);
}

/* --- being it -------------------------------------------------------------------------------------------- */

void upgrade_bequest_begin(struct bequest *b)
{
	leave_u64(b, MAGIC);
	leave_u64(b, layout_number());
	leave_u32(b, (uint32_t)getpid());
}

static int memory_of(const struct bequest *b)
{
	AUTO_FD fd = memfd_create("ul2tp-bequest", 0);

	if (fd < 0)
		return -errno;
	for (size_t at = 0; at < b->len;) {
		ssize_t written = write(fd, b->octets + at, b->len - at);

		if (written < 0)
			return -errno;
		at += (size_t)written;
	}
	return TAKE_FD(fd);
}

/* Only comes back if it fails. */
static int execute(const struct upgrade *u, int memory)
{
	char number[16];
	int err;

	snprintf(number, sizeof(number), "%d", memory);
	if (setenv(VARIABLE, number, 1) < 0)
		return -errno;
	privilege_bequeath(true);
	execve(u->path, u->argv, environ);
	err = -errno;
	privilege_bequeath(false);
	unsetenv(VARIABLE);
	return err;
}

int upgrade_execute(const struct upgrade *u, const struct bequest *b)
{
	AUTO_FD memory = b->failed ? -ENOMEM : memory_of(b);
	int err = memory < 0 ? memory : bequest_bind(b, true);

	if (!err)
		err = execute(u, memory);
	bequest_bind(b, false);
	return err;
}

/* --- having become it ------------------------------------------------------------------------------------ */

static bool is_for_us(struct inheritance *i)
{
	return inherit_u64(i) == MAGIC && inherit_u64(i) == layout_number() &&
	       inherit_u32(i) == (uint32_t)getpid() && !inherit_failed(i);
}

static int memory_read(int fd, struct inheritance *i)
{
	struct stat st;
	void *octets;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return -EBADMSG;
	octets = malloc((size_t)st.st_size);
	if (!octets)
		return -ENOMEM;
	i->octets = octets;
	i->reader = reader_over(octets, (size_t)st.st_size);
	if (pread(fd, octets, (size_t)st.st_size, 0) != st.st_size)
		return -EBADMSG;
	return is_for_us(i) ? 1 : -EBADMSG;
}

int upgrade_inherit(struct inheritance *i)
{
	const char *number = getenv(VARIABLE);
	AUTO_FD fd = number ? atoi(number) : -1;
	int err;

	*i = (struct inheritance){ 0 };
	if (!number)
		return 0;
	unsetenv(VARIABLE);
	if (fd <= STDERR_FILENO) {
		fd = -1;
		return -EBADMSG;
	}
	err = memory_read(fd, i);
	if (err < 0)
		upgrade_inherited(i);
	return err;
}

void upgrade_inherited(struct inheritance *i)
{
	free(i->octets);
	*i = (struct inheritance){ 0 };
}
