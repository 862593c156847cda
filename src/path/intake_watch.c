/* SPDX-License-Identifier: BSD-2-Clause */
/* intake_watch.c - an endpoint is received from, and no longer: by its own descriptor, or by the worker's ring; see intake.h */
#include "base/cleanup.h"
#include "path/divert_ring.h"
#include "path/intake.h"
#include "path/receive.h"

static void open_start(struct letter *letter)
{
	struct intake *in = container_of(letter, struct intake, letter);

	if (!endpoint_is_managed(in->endpoint) && in->fd >= 0)
		loop_add_surely(in->worker->loop, &in->watch, in->fd, EPOLLIN, intake_ready);
	else if (endpoint_is_managed(in->endpoint) && in->worker->ring)
		divert_ring_add(in->worker->ring, in);
}

static void open_stop(struct letter *letter)
{
	struct intake *in = container_of(letter, struct intake, letter);

	if (endpoint_is_managed(in->endpoint) && in->worker->ring)
		divert_ring_remove(in->worker->ring, in);
	loop_remove(in->worker->loop, &in->watch);
}

void intake_start(struct intake *in)
{
	intake_post(in, open_start);
	for (uint32_t i = 0; i < in->share_count; i++)
		if (in->shares[i])
			intake_post(in->shares[i], open_start);
}

/* What shares have handed over comes to the main one's worker before its letter does. */
void intake_stop(struct intake *in)
{
	for (uint32_t i = 0; i < in->share_count; i++)
		if (in->shares[i])
			intake_post(in->shares[i], open_stop);
	intake_post(in, open_stop);
}
