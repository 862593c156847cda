/* SPDX-License-Identifier: BSD-2-Clause */
/* view.c - from the messages of src/netlink to the structs of ul2tp.h; see view.h */
#include "client/view.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "client/ppp.h"
#include "netlink/session_message.h"
#include "netlink/tunnel_message.h"
#include "netlink/ul2tp_ppp_channel.h"
#include "netlink/ul2tp_session_message.h"
#include "netlink/ul2tp_trace.h"
#include "netlink/ul2tp_tunnel_message.h"
#include "netlink/ul2tp_unit_message.h"

static struct ul2tp_stats stats_view(const struct l2tp_stats *s)
{
	return (struct ul2tp_stats){
		.tx_packets = s->tx_packets,
		.tx_bytes = s->tx_bytes,
		.tx_errors = s->tx_errors,
		.rx_packets = s->rx_packets,
		.rx_bytes = s->rx_bytes,
		.rx_errors = s->rx_errors,
		.rx_seq_discards = s->rx_seq_discards,
		.rx_oos_packets = s->rx_oos_packets,
		.rx_cookie_discards = s->rx_cookie_discards,
		.rx_invalid = s->rx_invalid,
	};
}

static struct ul2tp_counters counters_view(const uint64_t *c)
{
	return (struct ul2tp_counters){
		.rx_packets = c[UL2TP_COUNTER_RX_PACKETS],
		.rx_octets = c[UL2TP_COUNTER_RX_OCTETS],
		.rx_last_ms = c[UL2TP_COUNTER_RX_LAST],
		.tx_packets = c[UL2TP_COUNTER_TX_PACKETS],
		.tx_octets = c[UL2TP_COUNTER_TX_OCTETS],
		.tx_last_ms = c[UL2TP_COUNTER_TX_LAST],
		.rx_held = c[UL2TP_COUNTER_RX_HELD],
		.rx_reordered = c[UL2TP_COUNTER_RX_REORDERED],
	};
}

static struct ul2tp_fast_counters fast_counters_view(const uint64_t *c)
{
	return (struct ul2tp_fast_counters){
		.rx_packets = c[UL2TP_COUNTER_RX_FAST_PACKETS],
		.rx_octets = c[UL2TP_COUNTER_RX_FAST_OCTETS],
		.tx_packets = c[UL2TP_COUNTER_TX_FAST_PACKETS],
		.tx_octets = c[UL2TP_COUNTER_TX_FAST_OCTETS],
	};
}

static struct ul2tp_reasons reasons_view(const struct ul2tp_drops *drops, struct reasons_view *v)
{
	for (size_t i = 0; i < drops->count; i++) {
		snprintf(v->names[i], sizeof(v->names[i]), "%s", drops->rows[i].name);
		snprintf(v->words[i], sizeof(v->words[i]), "%s", drops->rows[i].words);
		v->rows[i] = (struct ul2tp_reason){
			.name = v->names[i],
			.words = v->words[i],
			.packets = drops->rows[i].packets,
		};
	}
	return (struct ul2tp_reasons){ .count = drops->count, .rows = v->rows };
}

static struct ul2tp_address address_view(int family, const union l2tp_address *a, uint16_t port)
{
	struct ul2tp_address ret = { .family = family, .port = port };

	if (family == AF_INET)
		ret.v4 = a->v4;
	else if (family == AF_INET6)
		ret.v6 = a->v6;
	return ret;
}

static void tunnel_view_set(struct tunnel_view *v, const struct tunnel_message *t)
{
	v->label[0] = '\0';
	v->device[0] = '\0';
	v->tunnel = (struct ul2tp_tunnel){
		.tunnel_id = t->conn_id,
		.peer_tunnel_id = t->peer_conn_id,
		.version = t->version,
		.encap = t->encap,
		.local = address_view(t->family, &t->local, t->local_port),
		.peer = address_view(t->family, &t->peer, t->peer_port),
		.udp_csum = t->checksum,
		.udp6_csum_tx = !t->zero_checksum6_tx,
		.udp6_csum_rx = !t->zero_checksum6_rx,
		.stats = stats_view(&t->stats),
		.label = v->label,
		.device = v->device,
	};
}

int tunnel_view_read(struct reader attributes, bool daemon, struct tunnel_view *ret)
{
	struct ul2tp_tunnel_message m;
	int err;

	if (!daemon) {
		err = tunnel_message_read(attributes, &m.l2tp);
		if (err == 0)
			tunnel_view_set(ret, &m.l2tp);
		return err;
	}

	err = ul2tp_tunnel_message_read(attributes, &m);
	if (err < 0)
		return err;
	tunnel_view_set(ret, &m.l2tp);
	memcpy(ret->label, m.options.label, sizeof(ret->label));
	memcpy(ret->device, m.options.device, sizeof(ret->device));
	ret->tunnel.has_extras = true;
	ret->tunnel.fwmark = m.options.mark;
	ret->tunnel.tos = m.options.tos;
	ret->tunnel.ttl = m.options.ttl;
	ret->tunnel.peer_check = m.options.peer_check;
	ret->tunnel.created_s = m.created;
	ret->tunnel.counters = counters_view(m.accounts.counters);
	ret->tunnel.rx_drops = reasons_view(&m.accounts.rx_drops, &ret->rx);
	ret->tunnel.tx_drops = reasons_view(&m.accounts.tx_drops, &ret->tx);
	ret->tunnel.references = m.debug.references;
	ret->tunnel.socket_references = m.debug.socket_references;
	ret->tunnel.session_count = m.debug.sessions;
	return 0;
}

static struct ul2tp_cookie cookie_view(const struct l2tp_cookie *c)
{
	struct ul2tp_cookie ret = { .length = c->len };

	static_assert(sizeof(ret.octets) == sizeof(c->octets), "cookies have 8 octets at most");
	memcpy(ret.octets, c->octets, sizeof(ret.octets));
	return ret;
}

static void session_view_set(struct session_view *v, const struct session_message *s)
{
	memcpy(v->ifname, s->ifname, sizeof(v->ifname));
	v->label[0] = v->device[0] = v->fast_path[0] = v->fast_path_words[0] = '\0';
	v->session = (struct ul2tp_session){
		.tunnel_id = s->conn_id,
		.peer_tunnel_id = s->peer_conn_id,
		.session_id = s->session_id,
		.peer_session_id = s->peer_session_id,
		.pw_type = s->pw_type,
		.ifname = v->ifname,
		.cookie = cookie_view(&s->cookie),
		.peer_cookie = cookie_view(&s->peer_cookie),
		.recv_seq = s->recv_seq,
		.send_seq = s->send_seq,
		.lns_mode = s->lns_mode,
		.reorder_timeout_ms = s->recv_timeout_ms,
		.stats = stats_view(&s->stats),
		.label = v->label,
		.device = v->device,
		.fast_path = v->fast_path,
		.fast_path_words = v->fast_path_words,
	};
}

int session_view_read(struct reader attributes, bool daemon, struct session_view *ret)
{
	struct ul2tp_session_message m;
	int err;

	if (!daemon) {
		err = session_message_read(attributes, &m.l2tp);
		if (err == 0)
			session_view_set(ret, &m.l2tp);
		return err;
	}

	err = ul2tp_session_message_read(attributes, &m);
	if (err < 0)
		return err;
	session_view_set(ret, &m.l2tp);
	memcpy(ret->label, m.label, sizeof(ret->label));
	ret->session.has_extras = true;
	ret->session.l2spec_type = m.l2spec_type;
	ret->session.mtu_bytes = m.mtu;
	ret->session.created_s = m.created;
	ret->session.counters = counters_view(m.accounts.counters);
	ret->session.rx_drops = reasons_view(&m.accounts.rx_drops, &ret->rx);
	ret->session.tx_drops = reasons_view(&m.accounts.tx_drops, &ret->tx);
	ret->session.references = m.debug.references;
	ret->session.ns = m.debug.ns;
	ret->session.nr = m.debug.nr;
	ret->session.has_socket = m.debug.has_socket;
	ret->session.socket_state = m.debug.socket_state;
	memcpy(ret->device, m.debug.device, sizeof(ret->device));
	ret->session.fast = fast_counters_view(m.accounts.counters);
	snprintf(ret->fast_path, sizeof(ret->fast_path), "%s", m.fast_path);
	snprintf(ret->fast_path_words, sizeof(ret->fast_path_words), "%s", m.fast_path_words);
	return 0;
}

int ppp_channel_view_read(struct reader attributes, struct ppp_channel_view *ret)
{
	struct ul2tp_ppp_channel_report m;
	int err = ul2tp_ppp_channel_read(attributes, &m);

	if (err < 0)
		return err;
	ret->channel = (struct ul2tp_ppp_channel_info){
		.number = m.number,
		.state = m.state,
		.files = m.files,
		.has_session = m.has_session,
		.tunnel_id = m.conn_id,
		.session_id = m.session_id,
		.has_unit = m.has_unit,
		.unit = m.unit,
		.has_bridge = m.has_bridge,
		.bridge = m.bridge,
		.counters = counters_view(m.accounts.counters),
		.rx_drops = reasons_view(&m.accounts.rx_drops, &ret->rx),
		.tx_drops = reasons_view(&m.accounts.tx_drops, &ret->tx),
	};
	return 0;
}

static struct ul2tp_ppp_prefix prefix_view(const struct prefix *p)
{
	struct ul2tp_ppp_prefix view = { .address.family = p->family, .bits = p->bits };

	if (p->family == AF_INET)
		memcpy(&view.address.v4, p->octets, sizeof(view.address.v4));
	else
		memcpy(&view.address.v6, p->octets, sizeof(view.address.v6));
	return view;
}

static struct ul2tp_ppp_rate rate_view(const struct ul2tp_rate *r)
{
	return (struct ul2tp_ppp_rate){
		.bits_per_second = r->present ? r->rate : 0,
		.burst_octets = r->present ? r->burst : 0,
	};
}

int ppp_unit_view_read(struct reader attributes, struct ppp_unit_view *ret)
{
	struct ul2tp_unit_message m;
	int err = ul2tp_unit_message_read(attributes, &m);

	if (err < 0)
		return err;
	memcpy(ret->ifname, m.device, sizeof(ret->ifname));
	for (uint32_t i = 0; i < m.prefix_count; i++)
		ret->prefixes[i] = prefix_view(&m.prefixes[i]);
	ppp_account_of(&m, &ret->account);
	ret->unit = (struct ul2tp_ppp_unit_info){
		.number = m.unit,
		.ifname = ret->ifname,
		.shared = m.shared,
		.rx_packets = m.counters[UL2TP_UNIT_COUNTER_RX_PACKETS],
		.rx_octets = m.counters[UL2TP_UNIT_COUNTER_RX_OCTETS],
		.rx_errors = m.counters[UL2TP_UNIT_COUNTER_RX_ERRORS],
		.tx_packets = m.counters[UL2TP_UNIT_COUNTER_TX_PACKETS],
		.tx_octets = m.counters[UL2TP_UNIT_COUNTER_TX_OCTETS],
		.tx_errors = m.counters[UL2TP_UNIT_COUNTER_TX_ERRORS],
		.rx_drops = reasons_view(&m.rx_drops, &ret->rx),
		.tx_drops = reasons_view(&m.tx_drops, &ret->tx),
		.prefixes = ret->prefixes,
		.prefix_count = m.prefix_count,
		.rx_rate = rate_view(&m.rx),
		.tx_rate = rate_view(&m.tx),
		.account = &ret->account,
	};
	return 0;
}

static struct ul2tp_namespace_limits limits_view(const struct ul2tp_limits *l)
{
	return (struct ul2tp_namespace_limits){
		.size = sizeof(struct ul2tp_namespace_limits),
		.tunnels = l->values[UL2TP_LIMIT_TUNNELS],
		.sessions = l->values[UL2TP_LIMIT_SESSIONS],
		.memory_kib = l->values[UL2TP_LIMIT_MEMORY_KIB],
		.requests_per_second = l->values[UL2TP_LIMIT_REQUESTS],
		.subscribers = l->values[UL2TP_LIMIT_SUBSCRIBERS],
	};
}

int status_view_read(struct reader attributes, struct status_view *ret)
{
	struct ul2tp_status m;
	int err = ul2tp_status_read(attributes, &m);

	if (err < 0)
		return err;
	snprintf(ret->version, sizeof(ret->version), "%s", m.version);
	for (size_t i = 0; i < m.feature_count; i++) {
		snprintf(ret->feature_names[i], sizeof(ret->feature_names[i]), "%s", m.features[i]);
		ret->features[i] = ret->feature_names[i];
	}
	for (size_t i = 0; i < m.lack_count; i++) {
		snprintf(ret->lack_names[i], sizeof(ret->lack_names[i]), "%s", m.lacks[i].feature);
		snprintf(ret->lack_words[i], sizeof(ret->lack_words[i]), "%s", m.lacks[i].words);
		ret->lacks[i] = (struct ul2tp_lack){ ret->lack_names[i], ret->lack_words[i] };
	}
	ret->status = (struct ul2tp_daemon_status){
		.version = ret->version,
		.feature_count = m.feature_count,
		.features = ret->features,
		.limits = limits_view(&m.limits),
		.usage = limits_view(&m.usage),
		.lack_count = m.lack_count,
		.lacks = ret->lacks,
	};
	return 0;
}

int trace_view_read(struct reader attributes, struct trace_view *ret)
{
	struct trace_event e;
	uint64_t lost;
	int err = trace_message_read(attributes, &e, &lost);

	if (err < 0)
		return err;
	if (lost) {
		ret->record =
			(struct ul2tp_trace_record){ .lost = lost, .name = "", .process = "" };
		return 0;
	}
	memcpy(ret->process, e.process, sizeof(ret->process));
	ret->record = (struct ul2tp_trace_record){
		.event = e.event,
		.name = trace_event_name(e.event),
		.time_ns = e.time_ns,
		.process = ret->process,
		.pid = e.pid,
		.cpu = e.cpu,
		.tunnel_id = e.tunnel,
		.session_id = e.session,
		.peer_tunnel_id = e.peer_tunnel,
		.peer_session_id = e.peer_session,
		.version = e.version,
		.encap = e.encap,
		.pw_type = e.pw_type,
		.fd = e.fd,
		.ns = e.ns,
		.nr = e.nr,
		.reorder_q_len = e.queue_len,
	};
	return 0;
}
