/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_divert.c - tunnels on programs' own sockets: whose data is taken out of them, and their end
 *
 * A session of such a tunnel is named to the keeper, which takes its packets out of the tunnel's socket; one that is
 * found by its ids alone (peer_check ids, Q-8; or dataplane_ends.c) out of any program's socket in the namespace, whatever
 * its own tunnel stands on. The receiver is there before and after.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "encap/address.h"
#include "path/dataplane_private.h"
#include "path/divert_ring.h"
#include "path/intake.h"
#include "path/raw_receive.h"
#include "path/sender.h"
#include "wire/data_header.h"

#define LEAST_V3_UDP 8 /* octets up to and with the session id */

static struct divert_session describe(const struct tunnel_record *t, uint32_t index,
                                      const struct session_record *s)
{
	struct divert_session d = {
		.netns = t->netns,
		.index = index,
		.conn_id = t->conn_id,
		.session_id = s->session_id,
		.version = t->version,
	};

	if (t->version == DATA_VERSION_3)
		d.least = (uint8_t)(LEAST_V3_UDP + s->peer_cookie_len +
		                    (s->l2spec_type == L2TP_L2SPECTYPE_DEFAULT ? DATA_SUBLAYER_LEN
		                                                               : 0));
	return d;
}

/* What the divert ways can do nothing about is not asked for. */
static bool wanted_by_ids(const struct dataplane *dp, const struct tunnel *t)
{
	return dp->divert != DIVERT_WAY_ANY &&
	       (t->record->peer_check == UL2TP_PEER_CHECK_IDS || t->endpoint->ends);
}

static void forget_by_ids(struct dataplane *dp, struct divert_session d)
{
	d.by_ids = true;
	keeper_divert_remove(dp->keeper, RECORD_NONE, &d);
}

static int add_by_ids(struct dataplane *dp, const struct session *s, struct divert_session d)
{
	/* Of sessions that share an id the socket decides (SES-5). */
	if (s->record->collides) {
		forget_by_ids(dp, d);
		return 0;
	}
	d.by_ids = true;
	return keeper_divert_add(dp->keeper, RECORD_NONE, &d);
}

/* What another session of the same record lost is not this one's. */
static void forget_lost(const struct dataplane *dp, const struct session *s)
{
	struct divert_ring *ring = dp->rings[s->tunnel->netns->index % dp->worker_count];
	uint64_t *lost = ring ? divert_ring_lost(ring, s->index) : NULL;

	if (lost)
		__atomic_store_n(lost, 0, __ATOMIC_RELAXED);
}

int dataplane_divert_add(struct dataplane *dp, const struct session *s, bool fresh)
{
	struct divert_session d = describe(s->tunnel->record, s->index, s->record);
	int err = 0;

	if (fresh)
		forget_lost(dp, s);
	if (endpoint_is_managed(s->tunnel->endpoint))
		err = keeper_divert_add(dp->keeper, s->tunnel->endpoint->at.slot, &d);
	if (err == 0 && wanted_by_ids(dp, s->tunnel))
		err = add_by_ids(dp, s, d);
	return err;
}

void dataplane_divert_remove(struct dataplane *dp, const struct session *s)
{
	struct divert_session d = describe(s->tunnel->record, s->index, s->record);

	if (endpoint_is_managed(s->tunnel->endpoint))
		keeper_divert_remove(dp->keeper, s->tunnel->endpoint->at.slot, &d);
	if (wanted_by_ids(dp, s->tunnel))
		forget_by_ids(dp, d);
}

void dataplane_divert_forget(struct dataplane *dp, const struct session_record *s)
{
	const struct tunnel_record *t;
	struct divert_session d;

	if (dp->divert == DIVERT_WAY_ANY || s->tunnel >= dp->records->max_tunnels)
		return;
	t = records_tunnel(dp->records, s->tunnel);
	d = describe(t, (uint32_t)(s - records_session(dp->records, 0)), s);
	keeper_divert_remove(dp->keeper, t->endpoint, &d);
	forget_by_ids(dp, d);
}

void dataplane_divert_follow(struct dataplane *dp, const struct tunnel *t)
{
	if (dp->divert == DIVERT_WAY_ANY)
		return;
	list_for_each (node, &t->sessions) {
		struct session *s = list_entry(node, struct session, in_tunnel);
		struct divert_session d = describe(t->record, s->index, s->record);

		if (wanted_by_ids(dp, t))
			add_by_ids(dp, s, d);
		else
			forget_by_ids(dp, d);
	}
}

void dataplane_peer_check_set(struct dataplane *dp, struct tunnel *t, uint8_t peer_check)
{
	if (t->record->peer_check == peer_check)
		return;
	/* What a program has got already, the session does not get too. */
	raw_receive_settle(&dp->raw_receives, t->netns->index);
	__atomic_store_n(&t->record->peer_check, peer_check, __ATOMIC_RELAXED);
	dataplane_divert_follow(dp, t);
}

static int ring_get(struct dataplane *dp, struct netns *ns, struct extack *ea)
{
	uint32_t number = ns->index % dp->worker_count, max_sessions;
	int ring, board, err;

	if (dp->rings[number] || dp->divert != DIVERT_WAY_EBPF)
		return 0;
	err = keeper_divert_channel(dp->keeper, number, &ring, &board, &max_sessions, ea);
	if (err < 0)
		return err;
	dp->rings[number] = divert_ring_new(dp->workers[number], ring, board, max_sessions);
	if (!dp->rings[number])
		return extack_fail(ea, -ENOMEM, 0, "the ring of packets can not be mapped");
	if (!dp->adopting)
		divert_ring_read(dp->rings[number]);
	return 0;
}

void dataplane_divert_adopted(struct dataplane *dp)
{
	for (unsigned int i = 0; i < dp->worker_count; i++)
		if (dp->rings[i])
			divert_ring_read(dp->rings[i]);
	raw_receive_read(&dp->raw_receives);
}

/* One without a port receives nothing. */
static int raw_start(struct dataplane *dp, struct endpoint *e)
{
	struct raw_fds fds;
	int err;

	if (dp->divert != DIVERT_WAY_RAW)
		return 0;
	err = keeper_raw_sockets(dp->keeper, e->at.slot, &fds);
	if (err < 0 || fds.fd[RAW_V4] < 0)
		return err;
	err = raw_receive_join(&dp->raw_receives, e->intake, &fds);
	if (err == 0 && !dp->adopting)
		raw_receive_read(&dp->raw_receives);
	return err;
}

int dataplane_managed_start(struct dataplane *dp, struct netns *ns, struct endpoint *e,
                            struct extack *ea)
{
	int err = ring_get(dp, ns, ea);

	if (err == 0)
		err = raw_start(dp, e);
	if (err < 0)
		return err;
	buckets_insert(&dp->managed, &e->by_cookie, e->at.cookie);
	dataplane_ends_join(dp, e);
	return 0;
}

void dataplane_managed_stop(struct dataplane *dp, struct endpoint *e)
{
	dataplane_ends_leave(dp, e);
	buckets_remove(&dp->managed, &e->by_cookie);
}

static struct endpoint *managed_find(const struct dataplane *dp, uint64_t cookie)
{
	struct bucket_node *node = buckets_first(&dp->managed, cookie);

	return node ? container_of(node, struct endpoint, by_cookie) : NULL;
}

void dataplane_socket_gone(struct dataplane *dp, uint64_t cookie)
{
	struct endpoint *e = managed_find(dp, cookie);

	if (!e || !e->tunnel)
		return;
	log_event(LOG_NOTICE, "socket-gone", "tunnel=%u netns=%llu", e->tunnel->record->conn_id,
	          (unsigned long long)e->at.netns.cookie);
	dataplane_tunnel_remove(dp, e->tunnel);
}

void dataplane_managed_ends(const struct endpoint *e, struct tunnel_ends *ret)
{
	*ret = (struct tunnel_ends){
		.source = e->at.params.local,
		.peer = e->at.params.peer,
		.connected = e->at.params.peer.any.sa_family != AF_UNSPEC,
	};
	ret->peer.any.sa_family = ret->source.any.sa_family;
}

/* While no worker sends for the tunnel. */
static void take_changes(struct endpoint *e, struct tunnel *t, const struct keeper_endpoint *now)
{
	struct tunnel_ends ends;

	endpoint_change(e, now);
	dataplane_managed_ends(e, &ends);
	t->record->source = ends.source;
	t->record->peer = ends.peer;
	t->record->peer_known = ends.connected;
}

int dataplane_socket_changed(struct dataplane *dp, int fd, struct tunnel **ret, struct extack *ea)
{
	struct keeper_endpoint now;
	struct endpoint *e;
	struct tunnel *t;
	int err = keeper_managed_changed(dp->keeper, fd, &now, ea);

	if (err < 0)
		return err;
	e = managed_find(dp, now.cookie);
	t = e ? e->tunnel : NULL;
	if (!t) { /* the keeper knows it for longer than we do */
		keeper_endpoint_fds_close(&now);
		return extack_fail(ea, -ENOENT, 0, "there is no tunnel on this socket");
	}
	list_for_each (node, &t->sessions)
		dataplane_sending_stop(list_entry(node, struct session, in_tunnel));
	dataplane_wait(dp);
	raw_receive_leave(e->intake);
	intake_tunnel_remove(e->intake, t);
	dataplane_ends_leave(dp, e);
	take_changes(e, t, &now);
	dataplane_ends_join(dp, e);
	intake_tunnel_add(e->intake, t);
	err = raw_start(dp, e);
	list_for_each (node, &t->sessions) {
		struct session *s = list_entry(node, struct session, in_tunnel);

		sender_endpoint_changed(s->sender);
		dataplane_sending_start(s);
	}
	dataplane_wait(dp);
	dataplane_fast_tell_all(dp, t);
	*ret = t;
	return err;
}
