/* SPDX-License-Identifier: BSD-2-Clause */
/* keeping_upgrade.c - from one keeper to the next; see keeping.h and upgrade.h */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/monotonic.h"
#include "keeper/descriptors.h"
#include "keeper/keeping.h"
#include "keeper/ready.h"
#include "keeper/records.h"

/* An engine that has just been started looks for what there is before it hears of an upgrade. */
#define PAUSE_WITHIN_MS 5000

/* All that one of another release needs to go on from here. */
static void leave(struct keeping *k, struct bequest *b)
{
	upgrade_bequest_begin(b);
	leave_u32(b, k->options.max_tunnels);
	leave_u32(b, k->options.max_sessions);
	leave_u32(b, k->options.workers);
	leave_u32(b, divert_way_of(&k->server.divert));
	leave_fd(b, k->records_fd);
	listener_leave(&k->listener, b);
	engine_leave(&k->engine, b);
	server_leave(&k->server, b);
}

/* While the engine goes on. Only comes back if it fails, and then nothing has happened. */
static int become_another(struct keeping *k)
{
	struct bequest b = { 0 };
	int err;

	if (k->server.divert.unsettled)
		k->server.divert.ops->settle(&k->server.divert);
	leave(k, &b);
	fflush(NULL);
	err = upgrade_execute(&k->upgrade, &b);
	server_stay(&k->server);
	bequest_release(&b);
	return err;
}

static int upgrade_refused(const struct keeping *k, int err, const struct extack *ea)
{
	log_event(LOG_ERR, "upgrade-refused",
	          "file=%s reason=\"%s\" effect=\"all goes on as it was\"",
	          k->upgrade.path ?: "none", ea->text);
	ready_notify("READY=1");
	return err;
}

/* The engine ends what it has been asked for, and then pauses, so that no client is left without an answer. */
int keeping_upgrade(struct keeping *k, struct extack *ea)
{
	const struct keeper_event event = { .kind = KEEPER_EVENT_UPGRADE };
	int err;

	if (k->stop_ms)
		return extack_fail(ea, -ESHUTDOWN, 0, "ul2tpd is about to end");
	if (k->upgrade_ms)
		return 0;
	ready_notify_reloading();
	err = descriptors_check(&k->server.descriptors, ea);
	if (err == 0)
		err = upgrade_check(&k->upgrade, ea);
	if (err < 0)
		return upgrade_refused(k, err, ea);
	k->upgrade_ms = monotonic_ms() + (keeping_tell(k, &event) ? PAUSE_WITHIN_MS : 0);
	return 0;
}

void keeping_upgrade_now(struct keeping *k)
{
	struct extack ea = { 0 };
	int err;

	if (!k->upgrade_ms)
		return;
	k->upgrade_ms = 0;
	if (k->stop_ms)
		return;
	log_event(LOG_NOTICE, "upgrading", "file=%s", k->upgrade.path);
	err = become_another(k);
	extack_set(&ea, 0, "it can not be executed: %s", strerror(-err));
	upgrade_refused(k, err, &ea);
}

/* In the order of leave(). */
int keeping_inherit(struct keeping *k, struct inheritance *i)
{
	struct keeper_options *o = &k->options;
	struct stat st;
	int err;

	o->max_tunnels = inherit_u32(i);
	o->max_sessions = inherit_u32(i);
	o->workers = inherit_u32(i);
	o->divert = inherit_u32(i);
	k->records_fd = inherit_file(i, S_IFREG, 0);
	if (inherit_failed(i) || k->records_fd < 0 || o->divert > DIVERT_WAY_RAW ||
	    fstat(k->records_fd, &st) < 0 ||
	    (uint64_t)st.st_size != records_size(o->max_tunnels, o->max_sessions))
		return -EBADMSG;
	k->setting.records = records_map(k->records_fd, o->max_tunnels, o->max_sessions);
	if (!k->setting.records)
		return -ENOMEM;
	err = listener_inherit(&k->listener, o->socket_path, i);
	return err == 0 ? engine_inherit(&k->engine, i) : err;
}
