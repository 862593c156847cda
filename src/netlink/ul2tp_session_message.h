/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_session_message.h - sessions in the ul2tp family
 *
 * Commands SESSION_CREATE, SESSION_SET and SESSION_GET of ul2tp_netlink.h: the l2tp family's attributes in
 * the nest UL2TP_ATTR_L2TP, and beside it what only ul2tpd has. Attributes only, as in session_message.h.
 */
#ifndef UL2TP_NETLINK_UL2TP_SESSION_MESSAGE_H
#define UL2TP_NETLINK_UL2TP_SESSION_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "base/reader.h"
#include "base/writer.h"
#include "netlink/session_message.h"
#include "netlink/ul2tp_accounts.h"
#include "netlink/ul2tp_debug.h"
#include "netlink/ul2tp_family.h"

/* The answer to SESSION_GET. */
struct ul2tp_session_message {
	struct session_message l2tp;
	char label[UL2TP_LABEL_MAX + 1]; /* "" is not written */
	uint8_t l2spec_type;             /* enum l2tp_l2spec_type */
	uint64_t created;                /* seconds since 1970 */
	uint32_t mtu; /* as computed at creation (ETH-10); 0, no interface, is not written */
	const char *fast_path,
		*fast_path_words; /* a name and words; NULL is not written, absent is "" */
	struct ul2tp_accounts accounts;
	struct ul2tp_debug debug;
};

void ul2tp_session_message_put(struct writer *w, const struct ul2tp_session_message *s);

/**
 * ul2tp_session_message_read() - the reverse
 * @ret: the strings in .accounts and those of the fast path borrow from the message
 *
 * Return: 0; -EBADMSG malformed, or without UL2TP_ATTR_L2TP.
 */
int ul2tp_session_message_read(struct reader octets, struct ul2tp_session_message *ret);

/**
 * ul2tp_session_create_put() - the attributes of SESSION_CREATE
 * @label: "" or NULL: none
 *
 * The reading side is l2tp_conn_id_read(&r->l2tp, ...), then session_create_read(&r->l2tp, ...) as in the
 * l2tp family, and ul2tp_label_read().
 */
void ul2tp_session_create_put(struct writer *w, const struct session_create *s, const char *label);

/** ul2tp_label_read() - borrowed, at most UL2TP_LABEL_MAX octets; "" if absent */
const char *ul2tp_label_read(const struct ul2tp_request *r);

/* UL2TP_CMD_SESSION_SET: what is present is set. */
struct ul2tp_session_set {
	struct session_select select;
	bool has_label; /* "" removes it */
	char label[UL2TP_LABEL_MAX + 1];
};

void ul2tp_session_set_put(struct writer *w, const struct ul2tp_session_set *set);

/** ul2tp_session_set_read() - 0; -ENODEV with words as session_select_read() */
int ul2tp_session_set_read(const struct ul2tp_request *r, struct ul2tp_session_set *ret,
                           struct extack *ea);

/** ul2tp_session_get_put() - the attributes of SESSION_GET for one session; a dump has none.
 * The reading side is session_select_read(&r->l2tp, ...). */
void ul2tp_session_get_put(struct writer *w, const struct session_select *select);

#endif
