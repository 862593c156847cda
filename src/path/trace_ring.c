/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_ring.c - see trace_ring.h */
#include "path/trace_ring.h"

#include <errno.h>
#include <stdlib.h>

int trace_ring_open(struct trace_ring *ring, uint32_t size)
{
	if (ring->size)
		return 0;
	ring->entries = calloc(size, sizeof(*ring->entries));
	if (!ring->entries)
		return -ENOMEM;
	ring->size = size;
	return 0;
}

void trace_ring_close(struct trace_ring *ring)
{
	free(ring->entries);
	ring->entries = NULL;
	ring->size = 0;
}

bool trace_ring_put(struct trace_ring *ring, const struct trace_entry *e)
{
	uint32_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);

	if (written - atomic_load_explicit(&ring->read, memory_order_acquire) >= ring->size) {
		atomic_fetch_add_explicit(&ring->lost, 1, memory_order_relaxed);
		return false;
	}
	ring->entries[written & (ring->size - 1)] = *e;
	atomic_store_explicit(&ring->written, written + 1, memory_order_release);
	return true;
}

const struct trace_entry *trace_ring_first(const struct trace_ring *ring)
{
	uint32_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);

	if (read == atomic_load_explicit(&ring->written, memory_order_acquire))
		return NULL;
	return &ring->entries[read & (ring->size - 1)];
}

void trace_ring_drop(struct trace_ring *ring)
{
	atomic_fetch_add_explicit(&ring->read, 1, memory_order_release);
}

uint64_t trace_ring_lost(struct trace_ring *ring)
{
	if (!atomic_load_explicit(&ring->lost, memory_order_relaxed))
		return 0;
	return atomic_exchange_explicit(&ring->lost, 0, memory_order_relaxed);
}
