/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_trace.c - trace events of all threads, read by the API thread; see dataplane.h */
#include <errno.h>
#include <stdatomic.h>

#include "path/dataplane_private.h"

/* Of the API thread: a tunnel with ten thousand sessions makes twenty thousand events when it goes. */
#define API_EVENTS    65536
#define WORKER_EVENTS 8192

int dataplane_trace_open(struct dataplane *dp, struct mailbox *reader)
{
	int err = trace_ring_open(&dp->trace.ring, API_EVENTS);

	dp->trace.reader = reader;
	for (unsigned int i = 0; !err && i < dp->worker_count; i++) {
		err = trace_ring_open(&dp->workers[i]->trace.ring, WORKER_EVENTS);
		dp->workers[i]->trace.reader = reader;
	}
	return err;
}

void dataplane_trace_close(struct dataplane *dp)
{
	dataplane_trace_set(dp, NULL, 0);
	dataplane_wait(dp); /* what a worker was about to post has been posted */
}

/* Workers that see the events see the room made for them. */
static void set(struct netns *ns, uint64_t events)
{
	atomic_store_explicit(&ns->trace_events, events, memory_order_release);
}

void dataplane_trace_set(struct dataplane *dp, struct netns *ns, uint64_t events)
{
	struct ordered_node *node;

	if (ns) {
		set(ns, events);
		return;
	}
	dp->trace_everywhere = events;
	for (node = ordered_from(&dp->netns_by_cookie, 0); node;
	     node = ordered_from(&dp->netns_by_cookie, node->key + 1)) {
		set(ordered_entry(node, struct netns, by_cookie), events);
		if (node->key == UINT64_MAX)
			break;
	}
}

void dataplane_trace_caller(struct dataplane *dp, pid_t pid, const char *process)
{
	trace_name(&dp->trace, (uint32_t)pid, process);
}

void dataplane_trace_tunnel(struct dataplane *dp, enum ul2tp_trace_event event,
                            const struct tunnel *t)
{
	const _Atomic uint64_t *events = &t->netns->trace_events;

	if (trace_wanted(events, event))
		trace_tunnel(&dp->trace, events, event, t->record);
}

void dataplane_trace_session(struct dataplane *dp, enum ul2tp_trace_event event,
                             const struct session *s)
{
	const _Atomic uint64_t *events = &s->tunnel->netns->trace_events;

	if (trace_wanted(events, event))
		trace_session(&dp->trace, events, event, s->tunnel->record, s->record);
}

/* The one whose oldest event is the oldest of all. */
static struct trace_ring *oldest(struct dataplane *dp)
{
	struct trace_ring *ret = NULL;
	uint64_t time_ns = UINT64_MAX;

	for (unsigned int i = 0; i <= dp->worker_count; i++) {
		struct trace_ring *ring =
			i < dp->worker_count ? &dp->workers[i]->trace.ring : &dp->trace.ring;
		const struct trace_entry *e = trace_ring_first(ring);

		if (e && e->event.time_ns <= time_ns) {
			time_ns = e->event.time_ns;
			ret = ring;
		}
	}
	return ret;
}

bool dataplane_trace_next(struct dataplane *dp, struct trace_entry *ret)
{
	struct trace_ring *ring = oldest(dp);

	if (!ring)
		return false;
	*ret = *trace_ring_first(ring);
	trace_ring_drop(ring);
	return true;
}

uint64_t dataplane_trace_lost(struct dataplane *dp)
{
	uint64_t lost = trace_ring_lost(&dp->trace.ring);

	for (unsigned int i = 0; i < dp->worker_count; i++)
		lost += trace_ring_lost(&dp->workers[i]->trace.ring);
	return lost;
}
