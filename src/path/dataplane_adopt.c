/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_adopt.c - a new engine takes up what the records and the keeper have
 *
 * The one place that decides: a tunnel or session is adopted if its record is LIVE and what it stands on is
 * there; every other record is freed, and every endpoint and device that nothing adopted refers to goes.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "keeper/descriptors.h"
#include "path/dataplane_private.h"
#include "path/intake.h"
#include "path/receiver.h"
#include "path/record_check.h"
#include "path/sender.h"
#include "path/spare_descriptors.h"

/* What the keeper has kept, by its slots; and what came of it. */
struct kept {
	uint32_t tunnels, sessions; /* adopted */
	uint32_t lost;              /* of both; what had ended by itself is not lost */
	int why;                    /* of the first of these, -errno */
	bool lacking; /* descriptors: something that records refer to could not be taken up */
	struct endpoint **endpoints;
	uint32_t endpoint_count;
	struct kept_devices devices; /* of sessions */
};

static int grow(void *array, size_t size, uint32_t *count, uint32_t wanted)
{
	void **at = array;
	void *larger;

	if (wanted < *count)
		return 0;
	larger = realloc(*at, size * (wanted + 1));
	if (!larger)
		return -ENOMEM;
	memset((char *)larger + size * *count, 0, size * (wanted + 1 - *count));
	*at = larger;
	*count = wanted + 1;
	return 0;
}

static int resume_endpoints(struct dataplane *dp, struct kept *kept)
{
	struct keeper_endpoint at;
	uint32_t slot = 0;
	int err;

	while ((err = keeper_endpoint_resume(dp->keeper, slot, &at)) == 0 || err == -ENFILE) {
		if (err) {
			kept->lacking = true;
			continue;
		}
		slot = at.slot + 1;
		err = grow(&kept->endpoints, sizeof(struct endpoint *), &kept->endpoint_count,
		           at.slot);
		if (err < 0)
			return err;
		kept->endpoints[at.slot] = endpoint_adopt(dp->keeper, &at);
		if (!kept->endpoints[at.slot])
			return -ENOMEM;
	}
	return err == -ENOENT ? 0 : err;
}

static int devices_put(struct kept_devices *d, const struct keeper_device *device)
{
	uint32_t before = d->count;
	int err = grow(&d->at, sizeof(*d->at), &d->count, device->slot);

	if (err < 0)
		return err;
	for (uint32_t i = before; i < d->count; i++)
		d->at[i].fd = -1;
	d->at[device->slot] = *device;
	return 0;
}

static int resume_devices(struct dataplane *dp, struct kept *kept)
{
	struct keeper_device device;
	uint32_t slot = 0;
	int err;

	while ((err = keeper_device_resume(dp->keeper, slot, &device)) == 0 || err == -ENFILE) {
		if (err) {
			kept->lacking = dp->devices_lacking = true;
			continue;
		}
		slot = device.slot + 1;
		err = devices_put(device.ppp ? &dp->ppp_devices : &kept->devices, &device);
		if (err < 0) {
			close(device.fd);
			return err;
		}
	}
	return err == -ENOENT ? 0 : err;
}

static struct endpoint *kept_endpoint(const struct kept *kept, uint32_t slot)
{
	return slot < kept->endpoint_count ? kept->endpoints[slot] : NULL;
}

/* As the engine before had it, so that what waits in its sockets keeps its order. */
static enum spread_wish spread_before(const struct endpoint *e, const struct tunnel_record *record)
{
	if (endpoint_is_connected(e))
		return dataplane_spread_wish(record->version);
	return e->at.spread ? SPREAD_WANTED : SPREAD_NOT;
}

static int adopt_tunnel(struct dataplane *dp, const struct kept *kept, uint32_t index,
                        struct tunnel **ret)
{
	struct tunnel_record *record = records_tunnel(dp->records, index);
	struct endpoint *e = kept_endpoint(kept, record->endpoint);
	struct netns *ns;
	struct tunnel *t;
	int err;

	if (record->state == RECORD_LIVE && !e && kept->lacking)
		return -ENFILE;
	if (record->state == RECORD_LIVE && record_check_tunnel(record) < 0)
		return -EBADMSG;
	/* One on a program's L2TP/IP socket goes with the connection that had it (ip_socket.h). */
	if (record->state != RECORD_LIVE || !e || e->at.netns.cookie != record->netns.cookie ||
	    e->at.params.flags & ENDPOINT_TWIN)
		return -ENOENT;
	ns = dataplane_netns_at(dp, record->netns, record->netns_index);
	t = ns ? tunnel_new(ns, index, record, e) : NULL;
	if (!t)
		return -ENOMEM;
	if (!e->intake) {
		err = dataplane_endpoint_start(dp, ns, e, spread_before(e, record), NULL);
		if (err < 0) {
			tunnel_free(t);
			return err;
		}
	}
	if (!dataplane_tunnel_start(t)) {
		tunnel_free(t);
		return -ENOENT;
	}
	*ret = t;
	return 0;
}

/* Sessions are told newest first (NL-70), so they are taken up in the order they were made. */
static int by_serial(const void *a, const void *b)
{
	const struct session_record *const *x = a, *const *y = b;

	return (*x)->serial < (*y)->serial ? -1 : (*x)->serial > (*y)->serial;
}

static int adopt_session(struct dataplane *dp, struct kept *kept, struct tunnel *const *tunnels,
                         struct session_record *record)
{
	struct tunnel *t =
		record->tunnel < dp->records->max_tunnels ? tunnels[record->tunnel] : NULL;
	struct keeper_device *device =
		record->device < kept->devices.count ? &kept->devices.at[record->device] : NULL;
	uint32_t index = (uint32_t)(record - records_session(dp->records, 0));
	struct session *s;
	int err;

	if (record_check_session(record) < 0)
		return -EBADMSG;
	if (!t || netns_session_conflict(t->netns, t, record->session_id))
		return -ENOENT;
	if (device && device->fd < 0)
		device = NULL;
	if (!device && record->device != RECORD_NONE && kept->lacking)
		return -ENFILE;
	if (!device)
		record->device = RECORD_NONE;
	s = session_new(t, index, record);
	if (!s)
		return -ENOMEM;
	record->rx.held = 0; /* what an earlier engine held is lost */
	err = dataplane_session_start(dp, s, device);
	if (err < 0) {
		receiver_free(s->receiver);
		sender_free(s->sender);
		session_free(s);
		return err;
	}
	if (device)
		device->fd = -1;
	return 0;
}

static void note_lost(struct kept *kept, int err)
{
	if (err == -ENOENT)
		return;
	if (!kept->lost++)
		kept->why = err;
}

static void adopt_tunnels(struct dataplane *dp, struct kept *kept, struct tunnel **tunnels)
{
	for (uint32_t i = 0; i < dp->records->tunnels_used; i++) {
		struct tunnel_record *record = records_tunnel(dp->records, i);
		int err;

		if (record->state == RECORD_FREE)
			continue;
		err = adopt_tunnel(dp, kept, i, &tunnels[i]);
		if (err < 0) {
			note_lost(kept, err);
			record->state = RECORD_FREE;
		} else {
			kept->tunnels++;
		}
	}
}

static void drop_session(struct dataplane *dp, struct session_record *record)
{
	if (record->state != RECORD_FREE) {
		dataplane_fast_forget(dp, (uint32_t)(record - records_session(dp->records, 0)));
		dataplane_divert_forget(dp, record);
	}
	record->state = RECORD_FREE;
}

/* Of a program's socket nobody may have said yet what became of it (keeper_managed_changed()). Sessions of PPP are told when
 * they have their units again: without, they would lose the fast path. */
static void tell_socket(struct dataplane *dp, const struct tunnel *t)
{
	list_for_each (node, &t->sessions) {
		const struct session *s = list_entry(node, struct session, in_tunnel);

		if (s->record->pw_type != L2TP_PWTYPE_PPP)
			dataplane_fast_tell(dp, t, s->index, NULL);
	}
}

/* Their receivers are there. What cannot be taken out of a socket goes to its program, as before. */
static void divert_sessions(struct dataplane *dp)
{
	for (struct ordered_node *node = ordered_from(&dp->netns_by_cookie, 0); node;
	     node = ordered_from(&dp->netns_by_cookie, node->key + 1)) {
		struct netns *ns = container_of(node, struct netns, by_cookie);

		for (struct tunnel *t = netns_tunnel_from(ns, 0); t;
		     t = netns_tunnel_from(ns, (uint64_t)t->record->conn_id + 1)) {
			list_for_each (n, &t->sessions)
				dataplane_divert_add(dp, list_entry(n, struct session, in_tunnel),
				                     false);
			if (endpoint_is_managed(t->endpoint))
				tell_socket(dp, t);
		}
	}
}

static int adopt_sessions(struct dataplane *dp, struct kept *kept, struct tunnel *const *tunnels)
{
	AUTO_MEMORY struct session_record **live =
		calloc(dp->records->sessions_used + 1, sizeof(*live));
	uint32_t count = 0;

	if (!live)
		return -ENOMEM;
	for (uint32_t i = 0; i < dp->records->sessions_used; i++) {
		struct session_record *record = records_session(dp->records, i);

		if (record->state == RECORD_LIVE)
			live[count++] = record;
		else
			drop_session(dp, record);
	}
	qsort(live, count, sizeof(struct session_record *), by_serial);
	for (uint32_t i = 0; i < count; i++) {
		int err = adopt_session(dp, kept, tunnels, live[i]);

		if (err < 0) {
			note_lost(kept, err);
			drop_session(dp, live[i]);
		} else {
			kept->sessions++;
		}
	}
	dataplane_wait(dp);
	divert_sessions(dp);
	return 0;
}

/* @managed: those on programs' sockets, else those on ours */
static void start_endpoints(struct dataplane *dp, bool managed)
{
	for (struct ordered_node *node = ordered_from(&dp->netns_by_cookie, 0); node;
	     node = ordered_from(&dp->netns_by_cookie, node->key + 1)) {
		const struct netns *ns = container_of(node, struct netns, by_cookie);

		list_for_each (at, &ns->endpoints) {
			struct endpoint *e = list_entry(at, struct endpoint, in_netns);

			if (endpoint_is_managed(e) == managed)
				intake_start(e->intake);
		}
	}
}

void dataplane_adopted(struct dataplane *dp)
{
	start_endpoints(dp, false);
	dataplane_divert_adopted(dp);
}

void kept_devices_free(struct dataplane *dp, struct kept_devices *d)
{
	for (uint32_t i = 0; i < d->count; i++)
		if (d->at[i].fd >= 0) {
			close(d->at[i].fd);
			keeper_device_remove(dp->keeper, i);
		}
	free(TAKE(d->at));
	d->count = 0;
}

static void remove_rest(struct dataplane *dp, struct kept *kept)
{
	for (uint32_t i = 0; i < kept->endpoint_count; i++)
		if (kept->endpoints[i] && !kept->endpoints[i]->users)
			dataplane_endpoint_release(dp, kept->endpoints[i]);
	kept_devices_free(dp, &kept->devices);
	free(kept->endpoints);
}

void log_not_adopted(uint32_t lost, int why, const char *effect)
{
	struct extack ea = { 0 };

	if (!lost)
		return;
	if (why == -ENFILE)
		descriptors_lack(&ea);
	log_event(LOG_ERR, "not-adopted", "lost=%u error=\"%s\" effect=\"%s\"", lost,
	          ea.text[0] ? ea.text : strerror(-why), effect);
}

int dataplane_adopt(struct dataplane *dp)
{
	AUTO_MEMORY struct tunnel **tunnels =
		calloc(dp->records->max_tunnels + 1, sizeof(*tunnels));
	struct spare_descriptors spare;
	struct kept kept = { 0 };
	int err;

	if (!tunnels)
		return -ENOMEM;
	spare_descriptors_take(&spare);
	dp->adopting = true;
	err = resume_endpoints(dp, &kept);
	if (!err)
		err = resume_devices(dp, &kept);
	if (!err) {
		adopt_tunnels(dp, &kept, tunnels);
		err = adopt_sessions(dp, &kept, tunnels);
	}
	dp->adopting = false;
	if (err)
		return err; /* nothing goes: the next engine tries again */
	start_endpoints(dp, true);
	remove_rest(dp, &kept);
	spare_descriptors_give(&spare);
	log_event(LOG_NOTICE, "adopted", "tunnels=%u sessions=%u", kept.tunnels, kept.sessions);
	log_not_adopted(kept.lost, kept.why, "they have ended, and the sessions of these tunnels");
	return 0;
}
