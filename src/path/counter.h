/* SPDX-License-Identifier: BSD-2-Clause */
/* counter.h - a counter that one worker writes and the API thread reads
 *
 * No locked instruction: there is one writer. A reader may see one counter newer than another. The counters of a
 * tunnel's drops have several writers, and drops are rare: counter_add_shared().
 */
#ifndef UL2TP_PATH_COUNTER_H
#define UL2TP_PATH_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

static inline void counter_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
	                      memory_order_relaxed);
}

static inline void counter_add_shared(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline void counter_set(_Atomic uint64_t *counter, uint64_t value)
{
	atomic_store_explicit(counter, value, memory_order_relaxed);
}

static inline uint64_t counter_read(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
