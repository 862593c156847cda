/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_attach.c - see fast_path_attach.h
 *
 * Its numbers are written out here, since headers may be older than the kernel.
 */
#include "keeper/fast_path_attach.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TCX_INGRESS 46
#define TCX_EGRESS  47
#define XDP         37
#define XDP_NATIVE  (1u << 2)
#define TCX_BEFORE  (1u << 3) /* without another program: before all */

/* What BPF_PROG_ATTACH takes. */
struct attach {
	uint32_t ifindex, program, type, flags;
	uint32_t replace, relative;
	uint64_t revision;
};

/* What BPF_LINK_CREATE takes. */
struct link {
	uint32_t program, ifindex, type, flags;
	uint32_t relative, unused;
	uint64_t revision;
};

static int call(enum bpf_cmd command, void *attributes, unsigned int len)
{
	long got = syscall(SYS_bpf, command, attributes, len);

	return got < 0 ? -errno : (int)got;
}

static uint32_t type_of(enum fast_hook hook)
{
	return hook == FAST_HOOK_INGRESS ? TCX_INGRESS : TCX_EGRESS;
}

/* An older kernel does not know the type, and says EINVAL before it looks at the descriptor. */
int fast_attach_probe(struct extack *ea)
{
	struct attach a = { .ifindex = 1, .program = UINT32_MAX, .type = TCX_INGRESS };

	if (call(BPF_PROG_ATTACH, &a, sizeof(a)) != -EINVAL)
		return 0;
	return extack_fail(ea, -EOPNOTSUPP, 0, "the fast path needs Linux 6.6 or later (tcx)");
}

int fast_attach(int ifindex, enum fast_hook hook, int program)
{
	struct attach a = {
		.ifindex = (uint32_t)ifindex,
		.program = (uint32_t)program,
		.type = type_of(hook),
		.flags = TCX_BEFORE,
	};

	return call(BPF_PROG_ATTACH, &a, sizeof(a));
}

int fast_detach(int ifindex, enum fast_hook hook, int program)
{
	struct attach a = {
		.ifindex = (uint32_t)ifindex,
		.program = (uint32_t)program,
		.type = type_of(hook),
	};

	return call(BPF_PROG_DETACH, &a, sizeof(a));
}

int fast_link(int ifindex, enum fast_hook hook, int program)
{
	struct link l = {
		.ifindex = (uint32_t)ifindex,
		.program = (uint32_t)program,
		.type = type_of(hook),
		.flags = TCX_BEFORE,
	};

	return call(BPF_LINK_CREATE, &l, sizeof(l));
}

int fast_link_xdp(int ifindex, int program)
{
	struct link l = {
		.ifindex = (uint32_t)ifindex,
		.program = (uint32_t)program,
		.type = XDP,
		.flags = XDP_NATIVE,
	};

	return call(BPF_LINK_CREATE, &l, sizeof(l));
}
