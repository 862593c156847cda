/* SPDX-License-Identifier: BSD-2-Clause */
/* frame_taker.h - who takes what the coalescer of a worker has put together: a session's receiver, or a unit */
#ifndef UL2TP_PATH_FRAME_TAKER_H
#define UL2TP_PATH_FRAME_TAKER_H

#include "packet/coalesce.h"

/* The owner that coalesce_add() is told is one of these, the first member of what it belongs to. */
struct frame_taker {
	/** write() - to the device, by the worker's frame_writer; on the worker */
	void (*write)(struct frame_taker *taker, const struct coalesced *frame);

	/** lost() - it was given to the writer, and refused by the device; @err: -errno; on the worker */
	void (*lost)(struct frame_taker *taker, const struct coalesced *frame, int err);
};

/** frame_taker_emit() - what a worker's coalescer calls */
static inline void frame_taker_emit(void *arg, const struct coalesced *frame)
{
	struct frame_taker *taker = frame->owner;

	taker->write(taker, frame);
}

#endif
