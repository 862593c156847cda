/* SPDX-License-Identifier: BSD-2-Clause */
/* host_hooks.h - BPF programs that are attached to netfilter itself (Linux 6.4)
 *
 * Neither nftables nor iptables knows of them. Such a program hangs on a link, and the kernel tells of those of the whole system,
 * not in which network namespace they are. But it takes no second program for one place in a namespace: so where there are
 * any, one that lets all through is put there for a moment, and refused if the place is taken. Those on the forward hook do
 * not count, for a tunnel's packets are not forwarded. An administrator who attaches a program at the same place in that
 * instant gets EBUSY; so does another ul2tpd, which asks again at its next look.
 *
 * Nothing tells of them, so they are looked at: what is new among them, by its number.
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
