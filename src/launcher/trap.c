/* SPDX-License-Identifier: BSD-2-Clause */
/* trap.c - a trapped call's memory, descriptors and answers; see trap.h
 *
 * Whatever is named by a number of a process may, after the process was killed, name something of another.
 * So after reading it is asked whether the call still waits (SECCOMP_IOCTL_NOTIF_ID_VALID); only then is what
 * was read believed.
 */
#include "launcher/trap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/estate.h"
#include "launcher/memory.h"
#include "launcher/trap_listener.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* since Linux 6.9 */
#endif

/* The kernel's structure may have become longer than ours. */
union response {
	struct seccomp_notif_resp resp;
	uint8_t room[256];
};

static void decide(struct trap *t, int64_t value, int err, uint32_t flags)
{
	struct estate_answer *a = t->answer;

	if (!a || atomic_load(&a->decided))
		return;
	a->value = value;
	a->error = err;
	a->flags = flags;
	atomic_store(&a->decided, true);
}

static void not_answered_yet(void *arg, int err)
{
	launcher_say(arg, "a system call could not be answered yet: %s", strerror(-err));
}

static void answer(struct trap *t, int64_t value, int err, uint32_t flags)
{
	union response r = {
		.resp = { .id = t->notif.id, .val = value, .error = err, .flags = flags }
	};

	decide(t, value, err, flags);
	t->answered = true;
	trap_listener_answer(t->launcher->listener, &r.resp, not_answered_yet, t->launcher);
}

void trap_return(struct trap *t, int64_t value)
{
	answer(t, value, 0, 0);
}

void trap_fail(struct trap *t, int err)
{
	launcher_trace(t->launcher, 2, "%d: %s", t->notif.pid, strerror(-err));
	answer(t, 0, err, 0);
}

void trap_result(struct trap *t, int64_t result)
{
	if (result < 0)
		trap_fail(t, (int)result);
	else
		trap_return(t, result);
}

void trap_decide(struct trap *t, int64_t result)
{
	decide(t, result < 0 ? 0 : result, result < 0 ? (int)result : 0, 0);
}

bool trap_answer_again(struct trap *t)
{
	const struct estate_answer *a = t->answer;

	if (!a || !atomic_load(&a->decided))
		return false;
	answer(t, a->value, a->error, a->flags);
	return true;
}

/* Calls are numbered one by one; what a call does stands far from what the next does. */
uint64_t trap_token(struct trap *t)
{
	const uint64_t far = 0x9e3779b97f4a7c15;

	return t->launcher->estate->tokens + t->notif.id + far * t->tokens++;
}

void trap_continue(struct trap *t)
{
	answer(t, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

bool trap_is_valid(const struct trap *t)
{
	uint64_t id = t->notif.id;

	return trap_listener_ask(t->launcher->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* Descriptors */

static int pidfd_of(const struct trap *t)
{
	int fd = (int)syscall(SYS_pidfd_open, t->notif.pid, PIDFD_THREAD);

	if (fd < 0 && errno == EINVAL)
		fd = (int)syscall(SYS_pidfd_open, trap_process(t), 0);
	return fd < 0 ? -errno : fd;
}

int trap_descriptor(const struct trap *t, int number)
{
	AUTO_FD process = pidfd_of(t);
	AUTO_FD fd = -1;

	if (process < 0)
		return process;
	fd = (int)syscall(SYS_pidfd_getfd, process, number, 0);
	if (fd < 0) {
		int err = -errno;

		if (err == -EPERM)
			launcher_say_once(
				t->launcher, ONCE_DESCRIPTOR,
				"descriptors of process %d can not be had (pidfd_getfd): what needs "
				"them fails",
				trap_process(t));
		return err;
	}
	return trap_is_valid(t) ? TAKE_FD(fd) : -ESRCH;
}

int trap_descriptor_of(const struct trap *t, const struct object *o, int number)
{
	AUTO_FD fd = trap_descriptor(t, number);
	struct stat st;

	if (fd < 0)
		return fd;
	return fstat(fd, &st) == 0 && st.st_ino == o->ino && st.st_dev == o->dev ? TAKE_FD(fd)
	                                                                         : -EBADF;
}

struct object *trap_object(const struct trap *t, int number)
{
	struct object *o;
	struct stat st;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%u/fd/%d", t->notif.pid, number);
	if (number < 0 || stat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return NULL;
	o = object_find(&t->launcher->objects, st.st_ino);
	if (o && (o->dev != st.st_dev || !trap_is_valid(t))) {
		object_put(&t->launcher->objects, o);
		return NULL;
	}
	return o;
}

int trap_namespace(const struct trap *t, const char *kind)
{
	AUTO_FD fd = -1;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%u/ns/%s", t->notif.pid, kind);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return trap_is_valid(t) ? TAKE_FD(fd) : -ESRCH;
}

int trap_netns(const struct trap *t)
{
	return trap_namespace(t, "net");
}

ino_t trap_netns_number(const struct trap *t)
{
	struct stat st;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%u/ns/net", t->notif.pid);
	return stat(path, &st) == 0 && trap_is_valid(t) ? st.st_ino : 0;
}

/* A number may be another thread's by now: then it is not one of that process, as tgkill() finds before anything else. */
static bool is_thread_of(pid_t process, pid_t thread)
{
	return syscall(SYS_tgkill, process, thread, 0) == 0 || errno == EPERM;
}

static pid_t process_find(const struct trap *t)
{
	const uint32_t thread = t->notif.pid;
	_Atomic uint64_t *known = &t->launcher->process_of[thread % THREADS_KNOWN];
	const uint64_t pair = atomic_load(known);
	struct process_credentials who;
	AUTO_FD process = -1;

	if (thread && pair >> 32 == thread && is_thread_of((pid_t)(uint32_t)pair, (pid_t)thread))
		return (pid_t)(uint32_t)pair;
	process = process_open((pid_t)thread);
	if (process < 0 || process_credentials(process, &who) < 0 || !trap_is_valid(t))
		return -ESRCH;
	atomic_store(known, (uint64_t)thread << 32 | (uint32_t)who.process);
	return who.process;
}

pid_t trap_process(const struct trap *t)
{
	pid_t process = t->caller ? t->caller->process : 0;

	if (process)
		return process;
	process = process_find(t);
	if (t->caller && process > 0)
		t->caller->process = process;
	return process;
}

/* Memory */

static int memory_error(const struct trap *t, int err)
{
	if (err == -EPERM)
		launcher_say_once(t->launcher, ONCE_MEMORY,
		                  "the memory of process %d can not be read or written: %s",
		                  trap_process(t), memory_refusal());
	return err == -EPERM || err == -ESRCH ? err : -EFAULT;
}

int trap_read(const struct trap *t, uint64_t address, void *to, size_t len)
{
	ssize_t got;

	if (len == 0)
		return 0;
	got = memory_read((pid_t)t->notif.pid, address, to, len);
	if (got < 0)
		return memory_error(t, (int)got);
	if ((size_t)got < len)
		return -EFAULT;
	return trap_is_valid(t) ? 0 : -ESRCH;
}

/* To write to, and surely the caller's; -ESRCH: he has gone. */
static int memory_of(const struct trap *t)
{
	AUTO_FD memory = memory_open((pid_t)t->notif.pid);

	if (memory < 0)
		return memory;
	return trap_is_valid(t) ? TAKE_FD(memory) : -ESRCH;
}

static int write_to(const struct trap *t, int memory, uint64_t address, const void *from,
                    size_t len)
{
	ssize_t put = memory < 0 ? memory : memory_write(memory, address, from, len);

	if (put < 0)
		return memory_error(t, (int)put);
	return (size_t)put < len ? -EFAULT : 0;
}

int trap_write(const struct trap *t, uint64_t address, const void *from, size_t len)
{
	AUTO_FD memory = -1;

	if (len == 0)
		return 0;
	if (t->caller && t->caller->memory >= 0)
		return write_to(t, t->caller->memory, address, from, len);
	memory = memory_of(t);
	if (!t->caller || memory < 0)
		return write_to(t, memory, address, from, len);
	t->caller->memory = TAKE_FD(memory);
	return write_to(t, t->caller->memory, address, from, len);
}

int trap_read_string(const struct trap *t, uint64_t address, char *to, size_t size)
{
	size_t have = 0;

	/* Not past the end of a page: what comes after may not be there. */
	while (have < size) {
		size_t len = 4096 - (address + have) % 4096;
		const char *end;
		int err;

		if (len > size - have)
			len = size - have;
		err = trap_read(t, address + have, to + have, len);
		if (err < 0)
			return err;
		end = memchr(to + have, '\0', len);
		if (end)
			return (int)(end - to);
		have += len;
	}
	return -ENAMETOOLONG;
}

int trap_write_sized(const struct trap *t, uint64_t address, uint64_t length_address,
                     const void *from, uint32_t len)
{
	int32_t room;
	int err = trap_read(t, length_address, &room, sizeof(room));

	if (err < 0)
		return err;
	if (room < 0)
		return -EINVAL;
	err = trap_write(t, address, from, (uint32_t)room < len ? (uint32_t)room : len);
	return err < 0 ? err : trap_write(t, length_address, &len, sizeof(len));
}

int trap_write_option(const struct trap *t, uint64_t address, uint64_t length_address, int value)
{
	int32_t len;
	int err = trap_read(t, length_address, &len, sizeof(len));

	if (err < 0)
		return err;
	if (len < 0)
		return -EINVAL;
	if (len > (int32_t)sizeof(value))
		len = sizeof(value);
	err = trap_write(t, address, &value, (size_t)len);
	return err < 0 ? err : trap_write(t, length_address, &len, sizeof(len));
}
