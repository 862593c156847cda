/* SPDX-License-Identifier: BSD-2-Clause */
/* done.c - see done.h */
#include "api/done.h"

bool done_has(const struct done_requests *all, struct netns_id netns, uint64_t token)
{
	const struct done *place = &all->places[token % DONE_MAX];

	return token && place->token == token && place->netns == netns.cookie;
}

void done_note(struct done_requests *all, struct netns_id netns, uint64_t token)
{
	if (token)
		all->places[token % DONE_MAX] = (struct done){ netns.cookie, token };
}
