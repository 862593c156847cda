/* SPDX-License-Identifier: BSD-2-Clause */
/* filter_sessions.h - the sessions that stand in a classic filter, in the order it wants them */
#ifndef UL2TP_KEEPER_FILTER_SESSIONS_H
#define UL2TP_KEEPER_FILTER_SESSIONS_H

#include "keeper/bequest.h"
#include "keeper/divert_filter.h"
#include "keeper/keeper.h"

struct filter_sessions {
	struct filter_session *at; /* as divert_filter_build() wants them */
	size_t count, room;
};

/** filter_sessions_add() - the same key again takes the place of the first. 1 something is new, 0, -ENOMEM */
int filter_sessions_add(struct filter_sessions *all, const struct divert_session *session);

/** filter_sessions_remove() - true if it was there */
bool filter_sessions_remove(struct filter_sessions *all, const struct divert_session *session);

/** filter_sessions_merge() - all of @a and of @b; a key in both is @a's. *ret is the caller's; -ENOMEM */
int filter_sessions_merge(const struct filter_sessions *a, const struct filter_sessions *b,
                          struct filter_sessions *ret);

/** filter_sessions_leave(), filter_sessions_inherit() - from one release to the next. 0, -EBADMSG, -ENOMEM */
void filter_sessions_leave(const struct filter_sessions *all, struct bequest *b);
int filter_sessions_inherit(struct filter_sessions *all, struct inheritance *i);

void filter_sessions_release(struct filter_sessions *all);

#endif
