/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_session.c - sessions come, change and go; see dataplane.h */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "path/channel.h"
#include "path/dataplane_private.h"
#include "path/receiver.h"
#include "path/sender.h"
#include "path/transmit.h"
#include "pseudowire/ethernet.h"
#include "tunnel/accounts.h"

#define SESSION_OCTETS                                                                             \
	(sizeof(struct session) + sizeof(struct receiver) + sizeof(struct sender) +                \
	 sizeof(struct session_record))
#define SESSION_KIB ((uint32_t)((SESSION_OCTETS + 1023) / 1024))

static int check_params(const struct netns *ns, const struct tunnel *t,
                        const struct session_create *params, struct extack *ea)
{
	int err;

	if (params->pw_type != L2TP_PWTYPE_ETH && params->pw_type != L2TP_PWTYPE_PPP) /* SES-10 */
		return extack_fail(ea, -EPROTONOSUPPORT, L2TP_ATTR_PW_TYPE,
		                   "pw_type is %u, only 5 (eth) and 7 (ppp) are there",
		                   params->pw_type);
	if (netns_session_conflict(ns, t, params->session_id))
		return extack_fail(ea, -EEXIST, L2TP_ATTR_SESSION_ID,
		                   "session id %u is taken in this namespace", params->session_id);
	err = netns_may_add(ns, UL2TP_LIMIT_SESSIONS, 1, ea);
	return err < 0 ? err : netns_may_add(ns, UL2TP_LIMIT_MEMORY_KIB, SESSION_KIB, ea);
}

static uint32_t header_len(const struct tunnel *t, const struct session_create *p)
{
	return 4 + p->cookie.len + (p->l2spec_type == L2TP_L2SPECTYPE_DEFAULT ? 4 : 0) +
	       (endpoint_is_udp(t->endpoint) ? 4 : 0); /* HDR-4 */
}

static bool sends_ipv6(const struct tunnel *t)
{
	const union address *peer = &t->record->peer;

	return t->endpoint->at.params.local.any.sa_family == AF_INET6 &&
	       !(peer->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&peer->v6.sin6_addr));
}

static struct session_record *take_record(struct dataplane *dp, uint32_t *index, struct extack *ea)
{
	struct session_record *record;

	*index = free_list_take(&dp->free_sessions);
	if (*index == FREE_LIST_NONE) {
		extack_set(ea, 0, "ul2tpd was started for at most %u sessions (--max-sessions)",
		           dp->records->max_sessions);
		return NULL;
	}
	record = records_session(dp->records, *index);
	memset((void *)record, 0, sizeof(*record));
	record->device = RECORD_NONE;
	record->state = RECORD_BUILDING;
	if (*index >= dp->records->sessions_used)
		dp->records->sessions_used = *index + 1;
	return record;
}

static void give_record(struct dataplane *dp, uint32_t index)
{
	records_session(dp->records, index)->state = RECORD_FREE;
	free_list_give(&dp->free_sessions, index);
}

/* NL-63, LIM-9: with this quirk as a kernel with 250 ticks a second keeps it. */
static uint32_t reorder_timeout(const struct dataplane *dp, uint32_t timeout_ms)
{
	const uint32_t tick_ms = 4;

	if (!dp->options.quirks.kernels_way[QUIRK_TICKS])
		return timeout_ms;
	return (timeout_ms + tick_ms - 1) / tick_ms * tick_ms;
}

static void fill_record(struct dataplane *dp, struct session_record *r, const struct tunnel *t,
                        const struct session_create *p, const char *label)
{
	r->tunnel = t->index;
	r->session_id = p->session_id;
	r->peer_session_id = p->peer_session_id;
	r->pw_type = p->pw_type;
	r->l2spec_type = p->l2spec_type;
	r->cookie_len = p->cookie.len;
	r->peer_cookie_len = p->peer_cookie.len;
	memcpy(r->cookie, p->cookie.octets, sizeof(r->cookie));
	memcpy(r->peer_cookie, p->peer_cookie.octets, sizeof(r->peer_cookie));
	r->recv_seq = p->recv_seq;
	r->lns_mode = p->lns_mode;
	atomic_store(&r->send_seq, p->send_seq);
	r->reorder_timeout_ms = reorder_timeout(dp, p->recv_timeout_ms);
	r->created_s = (uint64_t)time(NULL);
	r->serial = ++dp->records->serial;
	r->owner = dp->trace.pid;
	strncpy(r->label, label, sizeof(r->label) - 1);
}

int dataplane_session_start(struct dataplane *dp, struct session *s,
                            const struct keeper_device *device)
{
	int tap = device ? device->fd : -1;

	s->fast = dp->fast;
	s->receiver = receiver_new(dataplane_session_worker(dp, s), s, tap,
	                           device ? device->offloads : 0);
	s->sender = sender_new(dataplane_sending_worker(dp, s), s, tap);
	if (!s->receiver || !s->sender)
		return -ENOMEM;
	s->tap = tap;
	s->ifindex = device ? device->ifindex : 0;
	session_insert(s);
	s->tunnel->netns->usage.values[UL2TP_LIMIT_MEMORY_KIB] += SESSION_KIB;
	receiver_attach(s->receiver);
	transmit_start(s->sender);
	return 0;
}

static void log_session(const char *event, const struct session *s)
{
	const struct session_record *r = s->record;

	log_event(
		LOG_NOTICE, event,
		"tunnel=%u session=%u peer_session=%u pw_type=%s interface=%.*s mtu=%u netns=%llu",
		s->tunnel->record->conn_id, r->session_id, r->peer_session_id,
		r->pw_type == L2TP_PWTYPE_PPP ? "ppp" : "eth", IFNAMSIZ, r->ifname, r->mtu_bytes,
		(unsigned long long)s->tunnel->record->netns.cookie);
}

/* SES-20 (2), (3) and (5): the name that was wanted, or the first free of l2tpeth%d. A PPP session has
 * no interface (SES-30). */
static int make_device(struct dataplane *dp, const struct tunnel *t, uint32_t client,
                       const struct session_create *params, struct keeper_device *ret,
                       struct extack *ea)
{
	const struct mtu_rule mtu =
		ethernet_mtu(endpoint_is_udp(t->endpoint), sends_ipv6(t), header_len(t, params));
	const struct mtu_path path = { .endpoint = t->endpoint->at.slot, .peer = t->record->peer };

	*ret = (struct keeper_device){ .slot = RECORD_NONE, .fd = -1 };
	if (params->pw_type == L2TP_PWTYPE_PPP)
		return 0;
	if (params->has_ifname && !params->ifname[0])
		return extack_fail(ea, -EINVAL, L2TP_ATTR_IFNAME,
		                   "name is empty, leave it out for the first free l2tpethN");
	return keeper_device_create(dp->keeper, client, params->has_ifname ? params->ifname : "",
	                            &mtu, t->record->peer_known ? &path : NULL, ret, ea);
}

static void remove_device(struct dataplane *dp, const struct keeper_device *device)
{
	if (device->slot == RECORD_NONE)
		return;
	close(device->fd);
	keeper_device_remove(dp->keeper, device->slot);
}

/* Make of a filled record a session that runs; on failure nothing is left of it but the record. */
static int start(struct dataplane *dp, struct tunnel *t, uint32_t index,
                 const struct keeper_device *device, struct session **ret)
{
	struct session *s = session_new(t, index, records_session(dp->records, index));
	int err;

	if (!s)
		return -ENOMEM;
	err = dataplane_session_start(dp, s, device->slot == RECORD_NONE ? NULL : device);
	if (err < 0) {
		receiver_free(s->receiver);
		sender_free(s->sender);
		session_free(s);
		return err;
	}
	*ret = s;
	return 0;
}

int dataplane_session_add(struct dataplane *dp, struct tunnel *t, uint32_t client,
                          const struct session_create *params, const char *label,
                          struct session **ret, struct extack *ea)
{
	struct session_record *record;
	struct keeper_device device;
	struct session *s;
	uint32_t index;
	int err = check_params(t->netns, t, params, ea);

	if (err < 0)
		return err;
	record = take_record(dp, &index, ea);
	if (!record)
		return -ENOSPC;
	err = make_device(dp, t, client, params, &device, ea);
	if (err < 0) {
		give_record(dp, index);
		return err;
	}
	fill_record(dp, record, t, params, label);
	record->device = device.slot;
	record->mtu_bytes = device.mtu_bytes;
	memcpy(record->ifname, device.name, sizeof(record->ifname));
	dataplane_fast_tell(dp, t, index, NULL);
	err = start(dp, t, index, &device, &s);
	if (err < 0) {
		dataplane_fast_forget(dp, index);
		remove_device(dp, &device);
		give_record(dp, index);
		return err;
	}
	dataplane_wait(dp); /* NL-65: when it is acknowledged data can flow */
	err = dataplane_divert_add(dp, s, true);
	if (err < 0) {
		dataplane_session_remove(dp, s);
		return extack_fail(ea, err, 0, "its packets can not be taken out of the socket");
	}
	atomic_store(&record->state, RECORD_LIVE);
	log_session("session-created", s);
	dataplane_trace_session(dp, UL2TP_TRACE_REGISTER_SESSION, s);
	*ret = s;
	return 0;
}

void dataplane_session_modify(struct dataplane *dp, struct session *s,
                              const struct session_modify *change)
{
	struct session_record *r = s->record;
	struct session_modify m = *change;

	if (s->channel)
		channel_settle(s->channel);
	m.recv_timeout_ms = reorder_timeout(dp, m.recv_timeout_ms);
	if (m.has_recv_seq)
		r->recv_seq = m.recv_seq;
	if (m.has_lns_mode)
		r->lns_mode = m.lns_mode;
	if (m.has_send_seq)
		atomic_store(&r->send_seq, m.send_seq);
	if (m.has_recv_timeout)
		r->reorder_timeout_ms = m.recv_timeout_ms;
	receiver_modify(s->receiver, &m);
	dataplane_wait(dp);
	dataplane_fast_tell(dp, s->tunnel, s->index, s->channel);
}

/* A tunnel's counters are those of its sessions; these must not be lost with the session. */
static void keep_counters(struct tunnel_record *t, const struct session *s)
{
	struct l2tp_stats stats = session_stats(s);

	t->gone_rx_packets += stats.rx_packets;
	t->gone_rx_bytes += stats.rx_bytes;
	t->gone_tx_packets += stats.tx_packets;
	t->gone_tx_bytes += stats.tx_bytes;
	t->gone_tx_errors += stats.tx_errors;
}

void dataplane_sending_stop(struct session *s)
{
	if (s->channel)
		channel_session_going(s->channel);
	transmit_stop(s->sender);
}

void dataplane_sending_start(struct session *s)
{
	if (s->channel)
		channel_session_back(s->channel);
	transmit_start(s->sender);
}

void dataplane_session_finish(struct dataplane *dp, struct session *s)
{
	log_session("session-removed", s);
	if (s->channel)
		channel_session_gone(s->channel);
	dataplane_trace_session(dp, UL2TP_TRACE_FREE_SESSION, s);
	session_remove(s);
	s->tunnel->netns->usage.values[UL2TP_LIMIT_MEMORY_KIB] -= SESSION_KIB;
	keep_counters(s->tunnel->record, s);
	if (s->tap >= 0)
		close(s->tap);
	if (s->record->device != RECORD_NONE)
		keeper_device_remove(dp->keeper, s->record->device);
	receiver_free(s->receiver);
	sender_free(s->sender);
	give_record(dp, s->index);
	session_free(s);
}

void dataplane_session_remove(struct dataplane *dp, struct session *s)
{
	atomic_store(&s->record->state, RECORD_GOING);
	dataplane_trace_session(dp, UL2TP_TRACE_DELETE_SESSION, s);
	dataplane_fast_forget(dp, s->index);
	dataplane_divert_remove(dp, s);
	receiver_detach(s->receiver);
	dataplane_sending_stop(s);
	dataplane_wait(dp);
	dataplane_session_finish(dp, s);
}
