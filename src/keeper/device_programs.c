/* SPDX-License-Identifier: BSD-2-Clause */
/* device_programs.c - see device_programs.h */
#include "keeper/device_programs.h"

#include <errno.h>

#include "keeper/bpf.h"

#define PROGRAMS_MAX 16

/* BPF_TCX_*, which the headers of 6.1 do not have. */
#define TCX_INGRESS 46
#define TCX_EGRESS  47

int device_programs(int ifindex, bool ingress, const struct own_programs *own, bool *ret)
{
	uint32_t ids[PROGRAMS_MAX], count = PROGRAMS_MAX;
	int err = bpf_attached(ingress ? TCX_INGRESS : TCX_EGRESS, ifindex, ids, &count);

	*ret = false;
	if (err == -EINVAL || err == -ENOENT)
		return 0;
	if (err < 0 && err != -ENOSPC)
		return err;
	*ret = err == -ENOSPC;
	for (uint32_t i = 0; i < count && i < PROGRAMS_MAX; i++)
		*ret |= !own_programs_have(own, ids[i]);
	return 0;
}
