/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_divert.c - sessions whose data is taken out of programs' own sockets
 *
 * A session of a tunnel on such a socket is named to the keeper, which takes its packets out of the tunnel's socket; one that is
 * found by its ids alone (peer_check ids, Q-8; or dataplane_ends.c) out of any program's socket in the namespace, whatever
 * its own tunnel stands on. The receiver is there before and after.
 */
#include "path/dataplane_private.h"
#include "path/divert_ring.h"
#include "path/raw_receive.h"
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
