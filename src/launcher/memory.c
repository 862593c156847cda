/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.c - see memory.h */
#include "launcher/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"

/* A process's own memory it may always read; so EPERM is the profile's. */
static bool calls_are_refused(void)
{
	static _Atomic int known; /* 0: not known yet */
	int refused = atomic_load_explicit(&known, memory_order_relaxed);

	if (!refused) {
		char there = 0, here;
		struct iovec to = { &here, 1 }, from = { &there, 1 };

		refused = process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 1 ? -1 : 1;
		atomic_store_explicit(&known, refused, memory_order_relaxed);
	}
	return refused > 0;
}

static int file_open(pid_t thread, int flags)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", thread);
	fd = open(path, flags | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	return errno == ENOENT ? -ESRCH : errno == EACCES ? -EPERM : -errno;
}

/* What is not mapped is EIO in a file. */
static ssize_t result(ssize_t n)
{
	if (n >= 0)
		return n;
	return errno == EIO ? -EFAULT : -errno;
}

ssize_t memory_read(pid_t thread, uint64_t address, void *to, size_t len)
{
	AUTO_FD fd = -1;

	if (!calls_are_refused()) {
		struct iovec ours = { to, len }, theirs = { (void *)(uintptr_t)address, len };

		return result(process_vm_readv(thread, &ours, 1, &theirs, 1, 0));
	}
	fd = file_open(thread, O_RDONLY);
	return fd < 0 ? fd : result(pread(fd, to, len, (off_t)address));
}

int memory_open(pid_t thread)
{
	return file_open(thread, O_WRONLY);
}

ssize_t memory_write(int memory, uint64_t address, const void *from, size_t len)
{
	return result(pwrite(memory, from, len, (off_t)address));
}

const char *memory_refusal(void)
{
	AUTO_FD fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
	char level = 0;

	if (fd < 0 || read(fd, &level, 1) < 1)
		level = '0';
	switch (level) {
	case '3':
		return "kernel.yama.ptrace_scope is 3, by which nobody may, until the next boot without it";
	case '2':
		return "kernel.yama.ptrace_scope is 2: run the launcher as root, or set that to 1";
	case '1':
		return "kernel.yama.ptrace_scope is 1, by which it serves none but the program it started itself, and "
		       "that only with no more rights than its own: run the launcher as root, or set that to 0";
	default:
		return "it runs with more rights than the launcher: run the launcher as root";
	}
}
