/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptors.c - see descriptors.h */
#include "keeper/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"

#define KEPT_BACK 16

int descriptors_check(struct extack *ea)
{
	/* The system gives the lowest number that is free. */
	AUTO_FD lowest = open("/", O_PATH | O_CLOEXEC);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	if (lowest >= 0 && (rlim_t)lowest + KEPT_BACK < limit.rlim_cur)
		return 0;
	return extack_fail(
		ea, -EMFILE, 0,
		"ul2tpd is out of descriptors, of which it may have %llu: raise its limit (LimitNOFILE)",
		(unsigned long long)limit.rlim_cur);
}
