/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_worker.c - which worker a namespace or a session belongs to, and to wait for all of them
 *
 * A namespace belongs to the worker of its number, a session to that one, too, or to the one that its peer's packets come
 * to (dataplane_spread.c).
 */
#include "keeper/spread.h"
#include "path/dataplane_private.h"
#include "path/intake.h"

struct worker *dataplane_receiving_worker(const struct dataplane *dp, const struct netns *ns)
{
	return dp->workers[ns->index % dp->worker_count];
}

struct worker *dataplane_session_worker(const struct dataplane *dp, const struct session *s)
{
	const struct tunnel_record *t = s->tunnel->record;

	if (!s->tunnel->endpoint->intake->shares || !t->peer_known ||
	    s->record->pw_type == L2TP_PWTYPE_PPP)
		return dataplane_receiving_worker(dp, s->tunnel->netns);
	return dp->workers[spread_number(&t->peer, dp->worker_count)];
}

/* The first session of a namespace is sent by another worker than receives it, if there is one. */
struct worker *dataplane_sending_worker(const struct dataplane *dp, const struct session *s)
{
	unsigned int receives = dataplane_session_worker(dp, s)->number;

	return dp->workers[(receives + 1 + s->index) % dp->worker_count];
}

void dataplane_wait(const struct dataplane *dp)
{
	struct mailbox *all[WORKERS_MAX];

	for (unsigned int i = 0; i < dp->worker_count; i++)
		all[i] = &dp->workers[i]->mailbox;
	mailboxes_wait(all, dp->worker_count);
}
