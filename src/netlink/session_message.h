/* SPDX-License-Identifier: BSD-2-Clause */
/* session_message.h - what the l2tp family says about sessions, and is asked to do with them
 *
 * Attributes only, as in tunnel_message.h; likewise used inside the nest UL2TP_ATTR_L2TP.
 * Numbers in struct extack.attribute are L2TP_ATTR_*.
 */
#ifndef UL2TP_NETLINK_SESSION_MESSAGE_H
#define UL2TP_NETLINK_SESSION_MESSAGE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "base/writer.h"
#include "netlink/l2tp_family.h"
#include "netlink/policy.h"

/* A session as SESSION_GET, dumps and notifications describe it (kernel-behaviour §1.10). */
struct session_message {
	uint32_t conn_id;
	uint32_t session_id;
	uint32_t peer_conn_id;
	uint32_t peer_session_id;
	uint16_t pw_type;      /* enum l2tp_pwtype */
	char ifname[IFNAMSIZ]; /* name of the interface at creation (NL-71); "" is not written */
	struct l2tp_cookie cookie;      /* we send */
	struct l2tp_cookie peer_cookie; /* we expect */
	bool recv_seq;
	bool send_seq; /* live: follows the peer in LAC mode */
	bool lns_mode;
	bool using_ipsec;
	uint64_t recv_timeout_ms; /* 0 is not written */
	struct l2tp_stats stats;
};

/** session_message_put() - the attributes of a session message, in the kernel's order and conditions */
void session_message_put(struct writer *w, const struct session_message *s);

/**
 * session_message_read() - the reverse, of ul2tpd's messages and of a kernel's
 *
 * Return: 0; -EBADMSG an attribute is malformed, or CONN_ID or SESSION_ID is missing.
 */
int session_message_read(struct reader octets, struct session_message *ret);

/* What L2TP_CMD_SESSION_CREATE asks for. */
struct session_create {
	uint32_t conn_id;
	uint32_t session_id;
	uint32_t peer_session_id;
	uint16_t pw_type;
	uint8_t l2spec_type;   /* enum l2tp_l2spec_type; NL-60 has the default */
	bool has_ifname;       /* "" is a name too, and not a valid one (SES-20) */
	char ifname[IFNAMSIZ]; /* not checked for being a good name */
	struct l2tp_cookie cookie;
	struct l2tp_cookie peer_cookie;
	bool recv_seq;
	bool send_seq;
	bool lns_mode;
	uint32_t recv_timeout_ms; /* RECV_TIMEOUT_MAX_MS: no limit */
};

/* What a timeout of 2^31 ms or more becomes, in memory and in answers (NL-63). */
#define RECV_TIMEOUT_MAX_MS UINT32_C(4294967288)

/** session_create_put() - the request's attributes; l2spec_type is always written */
void session_create_put(struct writer *w, const struct session_create *s);

/**
 * session_create_read() - steps 3 to 9 of kernel-behaviour §1.8, in their order
 * @version: of the tunnel. Steps 1 and 2 come before: l2tp_conn_id_read(), then find the tunnel
 *	     (-ENODEV). Step 10 (is the pseudowire type implemented) comes after.
 *
 * On version 2 L2SPEC_TYPE, cookies and IFNAME are ignored (NL-60).
 *
 * Return: 0; -EINVAL; -EPROTONOSUPPORT (version 2 with another pseudowire than PPP); with words.
 */
int session_create_read(const struct attributes *a, uint8_t version, struct session_create *ret,
                        struct extack *ea);

/* Which session GET, MODIFY and DELETE mean (NL-70..NL-74). */
struct session_select {
	bool by_ifname; /* IFNAME alone counts; otherwise both ids */
	char ifname[IFNAMSIZ];
	uint32_t conn_id;
	uint32_t session_id;
};

void session_select_put(struct writer *w, const struct session_select *s);

/**
 * session_select_read() - which session a request is about
 *
 * Return: 0; -ENODEV with words: no IFNAME, and CONN_ID or SESSION_ID missing (NL-72).
 */
int session_select_read(const struct attributes *a, struct session_select *ret, struct extack *ea);

/* What L2TP_CMD_SESSION_MODIFY changes, beside the selection (NL-76). */
struct session_modify {
	bool has_recv_seq;
	bool has_send_seq;
	bool has_lns_mode;
	bool has_recv_timeout;
	bool recv_seq;
	bool send_seq;
	bool lns_mode;
	uint32_t recv_timeout_ms;
};

void session_modify_put(struct writer *w, const struct session_modify *m);

/** session_modify_read() - what is present; nothing here can be wrong */
struct session_modify session_modify_read(const struct attributes *a);

#endif
