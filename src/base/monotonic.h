/* SPDX-License-Identifier: BSD-2-Clause */
/* monotonic.h - the time that no clock setting changes, since the system began */
#ifndef UL2TP_BASE_MONOTONIC_H
#define UL2TP_BASE_MONOTONIC_H

#include <stdint.h>
#include <time.h>

static inline uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t monotonic_ms(void)
{
	return monotonic_ns() / 1000000;
}

#endif
