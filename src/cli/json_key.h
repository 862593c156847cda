/* SPDX-License-Identifier: BSD-2-Clause */
/* json_key.h - every key that can stand in ul2tp's JSON, by number
 *
 * Programs rely on the names, so they are in one table, and doc/interfaces.txt lists them too; a test
 * compares the two. A name never changes its meaning; new ones may come with any release.
 */
#ifndef UL2TP_CLI_JSON_KEY_H
#define UL2TP_CLI_JSON_KEY_H

enum json_key {
	KEY_NONE, /* what has no name: elements of a list; or stands in text only */
	/* those of ip l2tp */
	KEY_TUNNEL_ID,
	KEY_ENCAP,
	KEY_LOCAL,
	KEY_PEER,
	KEY_PEER_TUNNEL,
	KEY_LOCAL_PORT,
	KEY_PEER_PORT,
	KEY_CHECKSUM,
	KEY_CHECKSUM_TX,
	KEY_CHECKSUM_RX,
	KEY_SESSION_ID,
	KEY_PEER_SESSION_ID,
	KEY_PEER_TUNNEL_ID,
	KEY_INTERFACE,
	KEY_COOKIE,
	KEY_PEER_COOKIE,
	KEY_REORDER_TIMEOUT,
	KEY_SEND_SEQ,
	KEY_RECV_SEQ,
	/* --details */
	KEY_VERSION,
	KEY_LABEL,
	KEY_DEV,
	KEY_FWMARK,
	KEY_TOS,
	KEY_TTL,
	KEY_PEER_CHECK,
	KEY_PW_TYPE,
	KEY_L2SPEC_TYPE,
	KEY_LNS_MODE,
	KEY_MTU,
	KEY_CREATED_S,
	/* --stats */
	KEY_STATISTICS,
	KEY_TX_PACKETS,
	KEY_TX_BYTES,
	KEY_TX_ERRORS,
	KEY_RX_PACKETS,
	KEY_RX_BYTES,
	KEY_RX_ERRORS,
	KEY_RX_SEQ_DISCARDS,
	KEY_RX_OOS_PACKETS,
	KEY_RX_COOKIE_DISCARDS,
	KEY_RX_INVALID,
	KEY_COUNTERS,
	KEY_TX_OCTETS,
	KEY_TX_LAST_MS,
	KEY_RX_OCTETS,
	KEY_RX_LAST_MS,
	KEY_RX_HELD,
	KEY_RX_REORDERED,
	KEY_RX_DROPS,
	KEY_TX_DROPS,
	KEY_REASON,
	KEY_PACKETS,
	KEY_WORDS,
	/* monitor */
	KEY_EVENT,
	KEY_TIMESTAMP,
	KEY_TUNNEL,
	KEY_SESSION,
	/* trace */
	KEY_TIME_US,
	KEY_PROCESS,
	KEY_PID,
	KEY_CPU,
	KEY_FD,
	KEY_NS,
	KEY_NR,
	KEY_PKT_NS,
	KEY_MY_NR,
	KEY_REORDER_Q_LEN,
	KEY_LOST,
	/* of PPP */
	KEY_UNITS,
	KEY_CHANNELS,
	KEY_UNIT,
	KEY_CHANNEL,
	KEY_STATE,
	KEY_FILES,
	KEY_BRIDGE,
	KEY_SHARED,
	/* status, limits */
	KEY_BACKEND,
	KEY_RELEASE,
	KEY_FEATURES,
	KEY_LIMITS,
	KEY_USAGE,
	KEY_TUNNELS,
	KEY_SESSIONS,
	KEY_MEMORY_KIB,
	KEY_REQUESTS,
	KEY_SUBSCRIBERS,
	/* run --check */
	KEY_USABLE,
	KEY_LEVELS,
	KEY_LEVEL,
	KEY_PERMISSIONS,
	KEY_VARIANTS,
	KEY_WITHOUT,
	KEY_FEATURE,
	KEY_WAY,
	KEY_ADDS,
	KEY_KERNEL_L2TP,
	KEY_DAEMON,
	KEY_FAST_PATH,
	JSON_KEYS,
};

/** json_key_name() - as it stands in JSON; NULL for KEY_NONE */
const char *json_key_name(enum json_key key);

#endif
