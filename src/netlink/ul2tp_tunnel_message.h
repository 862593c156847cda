/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_tunnel_message.h - tunnels in the ul2tp family
 *
 * Commands TUNNEL_CREATE, TUNNEL_SET and TUNNEL_GET of ul2tp_netlink.h: the l2tp family's attributes in the
 * nest UL2TP_ATTR_L2TP, and beside it what only ul2tpd has. Attributes only, as in tunnel_message.h.
 */
#ifndef UL2TP_NETLINK_UL2TP_TUNNEL_MESSAGE_H
#define UL2TP_NETLINK_UL2TP_TUNNEL_MESSAGE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "base/reader.h"
#include "base/writer.h"
#include "netlink/tunnel_message.h"
#include "netlink/ul2tp_accounts.h"
#include "netlink/ul2tp_debug.h"
#include "netlink/ul2tp_family.h"

/* How a tunnel sends outer packets, and which it takes for its own. */
struct ul2tp_tunnel_options {
	char label[UL2TP_LABEL_MAX + 1];
	char device[IFNAMSIZ]; /* "": any */
	uint32_t mark;
	uint8_t tos;
	uint8_t ttl;         /* 0: the system's */
	bool has_peer_check; /* requests only: false leaves it to the daemon, or as it is */
	uint8_t peer_check;  /* enum ul2tp_peer_check */
};

/* The answer to TUNNEL_GET. */
struct ul2tp_tunnel_message {
	struct tunnel_message l2tp;
	struct ul2tp_tunnel_options
		options;  /* label, device, mark, ttl are not written when empty or 0 */
	uint64_t created; /* seconds since 1970 */
	struct ul2tp_accounts accounts;
	struct ul2tp_debug debug;
};

void ul2tp_tunnel_message_put(struct writer *w, const struct ul2tp_tunnel_message *t);

/**
 * ul2tp_tunnel_message_read() - the reverse
 * @ret: the strings in .accounts borrow from the message
 *
 * Return: 0; -EBADMSG malformed, or without UL2TP_ATTR_L2TP.
 */
int ul2tp_tunnel_message_read(struct reader octets, struct ul2tp_tunnel_message *ret);

/* UL2TP_CMD_TUNNEL_CREATE. */
struct ul2tp_tunnel_create {
	struct tunnel_create l2tp;
	struct ul2tp_tunnel_options options;
};

void ul2tp_tunnel_create_put(struct writer *w, const struct ul2tp_tunnel_create *t);

/** ul2tp_tunnel_create_read() - tunnel_create_read() and the options; 0 or -EINVAL with words */
int ul2tp_tunnel_create_read(const struct ul2tp_request *r, struct ul2tp_tunnel_create *ret,
                             struct extack *ea);

/* UL2TP_CMD_TUNNEL_SET: what is present is set. */
struct ul2tp_tunnel_set {
	uint32_t conn_id;
	bool has_label; /* "" removes it */
	char label[UL2TP_LABEL_MAX + 1];
	bool has_peer_check;
	uint8_t peer_check;
};

void ul2tp_tunnel_set_put(struct writer *w, const struct ul2tp_tunnel_set *set);

/** ul2tp_tunnel_set_read() - 0; -EINVAL with words: CONN_ID is missing */
int ul2tp_tunnel_set_read(const struct ul2tp_request *r, struct ul2tp_tunnel_set *ret,
                          struct extack *ea);

/** ul2tp_tunnel_get_put() - the attributes of TUNNEL_GET for one tunnel; a dump has none.
 * The reading side is l2tp_conn_id_read(&r->l2tp, ...). */
void ul2tp_tunnel_get_put(struct writer *w, uint32_t conn_id);

#endif
