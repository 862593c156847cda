/* SPDX-License-Identifier: BSD-2-Clause */
/* l2tp_family.h - the kernel's generic netlink family "l2tp": its commands and attributes
 *
 * NL-1, NL-3, kernel-behaviour §1.2 and §1.3. Numbers are those of linux/l2tp.h.
 */
#ifndef UL2TP_NETLINK_L2TP_FAMILY_H
#define UL2TP_NETLINK_L2TP_FAMILY_H

#include <netinet/in.h>
#include <linux/l2tp.h>
#include <net/if.h>
#include <stdint.h>

#include "netlink/family.h"
#include "netlink/policy.h"

/* In ul2tpd; a kernel chooses its own. */
#define L2TP_FAMILY_ID       0x20
#define L2TP_FAMILY_GROUP_ID 0x10

#define L2TP_COOKIE_MAX 8

/* Flags of messages, which are not those one would expect. */
#define L2TP_TUNNEL_REPLY_FLAGS  NLM_F_ACK   /* NL-55 */
#define L2TP_SESSION_REPLY_FLAGS 0           /* NL-77 */
#define L2TP_NOTIFICATION_FLAGS  NLM_F_ACK   /* NL-80 */
#define L2TP_DUMP_FLAGS          NLM_F_MULTI /* NL-56, NL-78 */

extern const struct genl_family l2tp_family;
extern const struct policy l2tp_policy;

/* An IPv4 or IPv6 address, in network order; which of the two stands beside it as an AF_ number. */
union l2tp_address {
	struct in_addr v4;
	struct in6_addr v6;
};

struct l2tp_cookie {
	uint8_t len; /* 0..8: any is accepted (NL-61) */
	uint8_t octets[L2TP_COOKIE_MAX];
};

/* L2TP_ATTR_STATS, in the order of the nest (NL-27). */
struct l2tp_stats {
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t tx_errors;
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t rx_seq_discards;
	uint64_t rx_cookie_discards;
	uint64_t rx_oos_packets;
	uint64_t rx_errors;
	uint64_t rx_invalid;
};

/** l2tp_stats_put() - the nest L2TP_ATTR_STATS, 124 octets with header (NL-25, NL-27) */
void l2tp_stats_put(struct writer *w, const struct l2tp_stats *stats);

/** l2tp_stats_read() - read the value of the nest; what is missing or too short reads 0 */
struct l2tp_stats l2tp_stats_read(struct reader nest);

/**
 * l2tp_conn_id_read() - the CONN_ID that most commands need first
 *
 * Return: 0; -EINVAL with words if it is missing.
 */
int l2tp_conn_id_read(const struct attributes *a, uint32_t *ret, struct extack *ea);

#endif
