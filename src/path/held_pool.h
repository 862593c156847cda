/* SPDX-License-Identifier: BSD-2-Clause */
/* held_pool.h - memory for packets that wait for an earlier one
 *
 * Received packets stand in the worker's receive buffers, which the next batch overwrites; the few that
 * must wait are copied here. Reserved at start and never grown: the packet path does not allocate. One worker's.
 */
#ifndef UL2TP_PATH_HELD_POOL_H
#define UL2TP_PATH_HELD_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "path/reorder.h"

#define HELD_SMALL_OCTETS 2048 /* an ordinary frame with what is in front of it */
#define HELD_SMALL_COUNT  4096
#define HELD_LARGE_OCTETS 65664 /* what fragments were put together to */
#define HELD_LARGE_COUNT  64

struct held_packet {
	struct reorder_entry entry;
	uint32_t len;      /* of the payload */
	uint32_t l2tp_len; /* of header and payload: what rx_bytes counts */
	uint8_t payload[];
};

struct held_slab {
	uint8_t *memory;
	size_t octets; /* of one */
	uint32_t free_count;
	uint16_t *free; /* a stack of numbers */
	uint32_t count;
};

struct held_pool {
	struct held_slab small, large;
};

/** held_pool_open() - reserve; -ENOMEM */
int held_pool_open(struct held_pool *pool);
void held_pool_close(struct held_pool *pool);

/** held_pool_take() - room for a payload of @len octets, or NULL: counted as RX_DROP_QUEUE_FULL */
struct held_packet *held_pool_take(struct held_pool *pool, size_t len);
void held_pool_give(struct held_pool *pool, struct held_packet *p);

#endif
