/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptors.c - see descriptors.h */
#include "keeper/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#define KEPT_BACK 16

/* So many may be taken unseen between two looks, beside those that are kept back. */
#define UNSEEN 48

/* While the limit is far, the lowest free number is looked up only once in as many checks as can take UNLOOKED
 * numbers; what follows one check takes fewer than TAKEN_AT_MOST. */
#define TAKEN_AT_MOST 8
#define UNLOOKED      128

/* Free numbers lie anywhere, since what a request needs for a moment lies below what it leaves behind. So the test is
 * to take as many as are kept back, and to give them back. */
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

/* The system gives out the lowest free number. So above the highest number that was ever the lowest free one, all are
 * free except what was taken since; while that is far below the limit, there is no need to try. */
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

int descriptors_lack(struct extack *ea)
{
	struct rlimit limit = { 0 };

	getrlimit(RLIMIT_NOFILE, &limit);
	return extack_fail(
		ea, -ENFILE, 0,
		"ul2tpd is out of descriptors, of which it may have %llu: raise its limit (LimitNOFILE)",
		(unsigned long long)limit.rlim_cur);
}

int descriptors_check(struct descriptors *d, struct extack *ea)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	if (limit_is_far(d, limit.rlim_cur) || enough_are_free())
		return 0;
	return descriptors_lack(ea);
}
