/* SPDX-License-Identifier: BSD-2-Clause */
/* wall_clock.h - the time of day, as it is set: for what people read */
#ifndef UL2TP_BASE_WALL_CLOCK_H
#define UL2TP_BASE_WALL_CLOCK_H

#include <stdint.h>
#include <time.h>

/** wall_clock_ms() - milliseconds since 1970, of the last tick: cheap */
static inline uint64_t wall_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#endif
