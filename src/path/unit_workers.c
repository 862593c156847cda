/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_workers.c - what the API thread has a unit's workers do, and which worker sends; see unit.h */
#include "path/channel.h"
#include "path/dataplane_private.h"
#include "path/ppp_file.h"
#include "path/shared_device.h"
#include "path/unit_address.h"
#include "path/unit_complete.h"
#include "path/unit_private.h"
#include "path/unit_record.h"

static void post(struct worker *w, struct letter *letter, void (*open)(struct letter *))
{
	letter->open = open;
	mailbox_post_wait(&w->mailbox, letter);
}

/* A device that has gone is one that can not be read any more, and is not watched then. */
static void ready(struct watch *watch, uint32_t events)
{
	struct unit *u = container_of(watch, struct unit, tx.watch);

	unit_ready(watch, events);
	if (u->tx.watch.fd < 0) {
		atomic_store(&u->lost, true);
		units_tell_lost(u->dp);
	}
}

static void watch_device(struct unit *u)
{
	if (u->tx.device >= 0)
		loop_add_surely(u->tx.worker->loop, &u->tx.watch, u->tx.device, EPOLLIN, ready);
}

/* Its own letter, as nobody waits for it: what is asked of the unit later comes behind it. */
static void open_tx_begun(struct letter *letter)
{
	watch_device(container_of(letter, struct unit, tx.begun));
}

void unit_tx_begin(struct unit *u)
{
	u->tx.begun.open = open_tx_begun;
	mailbox_post(&u->tx.worker->mailbox, &u->tx.begun);
}

static void open_tx_channels(struct letter *letter)
{
	struct unit *u = container_of(letter, struct unit, tx.letter);

	unit_gate_close(u);
	u->tx.channel = list_empty(&u->channels)
	                        ? NULL
	                        : list_entry(u->channels.next, struct channel, in_unit);
	unit_gate_follow(u);
	if (u->complete)
		unit_multilink_channels(u);
}

void unit_channels_post(struct unit *u)
{
	u->tx.letter.open = open_tx_channels;
	mailbox_post(&u->tx.worker->mailbox, &u->tx.letter);
}

void unit_channels_changed(struct unit *u)
{
	post(u->tx.worker, &u->tx.letter, open_tx_channels);
}

/* While units are adopted, not all have their channels yet, and what waits in the device would be dropped. */
static void open_tx_start(struct letter *letter)
{
	struct unit *u = container_of(letter, struct unit, tx.letter);

	open_tx_channels(letter);
	if (!u->dp->ppp_adopting)
		watch_device(u);
}

static void open_tx_stop(struct letter *letter)
{
	struct unit *u = container_of(letter, struct unit, tx.letter);

	loop_remove(u->tx.worker->loop, &u->tx.watch);
	unit_gate_close(u);
}

/* While it is stopped frames wait in the device and in the files' sockets. */
void unit_tx_stop(struct unit *u)
{
	list_for_each (node, &u->files)
		ppp_end_stop(&list_entry(node, struct ppp_file, in_unit)->end);
	post(u->tx.worker, &u->tx.letter, open_tx_stop);
}

static void tx_start(struct unit *u)
{
	post(u->tx.worker, &u->tx.letter, open_tx_start);
	list_for_each (node, &u->files)
		ppp_end_start(&list_entry(node, struct ppp_file, in_unit)->end, u->tx.worker,
		              unit_frame_written, u);
}

static void set_shared_device(struct unit *u, void *arg)
{
	worker_write_received(u->rx.worker);
	u->rx.device = u->shared->fd;
}

static void share(struct unit *u, struct shared_device *d)
{
	u->shared = d;
	u->record->device = d->slot;
	unit_call(u, set_shared_device, NULL);
}

static void open_settle(struct letter *letter)
{
	struct unit *u = container_of(letter, struct unit, tx.letter);

	list_for_each (node, &u->files)
		ppp_end_drain(&list_entry(node, struct ppp_file, in_unit)->end);
}

void unit_settle(struct unit *u)
{
	post(u->tx.worker, &u->tx.letter, open_settle);
}

void unit_combine(struct unit *u)
{
	if (u->tx.worker == u->rx.worker)
		return;
	unit_tx_stop(u);
	if (u->shared)
		unit_addresses_leave(u);
	list_for_each (node, &u->channels)
		channel_move(list_entry(node, struct channel, in_unit), u->rx.worker);
	u->tx.worker = u->rx.worker;
	if (u->shared)
		share(u, shared_device_of(u->netns, u->tx.worker));
	tx_start(u);
	if (u->shared)
		unit_addresses_enter(u);
}
