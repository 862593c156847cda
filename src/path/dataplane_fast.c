/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_fast.c - which sessions may take the fast path, as far as it is the session's own business
 *
 * The rest, what the host has configured, is the keeper's to watch (keeper/fast_path.h). What is refused here is said
 * in the record, as what is refused there.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
#include "encap/address.h"
#include "path/channel.h"
#include "path/dataplane_private.h"
#include "path/unit_fast.h"
#include "wire/data_header.h"

_Static_assert(FAST_WISH_HEADER_MAX >= DATA_HEADER_MAX + 4, "a wish has room for any header");

/* Not all kernels let programs know what they are to know for that. */
static bool has_checksums(const struct endpoint_params *p)
{
	const uint32_t none = ENDPOINT_ZERO_CHECKSUM6_TX | ENDPOINT_ZERO_CHECKSUM6_RX;

	if (p->local.any.sa_family == AF_INET6)
		return (p->flags & none) != none;
	return p->flags & ENDPOINT_CHECKSUM_TX;
}

/* Whether a program's socket gets what comes for its tunnel's sessions, and nothing else does. Of several sockets with the
 * same two addresses, where two sessions have one id, the system decides whose a packet is (SES-5); those of version 2 have
 * the tunnel's beside it. */
static bool managed_is_simple(const struct dataplane *dp, const struct tunnel *t,
                              const struct endpoint *e)
{
	const struct endpoint_params *p = &e->at.params;

	return dp->divert == DIVERT_WAY_EBPF &&
	       !(p->local.any.sa_family == AF_INET6 &&
	         IN6_IS_ADDR_V4MAPPED(&p->local.v6.sin6_addr)) &&
	       (t->record->version == DATA_VERSION_2 || !e->ends);
}

static enum fast_reason reason_of_endpoint(const struct dataplane *dp, const struct tunnel *t,
                                           const struct endpoint *e)
{
	const struct endpoint_params *p = &e->at.params;

	if (!endpoint_is_udp(e))
		return FAST_PROTOCOL;
	if (endpoint_is_managed(e) && !managed_is_simple(dp, t, e))
		return FAST_MANAGED;
	if (has_checksums(p) && !(dp->fast && dp->fast->sums))
		return FAST_CHECKSUM;
	if (address_unspecified(&p->local))
		return FAST_ADDRESS;
	return FAST_USED;
}

static enum fast_reason reason_of_channel(const struct tunnel *t, const struct channel *c)
{
	if (!c || !c->unit)
		return FAST_PPP_UNIT;
	if (c->unit->netns != t->netns)
		return FAST_DEVICE_NETNS;
	return unit_fast_reason(c->unit);
}

static enum fast_reason reason_of(const struct dataplane *dp, const struct tunnel *t,
                                  const struct session_record *r, const struct channel *c)
{
	enum fast_reason reason = FAST_USED;

	if (r->pw_type == L2TP_PWTYPE_PPP)
		reason = reason_of_channel(t, c);
	else if (r->device == RECORD_NONE)
		reason = FAST_NO_DEVICE;
	if (reason != FAST_USED)
		return reason;
	if (atomic_load(&r->send_seq) || r->recv_seq)
		return FAST_SEQUENCE;
	if (!t->record->peer_known)
		return FAST_PEER_CHECK;
	if (t->record->version != DATA_VERSION_2 && t->record->version != DATA_VERSION_3)
		return FAST_PROTOCOL;
	return reason_of_endpoint(dp, t, t->endpoint);
}

static const uint8_t ppp_header[] = { 0xff, 0x03, 0x00, 0x21 }; /* RFC 1662 §3.1, protocol IP */

static uint32_t header_build(const struct tunnel *t, const struct session_record *r, bool send,
                             uint8_t ret[FAST_WISH_HEADER_MAX])
{
	struct data_header_params params = {
		.version = t->record->version,
		.l2spec = r->l2spec_type == L2TP_L2SPECTYPE_DEFAULT,
		.cookie_len = send ? r->cookie_len : r->peer_cookie_len,
		.peer_conn_id = send ? t->record->peer_conn_id : t->record->conn_id,
		.peer_session_id = send ? r->peer_session_id : r->session_id,
	};
	struct data_header_template template;

	memcpy(params.cookie, send ? r->cookie : r->peer_cookie, sizeof(params.cookie));
	data_header_build(&params, &template);
	memcpy(ret, template.octets, template.len);
	if (r->pw_type != L2TP_PWTYPE_PPP)
		return (uint32_t) template.len;
	memcpy(ret + template.len, ppp_header, sizeof(ppp_header));
	return (uint32_t)(template.len + sizeof(ppp_header));
}

uint32_t dataplane_fast_header_len(const struct session *s, bool send)
{
	uint8_t header[FAST_WISH_HEADER_MAX];

	return header_build(s->tunnel, s->record, send, header);
}

static uint32_t ppp_of(const struct session_record *r, const struct channel *c)
{
	if (r->pw_type != L2TP_PWTYPE_PPP)
		return 0;
	return FAST_PPP | (c && c->unit ? unit_fast_protocols(c->unit) : 0);
}

/* Slot of the interface that its data comes out of and goes to. */
static uint32_t device_of(const struct session_record *r, const struct channel *c)
{
	if (r->pw_type != L2TP_PWTYPE_PPP)
		return r->device;
	return c && c->unit && !c->unit->dead && !c->unit->shared ? c->unit->slot : RECORD_NONE;
}

/* What an earlier session with this number of a record left there is not its own. */
static bool has_counted(const struct dataplane *dp, uint32_t index)
{
	const struct fast_count *c =
		dp->fast ? &dp->fast->counts[(size_t)index * dp->fast->lanes] : NULL;

	for (uint32_t i = 0; c && index < dp->fast->sessions && i < dp->fast->lanes; i++)
		if (c[i].rx_packets || c[i].tx_packets)
			return true;
	return false;
}

/* One that has no interface yet need not be known there. */
static bool keeper_needs_it(const struct dataplane *dp, const struct session_record *r,
                            uint32_t index, uint32_t device)
{
	if (!dp->fast)
		return false;
	return device != RECORD_NONE ||
	       (r->pw_type == L2TP_PWTYPE_PPP && (r->fast_told || has_counted(dp, index)));
}

void dataplane_fast_tell(struct dataplane *dp, const struct tunnel *t, uint32_t index,
                         const struct channel *c)
{
	struct session_record *r = records_session(dp->records, index);
	struct fast_wish wish = {
		.reason = dp->fast ? reason_of(dp, t, r, c) : dp->fast_why,
		.endpoint = t->endpoint->at.slot,
		.device = device_of(r, c),
		.ppp = ppp_of(r, c),
		.peer = t->record->peer,
		.version = t->record->version,
		.conn_id = t->record->conn_id,
		.session_id = r->session_id,
	};
	int err;

	if (!keeper_needs_it(dp, r, index, wish.device)) {
		atomic_store(&r->fast_reason, wish.reason);
		return;
	}
	r->fast_told = 1;
	wish.tx_header_len = header_build(t, r, true, wish.tx_header);
	wish.rx_header_len = header_build(t, r, false, wish.rx_header);
	err = keeper_fast_session(dp->keeper, index, &wish);
	if (err < 0) {
		log_event(LOG_WARNING, "fast-path-refused", "session=%u error=\"%s\"",
		          r->session_id, strerror(-err));
		atomic_store(&r->fast_reason, FAST_UNSUPPORTED);
	}
}

void dataplane_fast_tell_all(struct dataplane *dp, const struct tunnel *t)
{
	list_for_each (node, &t->sessions) {
		const struct session *s = list_entry(node, struct session, in_tunnel);

		dataplane_fast_tell(dp, t, s->index, s->channel);
	}
}

void dataplane_fast_forget(struct dataplane *dp, uint32_t index)
{
	if (dp->fast)
		keeper_fast_forget(dp->keeper, index);
}
