/* SPDX-License-Identifier: BSD-2-Clause */
/* netns.c - go into a network namespace; see netns.h */
#include "cli/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

int netns_enter(const char *name, char *why, size_t size)
{
	char path[PATH_MAX];
	AUTO_FD fd = -1;
	int n = snprintf(path, sizeof(path), "%s%s", strchr(name, '/') ? "" : "/run/netns/", name);

	if (n < 0 || (size_t)n >= sizeof(path)) {
		snprintf(why, size, "the name of the network namespace is too long");
		return -ENAMETOOLONG;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		int err = -errno;

		snprintf(why, size,
		         "cannot open network namespace \"%.60s\": %s: \"ip netns list\" shows "
		         "those there are",
		         name, strerror(-err));
		return err;
	}
	if (setns(fd, CLONE_NEWNET) < 0) {
		int err = -errno;

		snprintf(why, size, "cannot enter network namespace \"%.60s\": %s%s", name,
		         strerror(-err), err == -EPERM ? ": run ul2tp as root" : "");
		return err;
	}
	return 0;
}
