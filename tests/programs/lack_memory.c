/* SPDX-License-Identifier: BSD-2-Clause */
/* lack_memory.c - LD_PRELOAD: one allocation fails, of memory or by setns(), the one that is counted down to
 *
 * The file named by LACK_MEMORY begins with numbers (struct left) that all processes which are told of it share: each allocation
 * of any of them takes one off its number, and the one that makes it 0 gets no memory. While it is 0 all is as without this.
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

/* What the system allocates for messages has numbers of its own: it would take long to tell it all through. The same in
 * tests/scenarios/test_no_memory.py. */
static struct left {
	_Atomic int allocations, answers, keeper_requests, program_answers;
} none;

static struct left *left = &none;

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
	return fails(&left->allocations) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails(&left->allocations) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	return size && fails(&left->allocations) ? NULL : __libc_realloc(memory, size);
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
	return fails(&left->allocations) ? NULL : __libc_memalign(alignment, size);
}

/* For which the system allocates. */
int setns(int fd, int kind)
{
	return fails(&left->allocations) ? -1 : (int)syscall(SYS_setns, fd, kind);
}

/* Of an answer to a client */
ssize_t send(int fd, const void *octets, size_t len, int flags)
{
	if (flags & MSG_DONTWAIT && fails(&left->answers))
		return -1;
	return sendto(fd, octets, len, flags, NULL, 0);
}

static bool is_to_netlink(const struct msghdr *m)
{
	return m->msg_name && ((const struct sockaddr *)m->msg_name)->sa_family == AF_NETLINK;
}

/* Of a request to the keeper, or of an answer to a program behind `ul2tp run` */
ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	if (is_to_netlink(m) && fails(&left->program_answers))
		return -1;
	if (flags == MSG_NOSIGNAL && !m->msg_controllen && fails(&left->keeper_requests))
		return -1;
	return syscall(SYS_sendmsg, fd, m, flags);
}
