/* SPDX-License-Identifier: BSD-2-Clause */
/* json_key.c - the names of the keys; see json_key.h */
#include "cli/json_key.h"

#include <stddef.h>

#include "base/cleanup.h"

/* clang-format off */
static const char *const names[] = {
	[KEY_TUNNEL_ID]          = "tunnel_id",
	[KEY_ENCAP]              = "encap",
	[KEY_LOCAL]              = "local",
	[KEY_PEER]               = "peer",
	[KEY_PEER_TUNNEL]        = "peer_tunnel",
	[KEY_LOCAL_PORT]         = "local_port",
	[KEY_PEER_PORT]          = "peer_port",
	[KEY_CHECKSUM]           = "checksum",
	[KEY_CHECKSUM_TX]        = "checksum_tx",
	[KEY_CHECKSUM_RX]        = "checksum_rx",
	[KEY_SESSION_ID]         = "session_id",
	[KEY_PEER_SESSION_ID]    = "peer_session_id",
	[KEY_PEER_TUNNEL_ID]     = "peer_tunnel_id",
	[KEY_INTERFACE]          = "interface",
	[KEY_COOKIE]             = "cookie",
	[KEY_PEER_COOKIE]        = "peer_cookie",
	[KEY_REORDER_TIMEOUT]    = "reorder_timeout",
	[KEY_SEND_SEQ]           = "send_seq",
	[KEY_RECV_SEQ]           = "recv_seq",
	[KEY_VERSION]            = "version",
	[KEY_LABEL]              = "label",
	[KEY_DEV]                = "dev",
	[KEY_FWMARK]             = "fwmark",
	[KEY_TOS]                = "tos",
	[KEY_TTL]                = "ttl",
	[KEY_PEER_CHECK]         = "peer_check",
	[KEY_PW_TYPE]            = "pw_type",
	[KEY_L2SPEC_TYPE]        = "l2spec_type",
	[KEY_LNS_MODE]           = "lns_mode",
	[KEY_MTU]                = "mtu",
	[KEY_CREATED_S]          = "created_s",
	[KEY_STATISTICS]         = "statistics",
	[KEY_TX_PACKETS]         = "tx_packets",
	[KEY_TX_BYTES]           = "tx_bytes",
	[KEY_TX_ERRORS]          = "tx_errors",
	[KEY_RX_PACKETS]         = "rx_packets",
	[KEY_RX_BYTES]           = "rx_bytes",
	[KEY_RX_ERRORS]          = "rx_errors",
	[KEY_RX_SEQ_DISCARDS]    = "rx_seq_discards",
	[KEY_RX_OOS_PACKETS]     = "rx_oos_packets",
	[KEY_RX_COOKIE_DISCARDS] = "rx_cookie_discards",
	[KEY_RX_INVALID]         = "rx_invalid",
	[KEY_COUNTERS]           = "counters",
	[KEY_TX_OCTETS]          = "tx_octets",
	[KEY_TX_LAST_MS]         = "tx_last_ms",
	[KEY_RX_OCTETS]          = "rx_octets",
	[KEY_RX_LAST_MS]         = "rx_last_ms",
	[KEY_RX_HELD]            = "rx_held",
	[KEY_RX_REORDERED]       = "rx_reordered",
	[KEY_RX_DROPS]           = "rx_drops",
	[KEY_TX_DROPS]           = "tx_drops",
	[KEY_REASON]             = "reason",
	[KEY_PACKETS]            = "packets",
	[KEY_WORDS]              = "words",
	[KEY_EVENT]              = "event",
	[KEY_TIMESTAMP]          = "timestamp",
	[KEY_TUNNEL]             = "tunnel",
	[KEY_SESSION]            = "session",
	[KEY_TIME_US]            = "time_us",
	[KEY_PROCESS]            = "process",
	[KEY_PID]                = "pid",
	[KEY_CPU]                = "cpu",
	[KEY_FD]                 = "fd",
	[KEY_NS]                 = "ns",
	[KEY_NR]                 = "nr",
	[KEY_PKT_NS]             = "pkt_ns",
	[KEY_MY_NR]              = "my_nr",
	[KEY_REORDER_Q_LEN]      = "reorder_q_len",
	[KEY_LOST]               = "lost",
	[KEY_BACKEND]            = "backend",
	[KEY_RELEASE]            = "release",
	[KEY_FEATURES]           = "features",
	[KEY_LIMITS]             = "limits",
	[KEY_USAGE]              = "usage",
	[KEY_TUNNELS]            = "tunnels",
	[KEY_SESSIONS]           = "sessions",
	[KEY_MEMORY_KIB]         = "memory_kib",
	[KEY_REQUESTS]           = "requests",
	[KEY_SUBSCRIBERS]        = "subscribers",
};
/* clang-format on */

_Static_assert(ARRAY_SIZE(names) == JSON_KEYS, "each key has a name");

const char *json_key_name(enum json_key key)
{
	return names[key];
}
