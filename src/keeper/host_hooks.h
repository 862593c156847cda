/* SPDX-License-Identifier: BSD-2-Clause */
/* host_hooks.h - BPF programs that are attached to netfilter itself (Linux 6.4)
 *
 * Neither nftables nor iptables lists them. Each such program hangs on a BPF link, and the kernel lists the links of
 * the whole system but not the network namespace of each. But one place (hook, family, priority) of a namespace takes
 * only one program. So where the system has such links, we attach a program that lets everything pass at the same
 * place for a moment: if that is refused, the place is taken in this namespace. The forward hook does not count, for a
 * tunnel's packets are not forwarded. An administrator who attaches a program at the same place in that instant gets
 * EBUSY; so does another ul2tpd, which asks again at its next look.
 *
 * The kernel sends no notice of them, so we look for new ones, by their numbers.
 */
#ifndef UL2TP_KEEPER_HOST_HOOKS_H
#define UL2TP_KEEPER_HOST_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/bpf.h"

struct host_hooks {
	struct bpf_link_about *known; /* by increasing number */
	uint32_t count, room;
	uint32_t netfilter; /* how many are of it */
	uint32_t changes;   /* how often those of netfilter were others than before */
	int program; /* ours; 0: not yet; -errno: it could not be loaded at the last look, and all count as here */
	bool absent; /* this kernel has none, and links are not looked at */
	int err;     /* they can not be seen, -errno; 0: they can */
};

/* What is in one namespace. */
struct host_hooks_here {
	bool looked;
	uint32_t changes; /* of the links, when it was looked at */
	bool v4, v6;
};

/** host_hooks_look() - Return: whether they can be seen now and could not before, or the other way round */
bool host_hooks_look(struct host_hooks *l);

/** host_hooks_look_here() - in the namespace the caller is in. Return: whether something is otherwise than it was */
bool host_hooks_look_here(struct host_hooks *l, struct host_hooks_here *here);

/** host_hooks_apply() - to packets of @family (AF_*) */
bool host_hooks_apply(const struct host_hooks_here *here, int family);

void host_hooks_close(struct host_hooks *l);

#endif
