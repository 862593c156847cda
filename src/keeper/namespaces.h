/* SPDX-License-Identifier: BSD-2-Clause */
/* namespaces.h - the network namespaces in which we have something, and who else is in them
 *
 * The kernel's tunnels do not keep a namespace alive (TUN-12, TUN-47); our sockets would. So for each
 * namespace but our own we know a witness: a process in it, a mount or an open descriptor of it. When
 * the last witness has gone, all that we have in it goes too, and with it the namespace.
 */
#ifndef UL2TP_KEEPER_NAMESPACES_H
#define UL2TP_KEEPER_NAMESPACES_H

#include <stdbool.h>
#include <sys/types.h>

#include "keeper/keeper.h"
#include "keeper/witness.h"

#define NAMESPACES_MAX 65536

struct namespace
{
	struct netns_id id;
	struct witness witness;
	uint32_t users;   /* endpoints and devices */
	uint32_t sockets; /* of programs, which keep the namespace as any socket does (TUN-47) */
	uint32_t missed;  /* searches in a row that found no witness */
	bool gone;        /* nobody is in it */
	bool told;        /* the engine knows */
	uint64_t gone_ms; /* since when, monotonic */
};

struct namespaces {
	struct namespace *at;
	uint32_t count, room;
	int mounts; /* /proc/self/mountinfo, which tells by poll() that something was mounted or unmounted */
};

/** namespaces_use() - one more of our objects is in @id; @ino stands in its "net:[...]". -ENFILE, -ENOMEM. */
int namespaces_use(struct namespaces *all, struct netns_id id, ino_t ino);

/** namespaces_ino() - that by which it is in use; 0: it is not, as home never is */
ino_t namespaces_ino(struct namespaces *all, struct netns_id id);

/** namespaces_release() - one object fewer; unknown ones are ignored */
void namespaces_release(struct namespaces *all, struct netns_id id);

/** namespaces_hold_socket() - a program's socket that has a tunnel is a witness, until namespaces_release_socket():
 * its end is told. Of namespaces in use; of others, as home, they do nothing */
void namespaces_hold_socket(struct namespaces *all, struct netns_id id);
void namespaces_release_socket(struct namespaces *all, struct netns_id id);

/** namespaces_watch() - see that each still has a witness, mark those that have not; cheap while nothing changes
 * @skip: processes of our own, which do not count */
void namespaces_watch(struct namespaces *all, const pid_t skip[2], uint64_t now_ms);

/** namespaces_engine_gone() - what its engine was told may not have been done: the next is told as well */
void namespaces_engine_gone(struct namespaces *all);

void namespaces_open(struct namespaces *all);
void namespaces_close(struct namespaces *all);

#endif
