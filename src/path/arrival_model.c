/* SPDX-License-Identifier: BSD-2-Clause */
/* arrival_model.c - see arrival_model.h */
#include "path/arrival_model.h"

#include <linux/l2tp.h>
#include <string.h>

#include "ul2tp_netlink.h"

#define UDP_LEAST        14
#define IP_CONTROL_LEAST 16

/* What the start of a datagram says. */
struct names {
	bool v2;
	unsigned int version, flags;
	uint32_t tunnel_id, session_id;
	size_t end;
};

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static enum rx_drop read_udp(const struct arrival *a, struct names *n)
{
	const uint8_t *p = a->octets;

	if (a->len < UDP_LEAST)
		return RX_DROP_SHORT;
	n->flags = be16(p);
	n->version = n->flags & 0xf;
	if (n->flags & 0x8000)
		return RX_DROP_CONTROL;
	n->v2 = n->version == 2;
	n->end = n->v2 && !(n->flags & 0x4000) ? 6 : 8;
	n->tunnel_id = be16(p + n->end - 4);
	n->session_id = n->v2 ? be16(p + n->end - 2) : be32(p + 4);
	return RX_DROP_NONE;
}

static enum rx_drop read_ip(const struct arrival *a, struct names *n)
{
	const uint8_t *p = a->octets;

	if (a->len < 4)
		return RX_DROP_SHORT;
	*n = (struct names){ .version = 3, .session_id = be32(p), .end = 4 };
	if (n->session_id)
		return RX_DROP_NONE;
	return a->len < IP_CONTROL_LEAST || p[4] < 0xc0 ? RX_DROP_SHORT : RX_DROP_CONTROL;
}

static uint32_t find(struct records *r, const struct names *n)
{
	for (uint32_t i = 0; i < r->sessions_used; i++) {
		const struct session_record *s = records_session(r, i);
		const struct tunnel_record *t = records_tunnel(r, s->tunnel);

		if (n->v2 == (t->version == 2) && s->session_id == n->session_id &&
		    (!n->v2 || t->conn_id == n->tunnel_id))
			return i;
	}
	return RECORD_NONE;
}

static bool same_address(const union address *a, const union address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->v4.sin_port == b->v4.sin_port &&
		       a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return a->v6.sin6_port == b->v6.sin6_port &&
	       memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
}

/* Whether it may come from there, over this endpoint, in this version. */
static enum rx_drop admit(const struct tunnel_record *t, const struct arrival *a,
                          const struct names *n)
{
	bool own = t->endpoint == a->endpoint;

	if (!(a->managed && own) && t->peer_check != UL2TP_PEER_CHECK_IDS &&
	    !(own && a->from && (!t->peer_known || same_address(&t->peer, a->from))))
		return RX_DROP_WRONG_PEER;
	return !a->over_ip && n->version != t->version ? RX_DROP_VERSION : RX_DROP_NONE;
}

/* Behind the ids. */
static void read_rest(const struct session_record *s, const struct arrival *a,
                      const struct names *n, struct arrival_fate *fate)
{
	size_t sublayer = !n->v2 && s->l2spec_type == L2TP_L2SPECTYPE_DEFAULT ? 4 : 0;
	size_t at = n->end + s->peer_cookie_len;

	if (a->len < at + sublayer) {
		fate->why = a->over_ip ? RX_DROP_SHORT : RX_DROP_TRUNCATED;
		return;
	}
	if (memcmp(a->octets + n->end, s->peer_cookie, s->peer_cookie_len) != 0) {
		fate->why = RX_DROP_COOKIE;
		return;
	}
	at += n->v2 && (n->flags & 0x0800) ? 4 : sublayer;
	if (n->v2 && (n->flags & 0x0200))
		at += 2 + (at + 2 <= a->len ? be16(a->octets + at) : 0);
	fate->cut_off = at > a->len;
	fate->payload_at = at;
}

struct arrival_fate arrival_foresee(const struct records *records, const struct arrival *a)
{
	struct records *r = (struct records *)records;
	struct arrival_fate fate = { .session = RECORD_NONE };
	const struct session_record *s;
	struct names n = { 0 };

	fate.why = a->over_ip ? read_ip(a, &n) : read_udp(a, &n);
	if (fate.why)
		return fate;
	fate.session = find(r, &n);
	if (fate.session == RECORD_NONE) {
		fate.why = RX_DROP_UNKNOWN_SESSION;
		return fate;
	}
	s = records_session(r, fate.session);
	fate.why = admit(records_tunnel(r, s->tunnel), a, &n);
	if (!fate.why)
		read_rest(s, a, &n, &fate);
	return fate;
}
