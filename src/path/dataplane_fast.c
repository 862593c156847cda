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
#include "path/dataplane_private.h"
#include "wire/data_header.h"

_Static_assert(FAST_WISH_HEADER_MAX >= DATA_HEADER_MAX, "a wish has room for any header");

/* Programs can neither compute nor verify them: of the segments that a frame is cut into, that is left to the system, which
 * is not told to for such packets. */
static bool has_checksums(const struct endpoint_params *p)
{
	const uint32_t none = ENDPOINT_ZERO_CHECKSUM6_TX | ENDPOINT_ZERO_CHECKSUM6_RX;

	if (p->local.any.sa_family == AF_INET6)
		return (p->flags & none) != none;
	return p->flags & ENDPOINT_CHECKSUM_TX;
}

/* Whether a program's socket gets what comes for its tunnel's sessions, and nothing else does. Of several sockets with the
 * same two addresses, where two sessions have one id, the system decides whose a packet is (SES-5). */
static bool managed_is_simple(const struct dataplane *dp, const struct endpoint *e)
{
	const struct endpoint_params *p = &e->at.params;

	return dp->divert == DIVERT_WAY_EBPF &&
	       !(p->local.any.sa_family == AF_INET6 &&
	         IN6_IS_ADDR_V4MAPPED(&p->local.v6.sin6_addr)) &&
	       !e->ends;
}

static enum fast_reason reason_of_endpoint(const struct dataplane *dp, const struct endpoint *e)
{
	const struct endpoint_params *p = &e->at.params;

	if (!endpoint_is_udp(e))
		return FAST_PROTOCOL;
	if (endpoint_is_managed(e) && !managed_is_simple(dp, e))
		return FAST_MANAGED;
	if (has_checksums(p))
		return FAST_CHECKSUM;
	if (address_unspecified(&p->local))
		return FAST_ADDRESS;
	return FAST_USED;
}

static enum fast_reason reason_of(const struct dataplane *dp, const struct tunnel *t,
                                  const struct session_record *r)
{
	if (r->pw_type != L2TP_PWTYPE_ETH)
		return FAST_PSEUDOWIRE;
	if (r->device == RECORD_NONE)
		return FAST_NO_DEVICE;
	if (atomic_load(&r->send_seq) || r->recv_seq)
		return FAST_SEQUENCE;
	if (!t->record->peer_known)
		return FAST_PEER_CHECK;
	if (t->record->version != DATA_VERSION_2 && t->record->version != DATA_VERSION_3)
		return FAST_PROTOCOL;
	return reason_of_endpoint(dp, t->endpoint);
}

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
	return (uint32_t) template.len;
}

void dataplane_fast_tell(struct dataplane *dp, const struct tunnel *t, uint32_t index)
{
	struct session_record *r = records_session(dp->records, index);
	struct fast_wish wish = {
		.reason = dp->fast ? reason_of(dp, t, r) : dp->fast_why,
		.endpoint = t->endpoint->at.slot,
		.device = r->device,
		.peer = t->record->peer,
		.version = t->record->version,
		.conn_id = t->record->conn_id,
		.session_id = r->session_id,
	};
	int err;

	if (!dp->fast || r->device == RECORD_NONE) {
		atomic_store(&r->fast_reason, wish.reason);
		return;
	}
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
	list_for_each (node, &t->sessions)
		dataplane_fast_tell(dp, t, list_entry(node, struct session, in_tunnel)->index);
}

void dataplane_fast_forget(struct dataplane *dp, uint32_t index)
{
	if (dp->fast)
		keeper_fast_forget(dp->keeper, index);
}
