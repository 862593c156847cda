/* SPDX-License-Identifier: BSD-2-Clause */
/* receiver_private.h - what the files of receiver.h share */
#ifndef UL2TP_PATH_RECEIVER_PRIVATE_H
#define UL2TP_PATH_RECEIVER_PRIVATE_H

#include "base/cleanup.h"
#include "base/hash.h"
#include "path/receiver.h"

/** receiver_hash() - where a session lies in the tables of worker @w */
static inline uint64_t receiver_hash(const struct worker *w, uint32_t netns_index, bool in_v2_space,
                                     uint32_t id)
{
	return hash_u64((uint64_t)netns_index << 33 | (uint64_t)in_v2_space << 32 | id, w->seed);
}

/** receiver_release() - the memory of a packet that was held */
static inline void receiver_release(struct receiver *r, struct reorder_entry *e)
{
	held_pool_give(&r->worker->held, container_of(e, struct held_packet, entry));
}

#endif
