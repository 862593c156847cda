/* SPDX-License-Identifier: BSD-2-Clause */
/* done.h - requests that were done lately, by the token each came with (UL2TP_ATTR_TOKEN)
 *
 * Who asks again, because it ended before it heard the answer, is told so instead of that what it wants to make is there.
 * Only what was done is kept, for it can not be done twice; what was refused changed nothing. Tokens are random where they
 * begin and count from there: each has one of DONE_MAX places, those of one client beside each other, until another's comes
 * to that place.
 *
 * Owned by the server, API thread only.
 */
#ifndef UL2TP_API_DONE_H
#define UL2TP_API_DONE_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/keeper.h"

#define DONE_MAX 1024

struct done_requests {
	struct done {
		uint64_t netns; /* cookie: nobody answers for another namespace */
		uint64_t token;
	} places[DONE_MAX];
};

/** done_has() - whether a request with this token was done; token 0: never */
bool done_has(const struct done_requests *all, struct netns_id netns, uint64_t token);

/** done_note() - it was, just now */
void done_note(struct done_requests *all, struct netns_id netns, uint64_t token);

#endif
