/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane.c - it comes, with workers and what was adopted, and goes; see dataplane.h */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "path/dataplane_private.h"
#include "path/frame_writer.h"
#include "path/unit.h"
#include "path/unit_record.h"
#include "path/ppp_record.h"

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
	dp->units_lost.open = units_open_lost;
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
	if (err < 0)
		return err;
	*ret = dp;
	return 0;
}

void dataplane_mailbox_set(struct dataplane *dp, struct mailbox *api)
{
	dp->api = api;
}

static void *end_aio(void *writer)
{
	frame_writer_end_aio(writer);
	return NULL;
}

/* While packets still move: this is what takes longest of a process's end. */
static void end_aio_of_all(struct dataplane *dp)
{
	pthread_t threads[WORKERS_MAX];
	unsigned int count = 0;

	for (unsigned int i = 0; i < dp->worker_count; i++)
		worker_write_alone(dp->workers[i]);
	dataplane_wait(dp);
	for (unsigned int i = 0; i < dp->worker_count; i++)
		if (pthread_create(&threads[count], NULL, end_aio, dp->workers[i]->writer) == 0)
			count++;
	for (unsigned int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

void dataplane_yield(struct dataplane *dp)
{
	end_aio_of_all(dp);
	dataplane_wait(dp); /* for what they have handed over to one another */
	for (unsigned int i = 0; i < dp->worker_count; i++)
		worker_stop(dp->workers[i]);
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
	free(dp->ppp_devices.at);
	free(dp);
}
