/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_estate.c - what the next supervisor must know of a stand-in for an L2TP/IP socket (estate.h) */
#include "base/cleanup.h"
#include "launcher/estate.h"
#include "launcher/ip_stand_in.h"

void ip_remember(struct ip_stand_in *s, bool descriptors)
{
	const int fds[] = { s->watcher, s->netns, s->link.fd };

	if (!descriptors) {
		estate_update(s->launcher, s->estate, &s->facts, sizeof(s->facts));
		return;
	}
	estate_drop(s->launcher, s->estate);
	s->estate = estate_put(s->launcher, ESTATE_IP_SOCKET, &s->object, &s->facts,
	                       sizeof(s->facts), fds, ARRAY_SIZE(fds));
}
