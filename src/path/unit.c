/* SPDX-License-Identifier: BSD-2-Clause */
/* unit.c - units come, are connected and go; the API thread. See unit.h; which of their files receives is in unit_files.c, what is
 * asked of workers in unit_workers.c */
#include "path/unit.h"

#include <errno.h>
#include <linux/ppp_defs.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "path/channel.h"
#include "path/dataplane_private.h"
#include "path/ppp_file.h"
#include "path/shared_device.h"
#include "path/unit_address.h"
#include "path/unit_complete.h"
#include "path/unit_fast.h"
#include "path/unit_private.h"
#include "path/unit_record.h"

static struct worker *first_sending_worker(const struct unit *u)
{
	return u->dp->workers[(u->netns->index + 1 + u->number) % u->dp->worker_count];
}

/* --- coming and going --------------------------------------------------------------------------------- */

static void have_device(struct unit *u, const struct keeper_device *device)
{
	u->slot = device->slot;
	u->ifindex = device->ifindex;
	u->rx.device = u->tx.device = device->fd;
	u->rx.accepts = coalesce_accepts_of(device->offloads);
	if (u->rx.accepts) /* as of Ethernet (receiver.c) */
		u->rx.accepts |= COALESCE_PARTIAL | PPP_MRU << COALESCE_MTU_SHIFT;
}

static void have_shared_device(struct unit *u)
{
	u->shared = shared_device_of(u->netns, u->tx.worker);
	u->record->device = u->shared->slot;
	u->tx.device = -1;
	u->rx.device = u->shared->fd;
	u->rx.accepts = coalesce_accepts_of(u->shared->offloads);
	u->rx.sources = &u->netns->shared->sources;
}

static struct unit *unit_alloc(struct dataplane *dp, struct netns *ns, uint32_t record_index,
                               const struct keeper_device *device)
{
	struct unit_record *r = records_unit(dp->records, record_index);
	struct unit *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->dp = dp;
	u->netns = ns;
	u->number = r->number;
	u->record = r;
	u->record_index = record_index;
	u->rx.counters = &r->rx;
	u->tx.counters = &r->tx;
	u->slot = RECORD_NONE;
	u->tx.watch.fd = -1;
	list_init(&u->files);
	list_init(&u->channels);
	list_init(&u->addresses);
	u->rx.worker = dataplane_receiving_worker(dp, ns);
	u->tx.worker = first_sending_worker(u);
	if (device)
		have_device(u, device);
	else
		have_shared_device(u);
	unit_flows_init(u);
	ordered_insert(&ns->units, &u->by_number, r->number);
	if (u->ifindex)
		buckets_insert(&ns->units_by_device, &u->by_device,
		               hash_u64((uint32_t)u->ifindex, 0));
	dataplane_netns_hold(ns);
	return u;
}

int unit_adopt(struct dataplane *dp, struct netns *ns, uint32_t record_index,
               const struct keeper_device *device, struct unit **ret)
{
	struct unit *u;

	if (unit_find(ns, records_unit(dp->records, record_index)->number))
		return -EEXIST;
	u = unit_alloc(dp, ns, record_index, device);
	if (!u)
		return -ENOMEM;
	if (u->shared)
		u->netns->shared->users++;
	if (!dp->ppp_adopting) /* else when it has its channels */
		unit_tx_begin(u);
	*ret = u;
	return 0;
}

static void unit_free_if_done(struct unit *u)
{
	if (!u->dead || !list_empty(&u->channels))
		return;
	dataplane_netns_release(u->dp, u->netns);
	unit_complete_free(u);
	free(u);
}

static void forget_device(struct unit *u, void *arg)
{
	worker_write_received(u->rx.worker);
	u->rx.device = -1;
	u->rx.sources = NULL;
	u->rx.file = NULL;
	u->rx.counters = &u->gone[0];
	u->tx.counters = &u->gone[1];
	if (u->complete)
		unit_multilink_forget(u);
}

static void device_end(struct unit *u)
{
	if (u->shared) {
		u->shared = NULL;
		shared_devices_release(u->netns);
		return;
	}
	close(u->tx.device);
	u->tx.device = -1;
	keeper_device_remove(u->dp->keeper, u->slot);
}

static void kill_files(struct unit *u)
{
	list_for_each_safe (node, &u->files) {
		struct ppp_file *f = list_entry(node, struct ppp_file, in_unit);

		list_remove(&f->in_unit);
		f->unit = NULL;
		f->was_on_unit = true;
		f->unit_number = u->number;
		ppp_file_die(f);
	}
}

/* An interface that somebody has deleted tells no name any more: then that with which it was made, as a rule. */
static void name_keep(struct unit *u)
{
	unit_device_name(u, u->last_name);
	if (!u->last_name[0])
		snprintf(u->last_name, IFNAMSIZ, "ppp%u", u->number);
}

void unit_die(struct unit *u)
{
	if (u->dead)
		return;
	name_keep(u);
	u->dead = true;
	unit_record_going(u);
	ordered_remove(&u->netns->units, &u->by_number);
	if (u->ifindex)
		buckets_remove(&u->netns->units_by_device, &u->by_device);
	if (u->number < u->netns->lowest_unit)
		u->netns->lowest_unit = u->number;
	unit_tx_stop(u);
	unit_fast_tell(u);
	unit_addresses_remove(u);
	unit_call(u, forget_device, NULL);
	kill_files(u);
	device_end(u);
	unit_record_free(u);
	log_event(LOG_NOTICE, "ppp-unit-removed", "unit=%u netns=%llu", u->number,
	          (unsigned long long)u->netns->id.cookie);
	unit_free_if_done(u);
}

static void lost_die_in(struct netns *ns)
{
	struct ordered_node *node = ordered_from(&ns->units, 0);

	while (node) {
		struct unit *u = container_of(node, struct unit, by_number);
		uint64_t next = node->key + 1;

		if (atomic_load(&u->lost) || (u->shared && atomic_load(&ns->shared->lost)))
			unit_die(u);
		node = ordered_from(&ns->units, next);
	}
}

static void lost_die(struct dataplane *dp)
{
	struct ordered_node *node = ordered_from(&dp->netns_by_cookie, 0);

	while (node) {
		struct netns *ns = container_of(node, struct netns, by_cookie);
		uint64_t next = node->key + 1;

		dataplane_netns_hold(ns);
		lost_die_in(ns);
		dataplane_netns_release(dp, ns);
		node = ordered_from(&dp->netns_by_cookie, next);
	}
}

void units_open_lost(struct letter *letter)
{
	struct dataplane *dp = container_of(letter, struct dataplane, units_lost);

	atomic_store(&dp->units_lost_told, false);
	lost_die(dp);
}

void units_die(struct netns *ns)
{
	struct ordered_node *node;

	while ((node = ordered_from(&ns->units, 0)))
		unit_die(container_of(node, struct unit, by_number));
}

void unit_file_detach(struct ppp_file *f)
{
	struct unit *u = f->unit;

	ppp_end_stop(&f->end);
	list_remove(&f->in_unit);
	f->unit = NULL;
	unit_files_route(u);
	if (u->owner == f)
		unit_die(u);
}

/* --- channels ----------------------------------------------------------------------------------------- */

void unit_connect(struct unit *u, struct channel *c)
{
	if (!list_empty(&u->channels))
		unit_combine(u);
	c->unit = u;
	c->rx.fragment_seq = UINT32_MAX; /* none has come */
	list_append(&u->channels, &c->in_unit);
	unit_fast_join(u, c);
	channel_move(c, u->tx.worker);
	unit_channels_post(u);
	channel_unit_set(c, u); /* which waits for a worker */
	if (u->tx.worker != c->rx.worker)
		mailbox_wait(&u->tx.worker->mailbox);
}

void unit_disconnect(struct channel *c)
{
	struct unit *u = c->unit;

	channel_unit_set(c, NULL);
	c->unit = NULL;
	list_remove(&c->in_unit);
	unit_channels_changed(u);
	channel_move(c, NULL);
	unit_fast_leave(u, c);
	unit_say_if_idle(u);
	unit_free_if_done(u);
}
