/* SPDX-License-Identifier: BSD-2-Clause */
/* burst.h - interfaces that are asked for one after the other
 *
 * Whoever makes thousands of sessions has the next interface asked for as soon as the last one is there. A keeper that
 * fell asleep in between is woken for each, and so is the engine, each on another processor: on virtual machines where
 * that is dear it is a quarter of what a session takes. So in a burst the keeper stays awake for a moment.
 */
#ifndef UL2TP_KEEPER_BURST_H
#define UL2TP_KEEPER_BURST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/soon.h"

#define BURST_GAP_MS   5   /* between two interfaces of a burst at most */
#define BURST_AWAKE_US 100 /* for the next request; making an interface takes twice that */

/* All zero: no burst. */
struct burst {
	uint64_t made_ns; /* the last interface; 0: none yet */
	bool goes_on;
	struct soon soon;
};

/** burst_note() - a request was answered; @made: it was for an interface */
void burst_note(struct burst *b, bool made);

/** burst_stay_awake() - in a burst: until a request waits on @requests, or BURST_AWAKE_US, once; else nothing */
void burst_stay_awake(struct burst *b, int requests);

#endif
