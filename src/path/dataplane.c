/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane.c - namespaces, workers, endpoints; see dataplane.h */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "path/dataplane_private.h"
#include "path/unit.h"
#include "path/unit_record.h"
#include "path/intake.h"
#include "path/ppp_record.h"
#include "path/raw_receive.h"

struct worker *dataplane_receiving_worker(const struct dataplane *dp, const struct netns *ns)
{
	return dp->workers[ns->index % dp->worker_count];
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

int dataplane_endpoint_start(struct dataplane *dp, struct netns *ns, struct endpoint *e,
                             enum spread_wish spread, struct extack *ea)
{
	int err = 0;

	e->intake = intake_new(dataplane_receiving_worker(dp, ns), e, ns->index);
	if (!e->intake)
		return -ENOMEM;
	if (endpoint_is_managed(e)) {
		err = dataplane_managed_start(dp, ns, e, ea);
	} else if (spread == SPREAD_WANTED) {
		err = dataplane_spread(dp, e);
	}
	if (err < 0) {
		intake_free(TAKE(e->intake));
		return err;
	}
	list_append(&ns->endpoints, &e->in_netns);
	if (!dp->adopting)
		intake_start(e->intake);
	return 0;
}

int dataplane_endpoint_open(struct dataplane *dp, struct netns *ns, uint32_t client,
                            const struct endpoint_params *params, enum spread_wish spread,
                            struct endpoint **ret, struct extack *ea)
{
	struct endpoint *e;
	int err = endpoint_new(dp->keeper, client, params, &e, ea);

	if (err < 0)
		return err;
	err = dataplane_endpoint_start(dp, ns, e, spread, ea);
	if (err < 0) {
		dataplane_endpoint_release(dp, e);
		return err;
	}
	*ret = e;
	return 0;
}

void dataplane_endpoint_release(struct dataplane *dp, struct endpoint *e)
{
	if (e->users)
		return;
	if (e->intake) {
		raw_receive_leave(e->intake);
		intake_stop(e->intake);
		intake_free(e->intake);
		if (endpoint_is_managed(e))
			dataplane_managed_stop(dp, e);
	}
	endpoint_free(e);
}

struct netns *dataplane_netns_find(struct dataplane *dp, struct netns_id id)
{
	return ordered_entry(ordered_find(&dp->netns_by_cookie, id.cookie), struct netns,
	                     by_cookie);
}

struct netns *dataplane_netns(struct dataplane *dp, struct netns_id id)
{
	return dataplane_netns_at(dp, id, dp->last_netns_index);
}

struct netns *dataplane_netns_at(struct dataplane *dp, struct netns_id id, uint32_t index)
{
	struct netns *ns = dataplane_netns_find(dp, id);

	if (ns)
		return ns;
	ns = netns_new(id, index);
	if (index >= dp->last_netns_index)
		dp->last_netns_index = index + 1;
	if (!ns)
		return NULL;
	dataplane_limits_get(dp, ns);
	ns->trace_events = dp->trace_everywhere;
	ordered_insert(&dp->netns_by_cookie, &ns->by_cookie, id.cookie);
	return ns;
}

void dataplane_netns_hold(struct netns *ns)
{
	ns->users++;
}

void dataplane_netns_release(struct dataplane *dp, struct netns *ns)
{
	if (--ns->users)
		return;
	ordered_remove(&dp->netns_by_cookie, &ns->by_cookie);
	netns_free(ns);
}

void dataplane_netns_empty(struct dataplane *dp, struct netns *ns)
{
	struct tunnel *t;

	dataplane_netns_hold(ns);
	while ((t = netns_tunnel_from(ns, 0)))
		dataplane_tunnel_remove(dp, t);
	units_die(ns);
	dataplane_netns_release(dp, ns);
}

static int start_workers(struct dataplane *dp)
{
	while (dp->worker_count < dp->options.workers) {
		struct worker *w = worker_new(dp->worker_count, dp->options.naive);

		if (!w)
			return -errno;
		dp->workers[dp->worker_count++] = w;
	}
	return 0;
}

/* Free records, so that the lowest numbers are taken first. */
static int find_free_records(struct dataplane *dp)
{
	struct records *r = dp->records;

	if (free_list_open(&dp->free_tunnels, r->max_tunnels) < 0 ||
	    free_list_open(&dp->free_sessions, r->max_sessions) < 0)
		return -ENOMEM;
	for (uint32_t i = r->max_tunnels; i-- > 0;)
		if (i >= r->tunnels_used || records_tunnel(r, i)->state == RECORD_FREE)
			free_list_give(&dp->free_tunnels, i);
	for (uint32_t i = r->max_sessions; i-- > 0;)
		if (i >= r->sessions_used || records_session(r, i)->state == RECORD_FREE)
			free_list_give(&dp->free_sessions, i);
	return 0;
}

int dataplane_new(const struct keeper_start *start, const struct dataplane_options *options,
                  struct dataplane **ret)
{
	struct dataplane *dp = calloc(1, sizeof(*dp));
	int err;

	if (!dp)
		return -ENOMEM;
	dp->keeper = start->keeper;
	list_init(&dp->raw_receives);
	dp->records = start->records;
	dp->fast = start->fast;
	dp->fast_why = start->fast_why;
	dp->divert = start->divert;
	dp->options = *options;
	if (dp->options.workers < 1 || dp->options.workers > WORKERS_MAX)
		dp->options.workers = dp->options.workers ? WORKERS_MAX : 1;
	err = start_workers(dp);
	if (!err)
		err = ppp_records_open(dp);
	if (!err)
		err = unit_records_open(dp);
	if (!err && !start->first)
		err = dataplane_adopt(dp);
	if (!err)
		err = find_free_records(dp);
	if (err < 0) {
		dataplane_free(dp);
		return err;
	}
	*ret = dp;
	return 0;
}

void dataplane_mailbox_set(struct dataplane *dp, struct mailbox *api)
{
	dp->api = api;
}

void dataplane_free(struct dataplane *dp)
{
	struct ordered_node *node;

	if (!dp)
		return;
	while ((node = ordered_from(&dp->netns_by_cookie, 0))) {
		struct netns *ns = container_of(node, struct netns, by_cookie);

		dataplane_netns_hold(ns);
		dataplane_netns_empty(dp, ns);
		dataplane_netns_release(dp, ns);
	}
	dataplane_wait(dp); /* what they have handed over to one another */
	for (unsigned int i = 0; i < dp->worker_count; i++)
		worker_free(dp->workers[i]);
	trace_ring_close(&dp->trace.ring);
	for (unsigned int i = 0; i < dp->worker_count; i++)
		divert_ring_free(dp->rings[i]);
	buckets_release(&dp->managed);
	buckets_release(&dp->by_ends);
	buckets_release(&dp->ppp_files);
	ppp_records_close(dp);
	unit_records_close(dp);
	free_list_close(&dp->free_tunnels);
	free_list_close(&dp->free_sessions);
	free(dp);
}
