/* SPDX-License-Identifier: BSD-2-Clause */
/* reverse_path.c - see reverse_path.h */
#include "keeper/reverse_path.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"

#define SETTING "/proc/sys/net/ipv4/conf/%s/rp_filter"
#define STRICT  '1'

static bool is_strict(const char *interface)
{
	char path[sizeof(SETTING) + IF_NAMESIZE], value;
	AUTO_FD fd = -1;

	snprintf(path, sizeof(path), SETTING, interface);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 || read(fd, &value, 1) != 1 || value == STRICT;
}

bool reverse_path_filters(int ifindex)
{
	char name[IF_NAMESIZE];

	return is_strict("all") || !if_indextoname((unsigned int)ifindex, name) || is_strict(name);
}
