/* SPDX-License-Identifier: BSD-2-Clause */
/* lack_memory.c - LD_PRELOAD: one allocation fails, of memory or by setns(), the one that is counted down to
 *
 * The file named by LACK_MEMORY begins with a number that all processes which are told of it share: each allocation of any of
 * them takes one off, and the one that makes it 0 gets no memory. While it is 0 all is as without this.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own, by the names that it keeps for who takes the others' place. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static _Atomic int none[3];
static _Atomic int *left = none;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("LACK_MEMORY");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *shared = fd < 0 ? MAP_FAILED
	                      : mmap(NULL, sizeof(none), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	if (shared != MAP_FAILED)
		left = shared;
}

static bool fails(_Atomic int *count)
{
	int now = atomic_load(count);

	while (now > 0 && !atomic_compare_exchange_weak(count, &now, now - 1))
		;
	if (now == 1)
		errno = ENOMEM;
	return now == 1;
}

void *malloc(size_t size)
{
	return fails(left) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails(left) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	return size && fails(left) ? NULL : __libc_realloc(memory, size);
}

void *reallocarray(void *memory, size_t count, size_t size)
{
	if (__builtin_mul_overflow(count, size, &size)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails(left) ? NULL : __libc_memalign(alignment, size);
}

/* For which the system allocates. */
int setns(int fd, int kind)
{
	return fails(left) ? -1 : (int)syscall(SYS_setns, fd, kind);
}

/* What the system allocates for messages has numbers of its own, behind the first: it would take long to tell it all through.
 * The second is that of answers, the third that of requests to the keeper. */
ssize_t send(int fd, const void *octets, size_t len, int flags)
{
	if (flags & MSG_DONTWAIT && fails(left + 1))
		return -1;
	return sendto(fd, octets, len, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	if (flags == MSG_NOSIGNAL && !m->msg_controllen && fails(left + 2))
		return -1;
	return syscall(SYS_sendmsg, fd, m, flags);
}
