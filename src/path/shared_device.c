/* SPDX-License-Identifier: BSD-2-Clause */
/* shared_device.c - see shared_device.h */
#include "path/shared_device.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/reader.h"
#include "path/channel.h"
#include "path/counter.h"
#include "path/dataplane_private.h"
#include "path/outbox.h"
#include "path/unit_address_entry.h"
#include "path/unit_private.h"

#define IPV4_DESTINATION_AT 16
#define IPV6_DESTINATION_AT 24

/* --- the worker that reads it ---------------------------------------------------------------------------- */

static struct unit *unit_of(const struct shared_device *d, const struct tun_packet *p)
{
	const bool six = ntohs(p->pi.proto) == ETH_P_IPV6;
	const uint8_t family = six ? AF_INET6 : AF_INET;
	struct reader r = reader_over(p->octets, p->len);
	const uint8_t *destination;

	if (!six && ntohs(p->pi.proto) != ETH_P_IP)
		return NULL;
	read_skip(&r, six ? IPV6_DESTINATION_AT : IPV4_DESTINATION_AT);
	destination = read_bytes(&r, prefix_octets(family));
	return destination ? unit_of_routed(prefix_table_match(&d->units, family, destination))
	                   : NULL;
}

static void take(struct shared_device *d, struct tun_packet *p, uint64_t now_ms)
{
	struct unit *u = unit_of(d, p);

	if (!u) {
		counter_add(&d->strays, 1);
		return;
	}
	unit_take_packet(u, p);
	unit_packets_taken(u, now_ms);
}

static void tell_lost(struct shared_device *d)
{
	atomic_store(&d->all->lost, true);
	units_tell_lost(d->all->dp);
}

static void device_ready(struct watch *watch, uint32_t events)
{
	struct shared_device *d = container_of(watch, struct shared_device, watch);
	uint64_t now_ms = loop_now_ms(d->worker->loop);
	struct outbox *o = d->worker->outbox;
	uint8_t *arena = outbox_arena(o);
	size_t used = 0;
	int err = 0;

	for (int i = 0; i < d->worker->at_once && used < OUTBOX_ARENA_OCTETS; i++) {
		struct tun_packet p;

		err = tun_packet_read(d->fd, arena + used, &p);
		if (err <= 0)
			break;
		take(d, &p, now_ms);
		used += (p.len + 64) & ~(size_t)63;
	}
	outbox_flush(o);
	if (err < 0) {
		loop_remove(d->worker->loop, &d->watch);
		tell_lost(d);
	}
}

/* --- letters -------------------------------------------------------------------------------------------- */

struct change {
	struct letter letter;
	struct prefix_table *table;
	struct prefix_node *node;
	int err;
};

static void open_insert(struct letter *letter)
{
	struct change *c = container_of(letter, struct change, letter);

	c->err = prefix_table_insert(c->table, c->node);
}

static void open_remove(struct letter *letter)
{
	struct change *c = container_of(letter, struct change, letter);

	prefix_table_remove(c->table, c->node);
}

static void change_post(struct change *c, struct worker *w, void (*open)(struct letter *))
{
	c->letter.open = open;
	mailbox_post(&w->mailbox, &c->letter);
}

static int change(struct worker *w, struct prefix_table *table, struct prefix_node *node,
                  void (*open)(struct letter *))
{
	struct change c = { .table = table, .node = node };

	change_post(&c, w, open);
	mailbox_wait(&w->mailbox);
	return c.err;
}

int shared_device_insert(struct shared_device *d, struct prefix_node *routed)
{
	return change(d->worker, &d->units, routed, open_insert);
}

void shared_device_remove(struct shared_device *d, struct prefix_node *routed)
{
	change(d->worker, &d->units, routed, open_remove);
}

void shared_source_remove(struct shared_devices *all, struct prefix_node *source)
{
	change(dataplane_receiving_worker(all->dp, all->netns), &all->sources, source, open_remove);
}

/* Both workers are woken before either is waited for. */
static void change_both(struct shared_device *d, struct change *routed, struct change *source,
                        void (*open)(struct letter *))
{
	struct worker *receiving = dataplane_receiving_worker(d->all->dp, d->all->netns);

	change_post(source, receiving, open);
	change_post(routed, d->worker, open);
	mailbox_wait(&receiving->mailbox);
	if (d->worker != receiving)
		mailbox_wait(&d->worker->mailbox);
}

int shared_address_insert(struct shared_device *d, struct prefix_node *routed,
                          struct prefix_node *source)
{
	struct change r = { .table = &d->units, .node = routed };
	struct change s = { .table = &d->all->sources, .node = source };

	change_both(d, &r, &s, open_insert);
	if (r.err < 0 && !s.err)
		shared_source_remove(d->all, source);
	if (s.err < 0 && !r.err)
		shared_device_remove(d, routed);
	return r.err < 0 ? r.err : s.err;
}

void shared_address_remove(struct shared_device *d, struct prefix_node *routed,
                           struct prefix_node *source)
{
	struct change r = { .table = &d->units, .node = routed };
	struct change s = { .table = &d->all->sources, .node = source };

	change_both(d, &r, &s, open_remove);
}

static void open_start(struct letter *letter)
{
	struct shared_device *d = container_of(letter, struct shared_device, letter);

	loop_add_surely(d->worker->loop, &d->watch, d->fd, EPOLLIN, device_ready);
}

static void open_stop(struct letter *letter)
{
	struct shared_device *d = container_of(letter, struct shared_device, letter);

	loop_remove(d->worker->loop, &d->watch);
}

static void post(struct shared_device *d, void (*open)(struct letter *))
{
	d->letter.open = open;
	mailbox_post(&d->worker->mailbox, &d->letter);
}

/* --- the API thread --------------------------------------------------------------------------------------- */

static struct shared_devices *devices_new(struct dataplane *dp, struct netns *ns)
{
	struct shared_devices *all =
		calloc(1, sizeof(*all) + dp->worker_count * sizeof(all->at[0]));
	uint64_t seed = 0;

	if (!all)
		return NULL;
	if (getrandom(&seed, sizeof(seed), 0) < 0)
		seed = 0;
	all->dp = dp;
	all->netns = ns;
	all->count = dp->worker_count;
	all->known.seed = all->sources.seed = seed;
	for (uint32_t i = 0; i < all->count; i++)
		all->at[i] = (struct shared_device){
			.watch.fd = -1,
			.fd = -1,
			.worker = dp->workers[i],
			.all = all,
			.units.seed = seed,
		};
	return all;
}

static void device_fill(struct shared_device *d, const struct keeper_device *from)
{
	d->fd = from->fd;
	d->slot = from->slot;
	d->offloads = from->offloads;
	memcpy(d->name, from->name, sizeof(d->name));
}

/* Before any worker knows of them, or when none does any more. */
static void devices_free(struct shared_devices *all)
{
	for (uint32_t i = 0; i < all->count; i++) {
		struct shared_device *d = &all->at[i];

		if (d->fd >= 0) {
			close(d->fd);
			keeper_device_remove(all->dp->keeper, d->slot);
		}
		prefix_table_release(&d->units);
	}
	prefix_table_release(&all->known);
	prefix_table_release(&all->sources);
	free(all);
}

void shared_devices_begin(struct shared_devices *all)
{
	for (uint32_t i = 0; i < all->count; i++)
		post(&all->at[i], open_start);
	dataplane_wait(all->dp);
}

static int devices_make(struct dataplane *dp, struct netns *ns, uint32_t client, struct extack *ea)
{
	struct shared_devices *all = devices_new(dp, ns);

	if (!all)
		return -ENOMEM;
	for (uint32_t i = 0; i < all->count; i++) {
		struct keeper_device made;
		int err = keeper_shared_device_create(dp->keeper, client, i, &made, ea);

		if (err < 0) {
			devices_free(all);
			return err;
		}
		device_fill(&all->at[i], &made);
	}
	shared_devices_begin(all);
	ns->shared = all;
	log_event(LOG_NOTICE, "ppp-shared-created", "interface=%s count=%u netns=%llu",
	          all->at[0].name, all->count, (unsigned long long)ns->id.cookie);
	return 0;
}

int shared_devices_hold(struct dataplane *dp, struct netns *ns, uint32_t client, struct extack *ea)
{
	int err = ns->shared ? 0 : devices_make(dp, ns, client, ea);

	if (!err)
		ns->shared->users++;
	return err;
}

int shared_devices_adopt(struct dataplane *dp, struct netns *ns)
{
	const struct kept_devices *devices = &dp->ppp_devices;
	struct shared_devices *all;
	uint32_t found = 0;

	if (ns->shared)
		return 0;
	all = devices_new(dp, ns);
	if (!all)
		return -ENOMEM;
	for (uint32_t i = 0; i < devices->count; i++) {
		struct keeper_device *from = &devices->at[i];

		if (from->fd < 0 || !from->shared || from->netns.cookie != ns->id.cookie ||
		    from->worker >= all->count || all->at[from->worker].fd >= 0)
			continue;
		device_fill(&all->at[from->worker], from);
		from->fd = -1;
		found++;
	}
	if (found < all->count) {
		devices_free(all);
		return -ENODEV;
	}
	ns->shared = all;
	return 0;
}

static uint64_t strays(const struct shared_devices *all)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < all->count; i++)
		sum += counter_read(&all->at[i].strays);
	return sum;
}

void shared_devices_release(struct netns *ns)
{
	struct shared_devices *all = ns->shared;

	if (all->users && --all->users)
		return;
	for (uint32_t i = 0; i < all->count; i++)
		post(&all->at[i], open_stop);
	dataplane_wait(all->dp);
	log_event(LOG_NOTICE, "ppp-shared-removed", "interface=%s count=%u strays=%llu netns=%llu",
	          all->at[0].name, all->count, (unsigned long long)strays(all),
	          (unsigned long long)ns->id.cookie);
	devices_free(all);
	ns->shared = NULL;
}

struct shared_device *shared_device_of(const struct netns *ns, const struct worker *w)
{
	uint32_t i = 0;

	while (ns->shared->at[i].worker != w)
		i++;
	return &ns->shared->at[i];
}
