/* SPDX-License-Identifier: BSD-2-Clause */
/* cleanup.h - locals that own something release it when the function is left
 *
 * AUTO(foo) struct foo *f = foo_new(); calls foo_free(f) at every return; TAKE(f) hands the object
 * on and leaves NULL behind. Destructors accept NULL.
 */
#ifndef UL2TP_BASE_CLEANUP_H
#define UL2TP_BASE_CLEANUP_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The structure that contains @member, found from a pointer to the member. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Declares the cleanup function for AUTO(name) from the destructor name_free(struct name *). */
#define DEFINE_AUTO(name)                                                                          \
	static inline void name##_auto_free(struct name **p)                                       \
	{                                                                                          \
		name##_free(*p);                                                                   \
	}

#define AUTO(name) __attribute__((cleanup(name##_auto_free)))

#define TAKE(p)                                                                                    \
	({                                                                                         \
		__typeof__(p) take_ = (p);                                                         \
		(p) = NULL;                                                                        \
		take_;                                                                             \
	})

static inline void fd_auto_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* A local file descriptor; -1 owns nothing. TAKE_FD() hands it on. */
#define AUTO_FD __attribute__((cleanup(fd_auto_close))) int

#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int take_fd_ = (fd);                                                               \
		(fd) = -1;                                                                         \
		take_fd_;                                                                          \
	})

static inline void memory_auto_free(void *p)
{
	free(*(void **)p);
}

#define AUTO_MEMORY __attribute__((cleanup(memory_auto_free)))

#endif
