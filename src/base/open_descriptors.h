/* SPDX-License-Identifier: BSD-2-Clause */
/* open_descriptors.h - how many a process has: for tests of what must not leave any */
#ifndef UL2TP_BASE_OPEN_DESCRIPTORS_H
#define UL2TP_BASE_OPEN_DESCRIPTORS_H

#include <assert.h>
#include <dirent.h>

/** open_descriptors() - of this process; the same number means that none was left open, or closed too many */
static inline unsigned int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

#endif
