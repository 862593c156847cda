/* SPDX-License-Identifier: BSD-2-Clause */
/* system_call_cost.c - see system_call_cost.h */
#include "keeper/system_call_cost.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "base/monotonic.h"

#define BATCHES 20
#define CALLS   50 /* of a batch */

static uint64_t batch_ns(void)
{
	const uint64_t began_ns = monotonic_ns();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return monotonic_ns() - began_ns;
}

uint32_t system_call_ns(void)
{
	uint64_t least_ns = UINT64_MAX;

	for (int i = 0; i < BATCHES; i++) {
		uint64_t ns = batch_ns();

		if (ns < least_ns)
			least_ns = ns;
	}
	return (uint32_t)(least_ns / CALLS);
}
