/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_call.c - have something done on a unit's worker, and wait for it; tell the API thread what a worker has seen; see unit.h */
#include "base/cleanup.h"
#include "path/dataplane_private.h"
#include "path/unit_private.h"
#include "path/worker.h"

struct call {
	struct letter letter;
	struct unit *unit;
	void (*fn)(struct unit *u, void *arg);
	void *arg;
};

static void open_call(struct letter *letter)
{
	struct call *call = container_of(letter, struct call, letter);

	call->fn(call->unit, call->arg);
}

static void run(struct worker *w, struct call *call)
{
	call->letter.open = open_call;
	mailbox_post_wait(&w->mailbox, &call->letter);
}

void unit_call(struct unit *u, void (*fn)(struct unit *u, void *arg), void *arg)
{
	struct call call = { .unit = u, .fn = fn, .arg = arg };

	run(u->rx.worker, &call);
}

void unit_call_sending(struct unit *u, void (*fn)(struct unit *u, void *arg), void *arg)
{
	struct call call = { .unit = u, .fn = fn, .arg = arg };

	run(u->tx.worker, &call);
}

/* The API thread is told once for all that are lost at the time: a letter of the unit's own could outlive it. */
void units_tell_lost(struct dataplane *dp)
{
	if (dp->api && !atomic_exchange(&dp->units_lost_told, true))
		mailbox_post(dp->api, &dp->units_lost);
}
