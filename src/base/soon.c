/* SPDX-License-Identifier: BSD-2-Clause */
/* soon.c - see soon.h */
#include "base/soon.h"

#include <sched.h>

#include "base/monotonic.h"

bool soon_wait(struct soon *s, uint64_t within_ns, bool (*has_come)(void *arg), void *arg)
{
	uint64_t begin, now;
	bool come;

	if (atomic_load_explicit(&s->crowded, memory_order_relaxed) > 0) {
		atomic_fetch_sub_explicit(&s->crowded, 1, memory_order_relaxed);
		return has_come(arg);
	}
	begin = now = monotonic_ns();
	while (!(come = has_come(arg)) && now < begin + within_ns) {
		sched_yield();
		now = monotonic_ns();
	}
	/* Also if it has come: perhaps long ago. */
	if (now > begin + SOON_CROWDED_NS)
		atomic_store_explicit(&s->crowded, SOON_CROWDED_WAITS, memory_order_relaxed);
	return come;
}
