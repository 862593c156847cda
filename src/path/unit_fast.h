/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_fast.h - a unit whose packets the kernel moves itself (keeper/fast_path.h): when they may be, and what they count
 *
 * The fast path carries packets of IP as they are, between one session and an interface. What a unit can do beyond that
 * only the engine does. So whatever is asked of a unit is looked at before it is answered.
 *
 * What its session did by the fast path is counted for the session alone. The unit's share is what has been added since the
 * session was connected to it, and what earlier ones added: both stand in the record, as a number that only makes sense
 * together with the counters of the session that is connected. The API thread.
 */
#ifndef UL2TP_PATH_UNIT_FAST_H
#define UL2TP_PATH_UNIT_FAST_H

#include "keeper/fast_reason.h"
#include "path/unit.h"

struct channel;
struct session;

/** unit_fast_reason() - FAST_USED: nothing of the unit's stands against it */
enum fast_reason unit_fast_reason(const struct unit *u);

/** unit_fast_protocols() - FAST_PPP_* of those that it lets pass both ways (PPPIOCSNPMODE) */
uint32_t unit_fast_protocols(const struct unit *u);

/** unit_fast_tell() - the keeper, of all sessions that are connected to it, how it is now */
void unit_fast_tell(struct unit *u);

/** unit_fast_changed() - unit_fast_tell(), if it makes a difference */
void unit_fast_changed(struct unit *u);

/** unit_fast_join() - a channel is connected to it, which its workers do not know yet: it and the others are told of */
void unit_fast_join(struct unit *u, struct channel *c);

/** unit_fast_leave() - ... is no longer, which they know */
void unit_fast_leave(struct unit *u, struct channel *c);

/** unit_fast_session_gone() - that of a channel that stays connected */
void unit_fast_session_gone(struct unit *u, const struct session *s);

/* Of one direction. */
struct unit_fast_count {
	uint64_t packets, octets; /* octets without the protocol number */
	uint64_t last_ms;         /* monotonic; 0: none of those that are connected */
};

/** unit_fast_count() - what the fast path did for a unit that lives */
struct unit_fast_count unit_fast_count(const struct unit *u, bool received);

#endif
