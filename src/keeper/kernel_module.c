/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel_module.c - see kernel_module.h */
#include "keeper/kernel_module.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define MODULES "/sys/module"

bool kernel_module_is_absent(const char *name)
{
	char path[64];

	if (access(MODULES, F_OK) < 0)
		return false;
	snprintf(path, sizeof(path), MODULES "/%s", name);
	return access(path, F_OK) < 0 && errno == ENOENT;
}
