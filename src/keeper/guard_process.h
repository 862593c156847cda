/* SPDX-License-Identifier: BSD-2-Clause */
/* guard_process.h - what the guard's process and its keeper share */
#ifndef UL2TP_KEEPER_GUARD_PROCESS_H
#define UL2TP_KEEPER_GUARD_PROCESS_H

#include <stdint.h>

/* In memory mapped by both. The keeper writes ino first and cookie last; cookie 0: not in use. */
struct guarded {
	_Atomic uint64_t cookie;
	_Atomic uint64_t ino;
};

struct guard_table {
	uint32_t max;
	_Atomic uint32_t used; /* no entry at or beyond this index was ever used */
	struct guarded at[];
};

#define GUARD_ALL_IS_WELL 'w' /* what the keeper writes before it closes the pipe in order */

/** guard_main() - be the guard: wait until @pipe says that the keeper has gone, act. All signals are blocked.
 * @alone: gets an octet, and is closed, when all that the keeper had open is closed here
 * Return: exit status. */
int guard_main(const struct guard_table *table, int pipe, int alone);

#endif
