/* SPDX-License-Identifier: BSD-2-Clause */
/* host_cgroups.h - BPF programs that see what sockets of a control group send and receive
 *
 * What systemd makes of IPAddressDeny=, RestrictNetworkInterfaces= or IPAccounting= of a unit, for one. A socket stays of the
 * group its maker was in when it was made. Ours are of the group ul2tpd is in, and of those it has been in; of a program's
 * the kernel says which (socket_cgroup.h). Nothing tells of such programs, so the groups are looked at, each once however
 * many sockets are of it.
 */
#ifndef UL2TP_KEEPER_HOST_CGROUPS_H
#define UL2TP_KEEPER_HOST_CGROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "keeper/fast_reason.h"

#define HOST_CGROUP_PATH_MAX 4096

struct host_cgroups {
	struct list all;
	int root; /* a directory of the hierarchy: the first, unless ...; -1: not there, or not yet */
	bool apart; /* ... it is a group we were in, as nothing is mounted that we see */
	bool there; /* the system has such a hierarchy: it has been mounted once */
	int err;    /* our own can not be seen, or not found out, -errno; 0: they can */
	char own[HOST_CGROUP_PATH_MAX]; /* as /proc says it */
};

/** host_cgroups_open() - knows nothing until host_cgroups_look() */
void host_cgroups_open(struct host_cgroups *c);

/** host_cgroups_close() - what it knew is forgotten, as before the first look */
void host_cgroups_close(struct host_cgroups *c);

/** host_cgroups_look() - at all of them. Return: whether something is otherwise than it was */
bool host_cgroups_look(struct host_cgroups *c);

/**
 * host_cgroups_verdict() - whether such programs see a tunnel's packets
 * @id: the group of the tunnel's socket, which is watched from now on; 0: one of ours
 *
 * Return: FAST_USED, FAST_CGROUP, or FAST_UNWATCHABLE.
 */
enum fast_reason host_cgroups_verdict(struct host_cgroups *c, uint64_t id);

#endif
