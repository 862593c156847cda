/* SPDX-License-Identifier: BSD-2-Clause */
/* witness.h - somebody or something that keeps a network namespace alive besides us
 *
 * A process or thread in it, a mount of it (`ip netns add`), or a descriptor of it that some process
 * has open. To look whether a known witness still is there costs microseconds; to search for one means a
 * walk over /proc.
 */
#ifndef UL2TP_KEEPER_WITNESS_H
#define UL2TP_KEEPER_WITNESS_H

#include <stdbool.h>
#include <sys/types.h>

enum witness_kind {
	WITNESS_NONE,
	WITNESS_LINK,  /* a link below the process's directory says "net:[...]" */
	WITNESS_MOUNT, /* a mount in the process's mount namespace */
};

struct witness {
	enum witness_kind kind;
	ino_t ino;     /* of the namespace */
	int process;   /* its directory below /proc; -1: our own */
	char link[48]; /* "ns/net", "task/7/ns/net" or "fd/3" */
};

/** witness_is_there() - whether it still is one, as far as can be seen; @mounts_changed: our mounts did since it was last asked */
bool witness_is_there(const struct witness *w, bool mounts_changed);

void witness_drop(struct witness *w);

/**
 * witness_search() - find witnesses for those of @wanted that have none
 * @wanted: pointers to @count witnesses with kind WITNESS_NONE and their .ino
 * @skip:   processes of our own
 *
 * Return: whether it could look everywhere; false, for want of descriptors or memory: who was not found may be there
 */
bool witness_search(struct witness *const *wanted, size_t count, const pid_t skip[2]);

#endif
