/* SPDX-License-Identifier: BSD-2-Clause */
/* soon.h - waiting awake for what mostly comes within microseconds
 *
 * To be asleep by then, and woken, takes longer than it does. Between two looks others get the processor. But where they want it,
 * a single sched_yield() can take it away for tens of milliseconds: then nobody waits awake for a while.
 */
#ifndef UL2TP_BASE_SOON_H
#define UL2TP_BASE_SOON_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SOON_CROWDED_NS    1000000 /* a wait that took longer found others on the processor */
#define SOON_CROWDED_WAITS 64      /* that look only once then */

/* All zero: nothing is known. Threads may share one. */
struct soon {
	_Atomic int crowded; /* waits, of those to come, that look only once */
};

/** soon_wait() - until has_come(@arg), or about @within_ns
 *
 * Return: what has_come() said last. It is asked once at least.
 */
bool soon_wait(struct soon *s, uint64_t within_ns, bool (*has_come)(void *arg), void *arg);

#endif
