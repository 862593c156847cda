/* SPDX-License-Identifier: BSD-2-Clause */
/* system_call_cost.h - what a system call takes on this machine
 *
 * A tenth of a microsecond or two as a rule; in a guest without hardware virtualization, whose hypervisor takes part in each, 0.94
 * to 1.2 were measured. There what the kernel does by itself gains on what a program does: of a tunnel's ways the one in the
 * kernel was the slower one for streams of TCP elsewhere, and the faster one there, by a quarter to a half (doc/performance-notes.md). */
#ifndef UL2TP_KEEPER_SYSTEM_CALL_COST_H
#define UL2TP_KEEPER_SYSTEM_CALL_COST_H

#include <stdbool.h>
#include <stdint.h>

/* Between those. */
#define SYSTEM_CALL_DEAR_NS 500

/** system_call_ns() - what one that does nothing takes: the least of many, so that what else runs does not count. Takes a
 * few milliseconds at most */
uint32_t system_call_ns(void);

/** system_calls_are_dear() - by that figure */
static inline bool system_calls_are_dear(uint32_t ns)
{
	return ns > SYSTEM_CALL_DEAR_NS;
}

#endif
