/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_adopt.c - see ppp_adopt.h
 *
 * A file is adopted if its record is LIVE and the keeper has its end, a unit if the keeper has its interface. Then, from
 * the bottom up: channels, what is attached to them and to units, bridges, and which channels units have. All other
 * records are freed, and what nothing adopted refers to goes: the program at the other end of it sees a hang-up.
 */
#include "path/ppp_adopt.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "path/channel.h"
#include "path/dataplane_private.h"
#include "path/ppp_file.h"
#include "path/ppp_record.h"
#include "path/record_check.h"
#include "path/shared_device.h"
#include "path/spare_descriptors.h"
#include "path/unit.h"
#include "path/unit_private.h"
#include "path/unit_address.h"
#include "path/unit_record.h"

/* Records of files, in some order. */
struct order {
	struct ppp_file_record **at;
	uint32_t count;
};

struct adoption {
	struct dataplane *dp;
	struct loop *loop;
	struct session **sessions; /* by record; NULL: not adopted */
	struct ppp_file **files;   /* likewise */
	int *ends;                 /* by keeper slot; -1: there is none, or a file has it */
	uint32_t end_count;
	struct unit **units; /* by record */
	struct order order;  /* of LIVE files */
	uint32_t file_count, unit_count;
	uint32_t lost; /* files and units; what had ended by itself is not lost */
	int why;       /* of the first of these, -errno */
};

static struct ppp_file_record *record_at(const struct adoption *a, uint32_t index)
{
	return records_file(a->dp->records, index);
}

static uint32_t index_of(const struct adoption *a, const struct ppp_file_record *r)
{
	return (uint32_t)(r - record_at(a, 0));
}

static struct ppp_file *file_at(const struct adoption *a, uint32_t index)
{
	return index < a->dp->records->files_used ? a->files[index] : NULL;
}

static void note_lost(struct adoption *a, int err)
{
	if (!a->lost++)
		a->why = err;
}

/* --- what there is */

static int resume_ends(struct adoption *a)
{
	uint32_t slot = 0;
	int err, fd;

	while ((err = keeper_file_resume(a->dp->keeper, slot, &slot, &fd)) == 0 || err == -ENFILE) {
		if (err)
			continue;
		if (slot >= a->end_count) {
			uint32_t room = 2 * slot + 64;
			int *larger = realloc(a->ends, room * sizeof(*larger));

			if (!larger) {
				close(fd);
				return -ENOMEM;
			}
			a->ends = larger;
			while (a->end_count < room)
				a->ends[a->end_count++] = -1;
		}
		a->ends[slot++] = fd;
	}
	return err == -ENOENT ? 0 : err;
}

static void find_sessions(struct adoption *a)
{
	const struct ordered *all = &a->dp->netns_by_cookie;

	for (struct ordered_node *node = ordered_from(all, 0); node;
	     node = ordered_from(all, node->key + 1)) {
		const struct netns *ns = container_of(node, struct netns, by_cookie);

		for (struct tunnel *t = netns_tunnel_from(ns, 0); t;
		     t = netns_tunnel_from(ns, (uint64_t)t->record->conn_id + 1))
			list_for_each (n, &t->sessions) {
				struct session *s = list_entry(n, struct session, in_tunnel);

				a->sessions[s->index] = s;
			}
	}
}

static struct session *session_of(const struct adoption *a, const struct channel_record *c)
{
	struct session *s =
		c->session < a->dp->records->sessions_used ? a->sessions[c->session] : NULL;

	return s && s->record->serial == c->session_serial &&
	                       s->record->pw_type == L2TP_PWTYPE_PPP && !s->channel
	               ? s
	               : NULL;
}

static void remove_session(struct adoption *a, struct session *s)
{
	if (!s)
		return;
	a->sessions[s->index] = NULL;
	dataplane_session_remove(a->dp, s);
}

/* --- files */

/* connect() was not answered, so there is no session yet. */
static void undo_connect(struct adoption *a, struct channel_record *c)
{
	for (uint32_t i = 0; c->making && i < a->dp->records->sessions_used; i++) {
		struct session *s = a->sessions[i];

		if (s && s->record->tunnel == c->making_tunnel &&
		    s->record->session_id == c->making_session && !s->channel) {
			remove_session(a, s);
			break;
		}
	}
	c->making = 0;
}

static void drop_file(struct adoption *a, struct ppp_file_record *r)
{
	remove_session(a, session_of(a, &r->channel));
	undo_connect(a, &r->channel);
	r->state = RECORD_FREE;
}

static bool can_be_adopted(const struct adoption *a, const struct ppp_file_record *r)
{
	if (r->state != RECORD_LIVE)
		return false;
	return r->slot == RECORD_NONE || (r->slot < a->end_count && a->ends[r->slot] >= 0);
}

static void adopt_file(struct adoption *a, struct ppp_file_record *r)
{
	int fd = r->slot == RECORD_NONE ? -1 : a->ends[r->slot];
	uint32_t index = index_of(a, r);
	int err = record_check_file(r);

	if (!err && r->slot != RECORD_NONE && fd < 0) /* another file has it */
		err = -EBADMSG;
	if (!err)
		err = ppp_file_adopt(a->dp, a->loop, index, fd, &a->files[index]);
	if (err < 0) {
		note_lost(a, err);
		drop_file(a, r);
		return;
	}
	if (fd >= 0)
		a->ends[r->slot] = -1;
	a->file_count++;
}

static int by_serial(const void *a, const void *b)
{
	const struct ppp_file_record *const *x = a, *const *y = b;

	return (*x)->serial < (*y)->serial ? -1 : (*x)->serial > (*y)->serial;
}

static int by_attachment(const void *a, const void *b)
{
	const struct ppp_file_record *const *x = a, *const *y = b;

	return (*x)->attached < (*y)->attached ? -1 : (*x)->attached > (*y)->attached;
}

static int by_joining(const void *a, const void *b)
{
	const struct ppp_file_record *const *x = a, *const *y = b;

	return (*x)->channel.joined < (*y)->channel.joined
	               ? -1
	               : (*x)->channel.joined > (*y)->channel.joined;
}

static void sort(struct adoption *a, int (*order)(const void *, const void *))
{
	qsort(a->order.at, a->order.count, sizeof(struct ppp_file_record *), order);
}

static void adopt_files(struct adoption *a)
{
	for (uint32_t i = 0; i < a->dp->records->files_used; i++) {
		struct ppp_file_record *r = record_at(a, i);

		if (can_be_adopted(a, r)) {
			a->order.at[a->order.count++] = r;
			continue;
		}
		if (r->state == RECORD_LIVE) /* see keeper_file_resume() */
			note_lost(a, -ENFILE);
		if (r->state != RECORD_FREE)
			drop_file(a, r);
	}
	sort(a, by_serial);
	for (uint32_t i = 0; i < a->order.count; i++)
		adopt_file(a, a->order.at[i]);
}

/* --- units */

/* Its namespace's are taken up with the first unit that shares them. */
static int adopt_sharing_unit(struct adoption *a, const struct unit_record *r, uint32_t index)
{
	struct netns *ns = dataplane_netns_at(a->dp, r->netns, r->netns_index);
	int err = ns ? shared_devices_adopt(a->dp, ns) : -ENOMEM;

	if (!err)
		err = unit_adopt(a->dp, ns, index, NULL, &a->units[index]);
	if (!err)
		unit_addresses_adopt(a->units[index]);
	return err;
}

static int adopt_own_unit(struct adoption *a, const struct unit_record *r, uint32_t index)
{
	const struct kept_devices *devices = &a->dp->ppp_devices;
	struct keeper_device *device = r->device < devices->count ? &devices->at[r->device] : NULL;
	struct netns *ns;
	int err;

	if (!device || device->fd < 0)
		return -ENODEV;
	if (device->netns.cookie != r->netns.cookie)
		return -EBADMSG;
	ns = dataplane_netns_at(a->dp, r->netns, r->netns_index);
	err = ns ? unit_adopt(a->dp, ns, index, device, &a->units[index]) : -ENOMEM;
	if (!err)
		device->fd = -1;
	return err;
}

static void adopt_unit(struct adoption *a, const struct unit_record *r, uint32_t index)
{
	int err;

	if (r->state != RECORD_LIVE)
		return;
	err = record_check_unit(r);
	if (!err)
		err = r->shared ? adopt_sharing_unit(a, r, index) : adopt_own_unit(a, r, index);
	if (!err) {
		unit_record_replay(a->units[index]);
		a->unit_count++;
	} else if (err != -ENODEV) {
		note_lost(a, err);
	} else if (a->dp->devices_lacking) { /* else its interface has gone, with its namespace */
		note_lost(a, -ENFILE);
	}
}

/* The device that its addresses are routed to may be that of others, who have been adopted. */
static void forget_unit(struct adoption *a, struct unit_record *r)
{
	const struct netns *ns = dataplane_netns_find(a->dp, r->netns);

	if (r->state != RECORD_FREE && r->shared && ns)
		unit_addresses_forget(a->dp, ns, r);
	r->state = RECORD_FREE;
}

/* Interfaces to be shared, whose units could not be adopted, none of them. */
static void release_unused(const struct dataplane *dp)
{
	for (struct ordered_node *node = ordered_from(&dp->netns_by_cookie, 0); node;
	     node = ordered_from(&dp->netns_by_cookie, node->key + 1)) {
		struct netns *ns = container_of(node, struct netns, by_cookie);

		if (ns->shared && !ns->shared->users)
			shared_devices_release(ns);
	}
}

static void adopt_units(struct adoption *a)
{
	for (uint32_t i = 0; i < a->dp->records->units_used; i++)
		adopt_unit(a, records_unit(a->dp->records, i), i);
	for (uint32_t i = 0; i < a->dp->records->units_used; i++)
		if (!a->units[i])
			forget_unit(a, records_unit(a->dp->records, i));
	release_unused(a->dp);
}

static struct unit *unit_at(const struct adoption *a, uint32_t index)
{
	return index < a->dp->records->units_used ? a->units[index] : NULL;
}

/* One whose owner has gone, or was not told of it (PPP-44). */
static void remove_ownerless(struct adoption *a)
{
	for (uint32_t i = 0; i < a->dp->records->units_used; i++) {
		if (!a->units[i] || a->units[i]->owner)
			continue;
		unit_die(TAKE(a->units[i]));
		a->unit_count--;
	}
}

/* --- how they are connected */

static void adopt_channel(struct adoption *a, struct ppp_file *f)
{
	struct channel_record *r = &f->record->channel;

	int err;

	undo_connect(a, r);
	if (!r->connected)
		return;
	err = channel_adopt(f, session_of(a, r), r->number, &f->channel);
	if (err == 0) {
		if (r->bound)
			channel_bind(f->channel, -1);
		return;
	}
	note_lost(a, err);
	a->file_count--;
	remove_session(a, session_of(a, r));
	a->files[f->record_index] = NULL;
	ppp_file_free(f);
}

static void adopt_attachment(struct adoption *a, struct ppp_file *f)
{
	const struct ppp_file_record *r = f->record;
	struct ppp_file *socket = file_at(a, r->on_index);
	struct unit *u = unit_at(a, r->on_index);

	if (f->dead || r->on == PPP_FILE_ON_NOTHING)
		return;
	if (r->on == PPP_FILE_ON_CHANNEL && socket && socket->channel)
		channel_file_attach(socket->channel, f);
	else if (r->on == PPP_FILE_ON_UNIT && u)
		unit_file_attach(u, f, r->owner);
	else
		ppp_file_die(TAKE(a->files[f->record_index]));
}

static void adopt_bridge(struct adoption *a, struct ppp_file *f)
{
	struct ppp_file *other = file_at(a, f->record->channel.bridge);
	struct channel *c = f->channel, *d = other ? other->channel : NULL;

	if (c && d && c != d && !c->bridge && !c->unit && !d->bridge && !d->unit)
		channel_bridge(c, d);
}

static void adopt_connection(struct adoption *a, struct ppp_file *f)
{
	struct unit *u = unit_at(a, f->record->channel.unit);
	struct channel *c = f->channel;

	if (c && u && !c->bridge && !c->unit)
		unit_connect(u, c);
}

/* @sockets: only those, else only files of /dev/ppp */
static void for_each(struct adoption *a, bool sockets,
                     void (*adopt)(struct adoption *a, struct ppp_file *f))
{
	for (uint32_t i = 0; i < a->order.count; i++) {
		struct ppp_file *f = a->files[index_of(a, a->order.at[i])];

		if (f && f->is_socket == sockets)
			adopt(a, f);
	}
}

/* What the programs of the fast path are told of a session without a unit they may have been told otherwise. */
static void tell_unconnected(struct adoption *a)
{
	for (uint32_t i = 0; i < a->dp->records->sessions_used; i++) {
		const struct session *s = a->sessions[i];

		if (s && s->record->pw_type == L2TP_PWTYPE_PPP && !(s->channel && s->channel->unit))
			dataplane_fast_tell(a->dp, s->tunnel, i, s->channel);
	}
}

/* What has waited in interfaces goes by channels, which are there now. */
static void begin_devices(struct adoption *a)
{
	const struct dataplane *dp = a->dp;

	for (uint32_t i = 0; i < dp->records->units_used; i++)
		if (a->units[i])
			unit_tx_begin(a->units[i]);
	for (struct ordered_node *node = ordered_from(&dp->netns_by_cookie, 0); node;
	     node = ordered_from(&dp->netns_by_cookie, node->key + 1)) {
		const struct netns *ns = container_of(node, struct netns, by_cookie);

		if (ns->shared)
			shared_devices_begin(ns->shared);
	}
}

static void update(struct adoption *a, struct ppp_file *f)
{
	ppp_record_update(f);
}

static void adopt(struct adoption *a)
{
	a->dp->ppp_adopting = true;
	find_sessions(a);
	adopt_units(a);
	adopt_files(a);
	for_each(a, true, adopt_channel);
	sort(a, by_attachment);
	for_each(a, false, adopt_attachment);
	remove_ownerless(a);
	for_each(a, true, adopt_bridge);
	sort(a, by_joining);
	for_each(a, true, adopt_connection);
	tell_unconnected(a);
	a->dp->ppp_adopting = false;
	begin_devices(a);
	for_each(a, true, update);
	for_each(a, false, update);
}

static void remove_rest(struct adoption *a)
{
	for (uint32_t slot = 0; slot < a->end_count; slot++) {
		if (a->ends[slot] < 0)
			continue;
		shutdown(a->ends[slot], SHUT_RDWR);
		close(a->ends[slot]);
		keeper_file_close(a->dp->keeper, slot);
	}
	kept_devices_free(a->dp, &a->dp->ppp_devices);
}

static void log_adopted(const struct adoption *a)
{
	log_event(LOG_NOTICE, "adopted-ppp", "files=%u units=%u", a->file_count, a->unit_count);
	log_not_adopted(a->lost, a->why,
	                "PPP sockets, files and units have ended, and their sessions");
}

int ppp_adopt(struct dataplane *dp, struct loop *loop)
{
	const struct records *r = dp->records;
	struct spare_descriptors spare;
	struct adoption a = {
		.dp = dp,
		.loop = loop,
		.sessions = calloc(r->sessions_used + 1, sizeof(*a.sessions)),
		.files = calloc(r->files_used + 1, sizeof(*a.files)),
		.units = calloc(r->units_used + 1, sizeof(*a.units)),
		.order.at = calloc(r->files_used + 1, sizeof(*a.order.at)),
	};
	int err = a.sessions && a.files && a.units && a.order.at ? 0 : -ENOMEM;

	spare_descriptors_take(&spare);
	if (!err)
		err = resume_ends(&a);
	if (!err) {
		adopt(&a);
		remove_rest(&a);
		dataplane_adopted(dp);
		ppp_records_adopted(dp);
		unit_records_adopted(dp);
		log_adopted(&a);
	}
	spare_descriptors_give(&spare);
	free(a.sessions);
	free(a.files);
	free(a.order.at);
	free(a.ends);
	free(a.units);
	return err;
}
