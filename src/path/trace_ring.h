/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_ring.h - trace events on their way from the thread in which they happened to the one that tells them
 *
 * Bounded, one writer, one reader, no lock: what finds no room is counted and lost. Has no memory until
 * somebody listens for the first time.
 */
#ifndef UL2TP_PATH_TRACE_RING_H
#define UL2TP_PATH_TRACE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "keeper/keeper.h"
#include "netlink/ul2tp_trace.h"

struct trace_entry {
	struct netns_id netns; /* of the tunnel */
	struct trace_event event;
};

struct trace_ring {
	struct trace_entry *entries;
	uint32_t size; /* a power of two; 0: no memory */
	_Atomic uint32_t written;
	_Atomic uint64_t lost;
	char apart[64]; /* what the two threads write is not in one line of the cache */
	_Atomic uint32_t read;
};

/** trace_ring_open() - reader's thread; harmless if it is open. @size: a power of two. -ENOMEM */
int trace_ring_open(struct trace_ring *ring, uint32_t size);
void trace_ring_close(struct trace_ring *ring);

/** trace_ring_put() - writer; false: it was lost */
bool trace_ring_put(struct trace_ring *ring, const struct trace_entry *e);

/** trace_ring_first() - reader: the oldest, which stays; NULL: there is none */
const struct trace_entry *trace_ring_first(const struct trace_ring *ring);

/** trace_ring_drop() - reader: the oldest goes, whose pointer ends here */
void trace_ring_drop(struct trace_ring *ring);

/** trace_ring_lost() - reader: how many were lost since it was last asked */
uint64_t trace_ring_lost(struct trace_ring *ring);

#endif
