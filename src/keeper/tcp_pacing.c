/* SPDX-License-Identifier: BSD-2-Clause */
/* tcp_pacing.c - see tcp_pacing.h */
#include "keeper/tcp_pacing.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define SETTING "/proc/sys/net/ipv4/tcp_congestion_control"
#define PACED   "bbr" /* and what else begins so: there are several versions */

bool tcp_is_paced(void)
{
	AUTO_FD fd = open(SETTING, O_RDONLY | O_CLOEXEC);
	char name[sizeof(PACED) - 1];

	return fd >= 0 && read(fd, name, sizeof(name)) == sizeof(name) &&
	       memcmp(name, PACED, sizeof(name)) == 0;
}
