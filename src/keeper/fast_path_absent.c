/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_absent.c - fast_path_load.h of a build without libbpf, or without a compiler for the programs */
#include "keeper/fast_path_load.h"

#include <errno.h>

int fast_programs_load(int maps[FAST_MAPS], uint32_t sessions,
                       const struct fast_constants *constants, bool sums,
                       struct fast_programs **ret, struct extack *ea)
{
	return extack_fail(ea, -ENOSYS, 0,
	                   "this ul2tpd was built without the fast path (libbpf and clang)");
}

void fast_programs_free(struct fast_programs *p)
{
}

int fast_program_fd(const struct fast_programs *p, enum fast_program which)
{
	return -1;
}

int fast_possible_processors(void)
{
	return -ENOSYS;
}
