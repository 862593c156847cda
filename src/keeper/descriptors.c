/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptors.c - see descriptors.h */
#include "keeper/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#define KEPT_BACK 16

/* Numbers that are free lie anywhere: what a request needs for a moment is below what it leaves behind. So they are
 * taken, and given back. */
static bool enough_are_free(void)
{
	int taken[KEPT_BACK];
	unsigned int count = 0;

	taken[0] = open("/", O_PATH | O_CLOEXEC);
	while (taken[count] >= 0 && ++count < KEPT_BACK)
		taken[count] = fcntl(taken[0], F_DUPFD_CLOEXEC, 0);
	for (unsigned int i = 0; i < count; i++)
		close(taken[i]);
	return count == KEPT_BACK;
}

int descriptors_check(struct extack *ea)
{
	struct rlimit limit;

	if (enough_are_free())
		return 0;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	return extack_fail(
		ea, -EMFILE, 0,
		"ul2tpd is out of descriptors, of which it may have %llu: raise its limit (LimitNOFILE)",
		(unsigned long long)limit.rlim_cur);
}
