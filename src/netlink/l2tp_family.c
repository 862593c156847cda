/* SPDX-License-Identifier: BSD-2-Clause */
/* l2tp_family.c - see l2tp_family.h */
#include "netlink/l2tp_family.h"

#include <assert.h>
#include <errno.h>

#include "base/cleanup.h"
#include "netlink/attribute.h"

/* clang-format off */
static const struct genl_command l2tp_commands[] = {	/* kernel-behaviour §1.2 */
	/* value                   name              do    dump    privilege */
	{ L2TP_CMD_NOOP,           "NOOP",           true, false,  GENL_ANYONE },
	{ L2TP_CMD_TUNNEL_CREATE,  "TUNNEL_CREATE",  true, false,  GENL_ADMIN },
	{ L2TP_CMD_TUNNEL_DELETE,  "TUNNEL_DELETE",  true, false,  GENL_ADMIN },
	{ L2TP_CMD_TUNNEL_MODIFY,  "TUNNEL_MODIFY",  true, false,  GENL_ADMIN },
	{ L2TP_CMD_TUNNEL_GET,     "TUNNEL_GET",     true, true,   GENL_ADMIN },
	{ L2TP_CMD_SESSION_CREATE, "SESSION_CREATE", true, false,  GENL_ADMIN },
	{ L2TP_CMD_SESSION_DELETE, "SESSION_DELETE", true, false,  GENL_ADMIN },
	{ L2TP_CMD_SESSION_MODIFY, "SESSION_MODIFY", true, false,  GENL_ADMIN },
	{ L2TP_CMD_SESSION_GET,    "SESSION_GET",    true, true,   GENL_ADMIN },
};

static const struct policy_row l2tp_rows[] = {	/* kernel-behaviour §1.3; names are those of ip l2tp */
	[L2TP_ATTR_PW_TYPE]           = { "pw_type",         ATTRIBUTE_U16 },
	[L2TP_ATTR_ENCAP_TYPE]        = { "encap",           ATTRIBUTE_U16 },
	[L2TP_ATTR_OFFSET]            = { "offset",          ATTRIBUTE_U16 },
	[L2TP_ATTR_DATA_SEQ]          = { "data_seq",        ATTRIBUTE_U8 },
	[L2TP_ATTR_L2SPEC_TYPE]       = { "l2spec_type",     ATTRIBUTE_U8 },
	[L2TP_ATTR_L2SPEC_LEN]        = { "l2spec_len",      ATTRIBUTE_U8 },
	[L2TP_ATTR_PROTO_VERSION]     = { "version",         ATTRIBUTE_U8 },
	[L2TP_ATTR_IFNAME]            = { "name",            ATTRIBUTE_STRING, .max = IFNAMSIZ - 1 },
	[L2TP_ATTR_CONN_ID]           = { "tunnel_id",       ATTRIBUTE_U32 },
	[L2TP_ATTR_PEER_CONN_ID]      = { "peer_tunnel_id",  ATTRIBUTE_U32 },
	[L2TP_ATTR_SESSION_ID]        = { "session_id",      ATTRIBUTE_U32 },
	[L2TP_ATTR_PEER_SESSION_ID]   = { "peer_session_id", ATTRIBUTE_U32 },
	[L2TP_ATTR_UDP_CSUM]          = { "udp_csum",        ATTRIBUTE_U8 },
	[L2TP_ATTR_VLAN_ID]           = { "vlan_id",         ATTRIBUTE_U16 },
	[L2TP_ATTR_COOKIE]            = { "cookie",          ATTRIBUTE_BINARY, .max = L2TP_COOKIE_MAX },
	[L2TP_ATTR_PEER_COOKIE]       = { "peer_cookie",     ATTRIBUTE_BINARY, .max = L2TP_COOKIE_MAX },
	[L2TP_ATTR_DEBUG]             = { "debug",           ATTRIBUTE_U32 },
	[L2TP_ATTR_RECV_SEQ]          = { "recv_seq",        ATTRIBUTE_U8 },
	[L2TP_ATTR_SEND_SEQ]          = { "send_seq",        ATTRIBUTE_U8 },
	[L2TP_ATTR_LNS_MODE]          = { "lns_mode",        ATTRIBUTE_U8 },
	[L2TP_ATTR_USING_IPSEC]       = { "using_ipsec",     ATTRIBUTE_U8 },
	[L2TP_ATTR_RECV_TIMEOUT]      = { "reorder_timeout", ATTRIBUTE_MSECS },
	[L2TP_ATTR_FD]                = { "fd",              ATTRIBUTE_U32 },
	[L2TP_ATTR_IP_SADDR]          = { "local",           ATTRIBUTE_U32 },
	[L2TP_ATTR_IP_DADDR]          = { "remote",          ATTRIBUTE_U32 },
	[L2TP_ATTR_UDP_SPORT]         = { "udp_sport",       ATTRIBUTE_U16 },
	[L2TP_ATTR_UDP_DPORT]         = { "udp_dport",       ATTRIBUTE_U16 },
	[L2TP_ATTR_MTU]               = { "mtu",             ATTRIBUTE_U16 },
	[L2TP_ATTR_MRU]               = { "mru",             ATTRIBUTE_U16 },
	[L2TP_ATTR_STATS]             = { "stats",           ATTRIBUTE_NEST },
	[L2TP_ATTR_IP6_SADDR]         = { "local",           ATTRIBUTE_BINARY, .max = sizeof(struct in6_addr) },
	[L2TP_ATTR_IP6_DADDR]         = { "remote",          ATTRIBUTE_BINARY, .max = sizeof(struct in6_addr) },
	[L2TP_ATTR_UDP_ZERO_CSUM6_TX] = { "udp6_csum_tx",    ATTRIBUTE_FLAG },
	[L2TP_ATTR_UDP_ZERO_CSUM6_RX] = { "udp6_csum_rx",    ATTRIBUTE_FLAG },
	[L2TP_ATTR_PAD]               = { "pad",             ATTRIBUTE_ANY },
};

static const struct {	/* NL-27: the order of the nest, which is not that of the numbers */
	uint16_t number;
	size_t offset;
} stats_rows[] = {
	{ L2TP_ATTR_TX_PACKETS,         offsetof(struct l2tp_stats, tx_packets) },
	{ L2TP_ATTR_TX_BYTES,           offsetof(struct l2tp_stats, tx_bytes) },
	{ L2TP_ATTR_TX_ERRORS,          offsetof(struct l2tp_stats, tx_errors) },
	{ L2TP_ATTR_RX_PACKETS,         offsetof(struct l2tp_stats, rx_packets) },
	{ L2TP_ATTR_RX_BYTES,           offsetof(struct l2tp_stats, rx_bytes) },
	{ L2TP_ATTR_RX_SEQ_DISCARDS,    offsetof(struct l2tp_stats, rx_seq_discards) },
	{ L2TP_ATTR_RX_COOKIE_DISCARDS, offsetof(struct l2tp_stats, rx_cookie_discards) },
	{ L2TP_ATTR_RX_OOS_PACKETS,     offsetof(struct l2tp_stats, rx_oos_packets) },
	{ L2TP_ATTR_RX_ERRORS,          offsetof(struct l2tp_stats, rx_errors) },
	{ L2TP_ATTR_RX_INVALID,         offsetof(struct l2tp_stats, rx_invalid) },
};
/* clang-format on */

static_assert(ARRAY_SIZE(l2tp_commands) == L2TP_CMD_MAX + 1, "each command has a row");
static_assert(ARRAY_SIZE(l2tp_rows) == L2TP_ATTR_MAX + 1, "each attribute has a row");
static_assert(ARRAY_SIZE(stats_rows) * sizeof(uint64_t) == sizeof(struct l2tp_stats),
              "each counter has a row");

const struct policy l2tp_policy = { l2tp_rows, ARRAY_SIZE(l2tp_rows) };

const struct genl_family l2tp_family = {
	.name = L2TP_GENL_NAME,
	.id = L2TP_FAMILY_ID,
	.version = L2TP_GENL_VERSION,
	.policy = &l2tp_policy,
	.mode = POLICY_LIBERAL,
	.commands = l2tp_commands,
	.command_count = ARRAY_SIZE(l2tp_commands),
	.checked_from = L2TP_CMD_SESSION_GET + 1,
	.group = L2TP_GENL_MCGROUP,
	.group_id = L2TP_FAMILY_GROUP_ID,
};

void l2tp_stats_put(struct writer *w, const struct l2tp_stats *stats)
{
	size_t nest = attribute_nest_begin(w, L2TP_ATTR_STATS);

	for (size_t i = 0; i < ARRAY_SIZE(stats_rows); i++) {
		uint64_t value;

		memcpy(&value, (const char *)stats + stats_rows[i].offset, sizeof(value));
		attribute_put_u64(w, stats_rows[i].number, value);
	}
	attribute_nest_end(w, nest);
}

struct l2tp_stats l2tp_stats_read(struct reader nest)
{
	struct l2tp_stats stats = { 0 };
	struct attribute a;

	while (attribute_next(&nest, &a))
		for (size_t i = 0; i < ARRAY_SIZE(stats_rows); i++)
			if (stats_rows[i].number == a.type) {
				uint64_t value = read_u64_host(&a.value);

				memcpy((char *)&stats + stats_rows[i].offset, &value,
				       sizeof(value));
			}
	return stats;
}

int l2tp_conn_id_read(const struct attributes *a, uint32_t *ret, struct extack *ea)
{
	if (!attributes_has(a, L2TP_ATTR_CONN_ID))
		return extack_fail(ea, -EINVAL, 0, "tunnel_id is missing");
	*ret = attributes_u32(a, L2TP_ATTR_CONN_ID);
	return 0;
}
