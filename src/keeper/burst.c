/* SPDX-License-Identifier: BSD-2-Clause */
/* burst.c - see burst.h */
#include "keeper/burst.h"

#include <poll.h>

#include "base/monotonic.h"

void burst_note(struct burst *b, bool made)
{
	uint64_t now = made ? monotonic_ns() : 0;

	b->goes_on = made && b->made_ns && now - b->made_ns < BURST_GAP_MS * 1000000ULL;
	if (made)
		b->made_ns = now;
}

static bool request_waits(void *fd)
{
	return poll(fd, 1, 0) != 0;
}

void burst_stay_awake(struct burst *b, int requests)
{
	struct pollfd fd = { .fd = requests, .events = POLLIN };

	if (!b->goes_on)
		return;
	b->goes_on = false;
	soon_wait(&b->soon, BURST_AWAKE_US * 1000ULL, request_waits, &fd);
}
