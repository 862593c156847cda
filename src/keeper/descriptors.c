/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptors.c - see descriptors.h */
#include "keeper/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#define KEPT_BACK 16

/* So many more than are kept back may be taken between two looks without being seen. */
#define UNSEEN 48

/* While it is far, it is looked once in so many checks as may take UNLOOKED. What follows one check takes fewer than TAKEN_AT_MOST. */
#define TAKEN_AT_MOST 8
#define UNLOOKED      128

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

/* A number is given out when all below it are taken. So above those that were the lowest free one at some time all are
 * free, but for what was taken since; and while the limit is far from there, nothing need be tried. */
static bool limit_is_far(struct descriptors *d, rlim_t limit)
{
	int lowest;

	d->unlooked += TAKEN_AT_MOST;
	if (d->unlooked < UNLOOKED &&
	    (rlim_t)d->high + (rlim_t)d->unlooked + KEPT_BACK + UNSEEN < limit)
		return true;
	lowest = open("/", O_PATH | O_CLOEXEC);
	if (lowest < 0)
		return false;
	close(lowest);
	d->unlooked = 0;
	if (lowest > d->high)
		d->high = lowest;
	return (rlim_t)d->high + KEPT_BACK + UNSEEN < limit;
}

int descriptors_check(struct descriptors *d, struct extack *ea)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	if (limit_is_far(d, limit.rlim_cur) || enough_are_free())
		return 0;
	return extack_fail(
		ea, -ENFILE, 0,
		"ul2tpd is out of descriptors, of which it may have %llu: raise its limit (LimitNOFILE)",
		(unsigned long long)limit.rlim_cur);
}
