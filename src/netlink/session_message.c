/* SPDX-License-Identifier: BSD-2-Clause */
/* session_message.c - see session_message.h */
#include "netlink/session_message.h"

#include <errno.h>
#include <string.h>

#include "netlink/attribute.h"

#define PW_TYPE_END 12 /* __L2TP_PWTYPE_MAX: larger numbers are no pseudowire types at all */

static void cookie_put(struct writer *w, uint16_t number, const struct l2tp_cookie *cookie)
{
	if (cookie->len)
		attribute_put(w, number, cookie->octets, cookie->len);
}

static struct l2tp_cookie cookie_read(const struct attributes *a, uint16_t number)
{
	struct reader value = attributes_value(a, number);
	struct l2tp_cookie cookie = { .len = (uint8_t)attributes_len(a, number) };

	read_copy(&value, cookie.octets,
	          cookie.len); /* the policy allows at most L2TP_COOKIE_MAX */
	return cookie;
}

static void ifname_read(const struct attributes *a, char to[IFNAMSIZ])
{
	/* The policy has seen a NUL within IFNAMSIZ octets. */
	strcpy(to, attributes_string(a, L2TP_ATTR_IFNAME));
}

/* NL-62: one bit each. */
static bool bit_read(const struct attributes *a, uint16_t number)
{
	return attributes_u8(a, number) & 1;
}

/* NL-63: 32 bits; half of them and more mean the longest time there is. */
static uint32_t timeout_read(const struct attributes *a)
{
	uint32_t timeout_ms = (uint32_t)attributes_u64(a, L2TP_ATTR_RECV_TIMEOUT);

	return timeout_ms > INT32_MAX ? RECV_TIMEOUT_MAX_MS : timeout_ms;
}

void session_message_put(struct writer *w, const struct session_message *s)
{
	attribute_put_u32(w, L2TP_ATTR_CONN_ID, s->conn_id);
	attribute_put_u32(w, L2TP_ATTR_SESSION_ID, s->session_id);
	attribute_put_u32(w, L2TP_ATTR_PEER_CONN_ID, s->peer_conn_id);
	attribute_put_u32(w, L2TP_ATTR_PEER_SESSION_ID, s->peer_session_id);
	attribute_put_u32(w, L2TP_ATTR_DEBUG, 0);
	attribute_put_u16(w, L2TP_ATTR_PW_TYPE, s->pw_type);
	if (s->ifname[0])
		attribute_put_string(w, L2TP_ATTR_IFNAME, s->ifname);
	cookie_put(w, L2TP_ATTR_COOKIE, &s->cookie);
	cookie_put(w, L2TP_ATTR_PEER_COOKIE, &s->peer_cookie);
	attribute_put_u8(w, L2TP_ATTR_RECV_SEQ, s->recv_seq);
	attribute_put_u8(w, L2TP_ATTR_SEND_SEQ, s->send_seq);
	attribute_put_u8(w, L2TP_ATTR_LNS_MODE, s->lns_mode);
	if (s->using_ipsec)
		attribute_put_u8(w, L2TP_ATTR_USING_IPSEC, 1);
	if (s->recv_timeout_ms)
		attribute_put_u64(w, L2TP_ATTR_RECV_TIMEOUT, s->recv_timeout_ms);
	l2tp_stats_put(w, &s->stats);
}

int session_message_read(struct reader octets, struct session_message *ret)
{
	struct attributes a;

	if (policy_parse(&l2tp_policy, POLICY_LIBERAL, octets, octets.at, &a, NULL) < 0 ||
	    !attributes_has(&a, L2TP_ATTR_CONN_ID) || !attributes_has(&a, L2TP_ATTR_SESSION_ID))
		return -EBADMSG;
	*ret = (struct session_message){
		.conn_id = attributes_u32(&a, L2TP_ATTR_CONN_ID),
		.session_id = attributes_u32(&a, L2TP_ATTR_SESSION_ID),
		.peer_conn_id = attributes_u32(&a, L2TP_ATTR_PEER_CONN_ID),
		.peer_session_id = attributes_u32(&a, L2TP_ATTR_PEER_SESSION_ID),
		.pw_type = attributes_u16(&a, L2TP_ATTR_PW_TYPE),
		.cookie = cookie_read(&a, L2TP_ATTR_COOKIE),
		.peer_cookie = cookie_read(&a, L2TP_ATTR_PEER_COOKIE),
		.recv_seq = attributes_u8(&a, L2TP_ATTR_RECV_SEQ),
		.send_seq = attributes_u8(&a, L2TP_ATTR_SEND_SEQ),
		.lns_mode = attributes_u8(&a, L2TP_ATTR_LNS_MODE),
		.using_ipsec = attributes_u8(&a, L2TP_ATTR_USING_IPSEC),
		.recv_timeout_ms = attributes_u64(&a, L2TP_ATTR_RECV_TIMEOUT),
		.stats = l2tp_stats_read(attributes_value(&a, L2TP_ATTR_STATS)),
	};
	ifname_read(&a, ret->ifname);
	return 0;
}

void session_create_put(struct writer *w, const struct session_create *s)
{
	attribute_put_u32(w, L2TP_ATTR_CONN_ID, s->conn_id);
	attribute_put_u32(w, L2TP_ATTR_SESSION_ID, s->session_id);
	attribute_put_u32(w, L2TP_ATTR_PEER_SESSION_ID, s->peer_session_id);
	attribute_put_u16(w, L2TP_ATTR_PW_TYPE, s->pw_type);
	attribute_put_u8(w, L2TP_ATTR_L2SPEC_TYPE, s->l2spec_type);
	if (s->has_ifname)
		attribute_put_string(w, L2TP_ATTR_IFNAME, s->ifname);
	cookie_put(w, L2TP_ATTR_COOKIE, &s->cookie);
	cookie_put(w, L2TP_ATTR_PEER_COOKIE, &s->peer_cookie);
	if (s->recv_seq)
		attribute_put_u8(w, L2TP_ATTR_RECV_SEQ, 1);
	if (s->send_seq)
		attribute_put_u8(w, L2TP_ATTR_SEND_SEQ, 1);
	if (s->lns_mode)
		attribute_put_u8(w, L2TP_ATTR_LNS_MODE, 1);
	if (s->recv_timeout_ms)
		attribute_put_u64(w, L2TP_ATTR_RECV_TIMEOUT, s->recv_timeout_ms);
}

/* Steps 3 to 7. */
static int session_ids_read(const struct attributes *a, uint8_t version, struct session_create *s,
                            struct extack *ea)
{
	if (!attributes_has(a, L2TP_ATTR_SESSION_ID))
		return extack_fail(ea, -EINVAL, 0, "session_id is missing");
	if (!attributes_has(a, L2TP_ATTR_PEER_SESSION_ID))
		return extack_fail(ea, -EINVAL, 0, "peer_session_id is missing");
	if (!attributes_has(a, L2TP_ATTR_PW_TYPE))
		return extack_fail(ea, -EINVAL, 0, "pw_type is missing, give 5 (eth) or 7 (ppp)");

	s->conn_id = attributes_u32(a, L2TP_ATTR_CONN_ID);
	s->session_id = attributes_u32(a, L2TP_ATTR_SESSION_ID);
	s->peer_session_id = attributes_u32(a, L2TP_ATTR_PEER_SESSION_ID);
	s->pw_type = attributes_u16(a, L2TP_ATTR_PW_TYPE);
	if (s->pw_type >= PW_TYPE_END)
		return extack_fail(ea, -EINVAL, L2TP_ATTR_PW_TYPE,
		                   "pw_type is %u, which is none; give 5 (eth) or 7 (ppp)",
		                   s->pw_type);
	if (version == 2 && s->pw_type != L2TP_PWTYPE_PPP)
		return extack_fail(ea, -EPROTONOSUPPORT, L2TP_ATTR_PW_TYPE,
		                   "pw_type is %u, a version 2 tunnel carries only 7 (ppp)",
		                   s->pw_type);
	return 0;
}

/* Steps 8 and 9; a version below 3 has no such things (NL-60). */
static int session_header_read(const struct attributes *a, struct session_create *s,
                               struct extack *ea)
{
	s->l2spec_type = L2TP_L2SPECTYPE_DEFAULT;
	if (attributes_has(a, L2TP_ATTR_L2SPEC_TYPE))
		s->l2spec_type = attributes_u8(a, L2TP_ATTR_L2SPEC_TYPE);
	if (s->l2spec_type > L2TP_L2SPECTYPE_DEFAULT)
		return extack_fail(ea, -EINVAL, L2TP_ATTR_L2SPEC_TYPE,
		                   "l2spec_type is %u, it must be 0 (none) or 1 (default)",
		                   s->l2spec_type);
	s->cookie = cookie_read(a, L2TP_ATTR_COOKIE);
	s->peer_cookie = cookie_read(a, L2TP_ATTR_PEER_COOKIE);
	s->has_ifname = attributes_has(a, L2TP_ATTR_IFNAME);
	ifname_read(a, s->ifname);
	return 0;
}

int session_create_read(const struct attributes *a, uint8_t version, struct session_create *ret,
                        struct extack *ea)
{
	struct session_create s = { .l2spec_type = L2TP_L2SPECTYPE_NONE };
	int err = session_ids_read(a, version, &s, ea);

	if (err < 0)
		return err;
	if (version > 2) {
		err = session_header_read(a, &s, ea);
		if (err < 0)
			return err;
	}
	s.recv_seq = bit_read(a, L2TP_ATTR_RECV_SEQ);
	s.send_seq = bit_read(a, L2TP_ATTR_SEND_SEQ);
	s.lns_mode = bit_read(a, L2TP_ATTR_LNS_MODE);
	s.recv_timeout_ms = timeout_read(a);
	*ret = s;
	return 0;
}

void session_select_put(struct writer *w, const struct session_select *s)
{
	if (s->by_ifname) {
		attribute_put_string(w, L2TP_ATTR_IFNAME, s->ifname);
		return;
	}
	attribute_put_u32(w, L2TP_ATTR_CONN_ID, s->conn_id);
	attribute_put_u32(w, L2TP_ATTR_SESSION_ID, s->session_id);
}

int session_select_read(const struct attributes *a, struct session_select *ret, struct extack *ea)
{
	struct session_select s = { .by_ifname = attributes_has(a, L2TP_ATTR_IFNAME) };

	if (!s.by_ifname) {
		if (!attributes_has(a, L2TP_ATTR_CONN_ID))
			return extack_fail(ea, -ENODEV, 0,
			                   "tunnel_id is missing, and no name given");
		if (!attributes_has(a, L2TP_ATTR_SESSION_ID))
			return extack_fail(ea, -ENODEV, 0,
			                   "session_id is missing, and no name given");
	}
	s.conn_id = attributes_u32(a, L2TP_ATTR_CONN_ID);
	s.session_id = attributes_u32(a, L2TP_ATTR_SESSION_ID);
	ifname_read(a, s.ifname);
	*ret = s;
	return 0;
}

void session_modify_put(struct writer *w, const struct session_modify *m)
{
	if (m->has_recv_seq)
		attribute_put_u8(w, L2TP_ATTR_RECV_SEQ, m->recv_seq);
	if (m->has_send_seq)
		attribute_put_u8(w, L2TP_ATTR_SEND_SEQ, m->send_seq);
	if (m->has_lns_mode)
		attribute_put_u8(w, L2TP_ATTR_LNS_MODE, m->lns_mode);
	if (m->has_recv_timeout)
		attribute_put_u64(w, L2TP_ATTR_RECV_TIMEOUT, m->recv_timeout_ms);
}

struct session_modify session_modify_read(const struct attributes *a)
{
	return (struct session_modify){
		.has_recv_seq = attributes_has(a, L2TP_ATTR_RECV_SEQ),
		.has_send_seq = attributes_has(a, L2TP_ATTR_SEND_SEQ),
		.has_lns_mode = attributes_has(a, L2TP_ATTR_LNS_MODE),
		.has_recv_timeout = attributes_has(a, L2TP_ATTR_RECV_TIMEOUT),
		.recv_seq = bit_read(a, L2TP_ATTR_RECV_SEQ),
		.send_seq = bit_read(a, L2TP_ATTR_SEND_SEQ),
		.lns_mode = bit_read(a, L2TP_ATTR_LNS_MODE),
		.recv_timeout_ms = timeout_read(a),
	};
}
