/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_family.c - see ul2tp_family.h */
#include "netlink/ul2tp_family.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>

#include "base/cleanup.h"
#include "netlink/l2tp_family.h"

#define BIT(number) (UINT64_C(1) << (number))

/* clang-format off */
static const struct genl_command ul2tp_commands[] = {
	/* value                    name              do    dump    privilege */
	{ UL2TP_CMD_STATUS_GET,     "STATUS_GET",     true, false,  GENL_ANYONE },
	{ UL2TP_CMD_SOCKET_SET,     "SOCKET_SET",     true, false,  GENL_ANYONE },
	{ UL2TP_CMD_SUBSCRIBE,      "SUBSCRIBE",      true, false,  GENL_ANYONE },
	{ UL2TP_CMD_UNSUBSCRIBE,    "UNSUBSCRIBE",    true, false,  GENL_ANYONE },
	{ UL2TP_CMD_TUNNEL_CREATE,  "TUNNEL_CREATE",  true, false,  GENL_ADMIN },
	{ UL2TP_CMD_TUNNEL_SET,     "TUNNEL_SET",     true, false,  GENL_ADMIN },
	{ UL2TP_CMD_TUNNEL_GET,     "TUNNEL_GET",     true, true,   GENL_ADMIN },
	{ UL2TP_CMD_SESSION_CREATE, "SESSION_CREATE", true, false,  GENL_ADMIN },
	{ UL2TP_CMD_SESSION_SET,    "SESSION_SET",    true, false,  GENL_ADMIN },
	{ UL2TP_CMD_SESSION_GET,    "SESSION_GET",    true, true,   GENL_ADMIN },
	{ UL2TP_CMD_LIMITS_SET,     "LIMITS_SET",     true, false,  GENL_DAEMON_ADMIN },
	{ UL2TP_CMD_V2_TUNNEL_GET,  "V2_TUNNEL_GET",  false, true,  GENL_ANYONE },
	{ UL2TP_CMD_V2_SESSION_GET, "V2_SESSION_GET", false, true,  GENL_ANYONE },
	/* Whether these need privilege is for the service to know. */
	{ UL2TP_CMD_IPSOCKET_OPEN,       "IPSOCKET_OPEN",       true, false,  GENL_ANYONE },
	{ UL2TP_CMD_IPSOCKET_BIND,       "IPSOCKET_BIND",       true, false,  GENL_ANYONE },
	{ UL2TP_CMD_IPSOCKET_CONNECT,    "IPSOCKET_CONNECT",    true, false,  GENL_ANYONE },
	{ UL2TP_CMD_IPSOCKET_SEND,       "IPSOCKET_SEND",       true, false,  GENL_ANYONE },
	{ UL2TP_CMD_IPSOCKET_OPTION_SET, "IPSOCKET_OPTION_SET", true, false,  GENL_ANYONE },
	{ UL2TP_CMD_IPSOCKET_GET,        "IPSOCKET_GET",        true, false,  GENL_ANYONE },
	{ UL2TP_CMD_TRACE,          "TRACE",          true, false,  GENL_ADMIN },
	{ UL2TP_CMD_SOCKET_CHANGED, "SOCKET_CHANGED", true, false,  GENL_ANYONE },
	/* Likewise (PX-1, PPP-1). */
	{ UL2TP_CMD_PPP_OPEN,       "PPP_OPEN",       true, false,  GENL_ANYONE },
	{ UL2TP_CMD_PPP_CLOSE,      "PPP_CLOSE",      true, false,  GENL_ANYONE },
	{ UL2TP_CMD_PPP_CONNECT,    "PPP_CONNECT",    true, false,  GENL_ANYONE },
	{ UL2TP_CMD_PPP_IOCTL,      "PPP_IOCTL",      true, false,  GENL_ANYONE },
	{ UL2TP_CMD_PPP_OPTION_SET, "PPP_OPTION_SET", true, false,  GENL_ANYONE },
	{ UL2TP_CMD_PPP_OPTION_GET, "PPP_OPTION_GET", true, false,  GENL_ANYONE },
	{ UL2TP_CMD_PPP_GET,        "PPP_GET",        true, true,   GENL_ANYONE, .dump_admin = true },
	{ UL2TP_CMD_UNIT_ADDRESS_ADD,    "UNIT_ADDRESS_ADD",    true, false,  GENL_ADMIN },
	{ UL2TP_CMD_UNIT_ADDRESS_REMOVE, "UNIT_ADDRESS_REMOVE", true, false,  GENL_ADMIN },
	{ UL2TP_CMD_UNIT_POLICE,    "UNIT_POLICE",    true, false,  GENL_ADMIN },
	{ UL2TP_CMD_UNIT_GET,       "UNIT_GET",       true, true,   GENL_ADMIN },
	{ UL2TP_CMD_PPP_CHANNEL_GET, "PPP_CHANNEL_GET", false, true, GENL_ADMIN },
	{ UL2TP_CMD_DEVICE_GET,     "DEVICE_GET",     true, false,  GENL_ANYONE },
	{ UL2TP_CMD_UPGRADE,        "UPGRADE",        true, false,  GENL_DAEMON_ADMIN },
};

static const struct policy_row ul2tp_rows[] = {	/* of requests and answers alike */
	[UL2TP_ATTR_VERSION]     = { "release",     ATTRIBUTE_STRING },
	[UL2TP_ATTR_FEATURES]    = { "features",    ATTRIBUTE_NEST },
	[UL2TP_ATTR_GROUP]       = { "group",       ATTRIBUTE_U32 },
	[UL2TP_ATTR_CAP_ACK]     = { "cap_ack",     ATTRIBUTE_U8,     .max = 1 },
	[UL2TP_ATTR_EXT_ACK]     = { "ext_ack",     ATTRIBUTE_U8,     .max = 1 },
	[UL2TP_ATTR_L2TP]        = { "l2tp",        ATTRIBUTE_NEST },
	[UL2TP_ATTR_LABEL]       = { "label",       ATTRIBUTE_STRING, .max = UL2TP_LABEL_MAX },
	[UL2TP_ATTR_DEVICE]      = { "dev",         ATTRIBUTE_STRING, .min = 1, .max = IFNAMSIZ - 1 },
	[UL2TP_ATTR_MARK]        = { "fwmark",      ATTRIBUTE_U32 },
	[UL2TP_ATTR_TOS]         = { "tos",         ATTRIBUTE_U8 },
	[UL2TP_ATTR_TTL]         = { "ttl",         ATTRIBUTE_U8,     .min = 1, .max = UINT8_MAX },
	[UL2TP_ATTR_PEER_CHECK]  = { "peer_check",  ATTRIBUTE_U8,     .max = UL2TP_PEER_CHECK_IDS },
	[UL2TP_ATTR_COUNTERS]    = { "counters",    ATTRIBUTE_NEST },
	[UL2TP_ATTR_RX_DROPS]    = { "rx_drops",    ATTRIBUTE_NEST },
	[UL2TP_ATTR_TX_DROPS]    = { "tx_drops",    ATTRIBUTE_NEST },
	[UL2TP_ATTR_CREATED]     = { "created",     ATTRIBUTE_U64 },
	[UL2TP_ATTR_MTU]         = { "mtu",         ATTRIBUTE_U32 },
	[UL2TP_ATTR_LIMITS]      = { "limits",      ATTRIBUTE_NEST },
	[UL2TP_ATTR_USAGE]       = { "usage",       ATTRIBUTE_NEST },
	[UL2TP_ATTR_L2SPEC_TYPE] = { "l2spec_type", ATTRIBUTE_U8 },
	[UL2TP_ATTR_DROP_RIGHTS] = { "drop_rights", ATTRIBUTE_U8,     .min = 1, .max = 1 },
	[UL2TP_ATTR_DEBUG]       = { "debug",       ATTRIBUTE_NEST },
	[UL2TP_ATTR_FAMILY]      = { "family",      ATTRIBUTE_U16 },
	[UL2TP_ATTR_PORT]        = { "port",        ATTRIBUTE_U16 },
	[UL2TP_ATTR_SOCKET_COOKIE] = { "socket_cookie", ATTRIBUTE_U64 },
	[UL2TP_ATTR_NAME]        = { "name",        ATTRIBUTE_BINARY, .max = UL2TP_IP_NAME_MAX },
	[UL2TP_ATTR_PEER_NAME]   = { "peer_name",   ATTRIBUTE_BINARY, .max = UL2TP_IP_NAME_MAX },
	[UL2TP_ATTR_CONNECTED]   = { "connected",   ATTRIBUTE_U8,     .max = 1 },
	[UL2TP_ATTR_DATA]        = { "data",        ATTRIBUTE_BINARY, .max = UL2TP_IP_DATA_MAX },
	[UL2TP_ATTR_CONTROL]     = { "control",     ATTRIBUTE_BINARY, .max = UL2TP_IP_CONTROL_MAX },
	[UL2TP_ATTR_MSG_FLAGS]   = { "msg_flags",   ATTRIBUTE_U32 },
	[UL2TP_ATTR_OPTION_LEVEL] = { "level",      ATTRIBUTE_U32 },
	[UL2TP_ATTR_OPTION]      = { "option",      ATTRIBUTE_U32 },
	[UL2TP_ATTR_OPTION_VALUE] = { "value",      ATTRIBUTE_BINARY, .max = UL2TP_IP_OPTION_MAX },
	[UL2TP_ATTR_TRACE_EVENTS] = { "trace_events", ATTRIBUTE_U64 },
	[UL2TP_ATTR_TRACE]       = { "trace",       ATTRIBUTE_NEST },
	[UL2TP_ATTR_TRACE_LOST]  = { "trace_lost",  ATTRIBUTE_U64 },
	[UL2TP_ATTR_PPP_HANDLE]  = { "ppp_handle",  ATTRIBUTE_U64 },
	[UL2TP_ATTR_PPP_KIND]    = { "ppp_kind",    ATTRIBUTE_U8,     .max = UL2TP_PPP_KINDS - 1 },
	[UL2TP_ATTR_PPP_EMPTY_READS] = { "ppp_empty_reads", ATTRIBUTE_U8, .min = 1, .max = 1 },
	[UL2TP_ATTR_PPP_PID]     = { "ppp_pid",     ATTRIBUTE_U32 },
	[UL2TP_ATTR_PPP_IOCTL]   = { "ppp_ioctl",   ATTRIBUTE_U32 },
	[UL2TP_ATTR_PPP_STATE]   = { "ppp_state",   ATTRIBUTE_U8 },
	[UL2TP_ATTR_PPP_CHANNEL] = { "ppp_channel", ATTRIBUTE_U32 },
	[UL2TP_ATTR_PPP_UNIT]    = { "ppp_unit",    ATTRIBUTE_U32 },
	[UL2TP_ATTR_KEEP_RIGHTS] = { "keep_rights", ATTRIBUTE_U8,     .min = 1, .max = 1 },
	[UL2TP_ATTR_PPP_OWN_DEVICE] = { "ppp_own_device", ATTRIBUTE_U8, .min = 1, .max = 1 },
	[UL2TP_ATTR_UNIT_SHARED] = { "unit_shared", ATTRIBUTE_U8,     .min = 1, .max = 1 },
	[UL2TP_ATTR_UNIT_STRAYS] = { "unit_strays", ATTRIBUTE_U64 },
	[UL2TP_ATTR_UNIT_COUNTERS] = { "unit_counters", ATTRIBUTE_NEST },
	[UL2TP_ATTR_UNIT_PREFIX] = { "unit_prefix", ATTRIBUTE_BINARY, .max = 18 * 8 },
	[UL2TP_ATTR_UNIT_RX_RATE]  = { "unit_rx_rate",  ATTRIBUTE_U64 },
	[UL2TP_ATTR_UNIT_RX_BURST] = { "unit_rx_burst", ATTRIBUTE_U32 },
	[UL2TP_ATTR_UNIT_TX_RATE]  = { "unit_tx_rate",  ATTRIBUTE_U64 },
	[UL2TP_ATTR_UNIT_TX_BURST] = { "unit_tx_burst", ATTRIBUTE_U32 },
	[UL2TP_ATTR_FAST_PATH]   = { "fast_path",   ATTRIBUTE_STRING, .max = UL2TP_FAST_PATH_MAX },
	[UL2TP_ATTR_FAST_PATH_WORDS] = { "fast_path_words", ATTRIBUTE_STRING, .max = UL2TP_FAST_PATH_WORDS_MAX },
	[UL2TP_ATTR_PPP_BRIDGE]  = { "ppp_bridge",  ATTRIBUTE_U32 },
	[UL2TP_ATTR_PPP_FILES]   = { "ppp_files",   ATTRIBUTE_U32 },
	[UL2TP_ATTR_STOP_AT_REFUSAL] = { "stop_at_refusal", ATTRIBUTE_U8, .max = 1 },
	[UL2TP_ATTR_TOKEN]       = { "token",       ATTRIBUTE_U64 },
	[UL2TP_ATTR_DEVICE_INDEX] = { "device_index", ATTRIBUTE_BINARY, .max = 4 * UL2TP_DEVICES_MAX },
};

static const struct policy_row limit_rows[] = {
	[UL2TP_LIMIT_TUNNELS]     = { "tunnels",     ATTRIBUTE_U32 },
	[UL2TP_LIMIT_SESSIONS]    = { "sessions",    ATTRIBUTE_U32 },
	[UL2TP_LIMIT_MEMORY_KIB]  = { "memory_kib",  ATTRIBUTE_U32 },
	[UL2TP_LIMIT_REQUESTS]    = { "requests",    ATTRIBUTE_U32 },
	[UL2TP_LIMIT_SUBSCRIBERS] = { "subscribers", ATTRIBUTE_U32 },
};

#define L2TP_TUNNEL_CREATE_ATTRIBUTES                                                              \
	(BIT(L2TP_ATTR_CONN_ID) | BIT(L2TP_ATTR_PEER_CONN_ID) | BIT(L2TP_ATTR_PROTO_VERSION) |     \
	 BIT(L2TP_ATTR_ENCAP_TYPE) | BIT(L2TP_ATTR_FD) |                                           \
	 BIT(L2TP_ATTR_IP_SADDR) | BIT(L2TP_ATTR_IP_DADDR) |                                       \
	 BIT(L2TP_ATTR_IP6_SADDR) | BIT(L2TP_ATTR_IP6_DADDR) |                                     \
	 BIT(L2TP_ATTR_UDP_SPORT) | BIT(L2TP_ATTR_UDP_DPORT) | BIT(L2TP_ATTR_UDP_CSUM) |           \
	 BIT(L2TP_ATTR_UDP_ZERO_CSUM6_TX) | BIT(L2TP_ATTR_UDP_ZERO_CSUM6_RX))

#define L2TP_SESSION_CREATE_ATTRIBUTES                                                             \
	(BIT(L2TP_ATTR_CONN_ID) | BIT(L2TP_ATTR_SESSION_ID) | BIT(L2TP_ATTR_PEER_SESSION_ID) |     \
	 BIT(L2TP_ATTR_PW_TYPE) | BIT(L2TP_ATTR_L2SPEC_TYPE) |                                     \
	 BIT(L2TP_ATTR_COOKIE) | BIT(L2TP_ATTR_PEER_COOKIE) | BIT(L2TP_ATTR_IFNAME) |              \
	 BIT(L2TP_ATTR_RECV_SEQ) | BIT(L2TP_ATTR_SEND_SEQ) | BIT(L2TP_ATTR_LNS_MODE) |             \
	 BIT(L2TP_ATTR_RECV_TIMEOUT))

#define L2TP_SESSION_SELECT_ATTRIBUTES                                                             \
	(BIT(L2TP_ATTR_CONN_ID) | BIT(L2TP_ATTR_SESSION_ID) | BIT(L2TP_ATTR_IFNAME))

#define UL2TP_TUNNEL_OPTIONS                                                                       \
	(BIT(UL2TP_ATTR_LABEL) | BIT(UL2TP_ATTR_DEVICE) | BIT(UL2TP_ATTR_MARK) |                   \
	 BIT(UL2TP_ATTR_TOS) | BIT(UL2TP_ATTR_TTL) | BIT(UL2TP_ATTR_PEER_CHECK))

/* Which attributes a request can have; the required one is allowed too. */
static const struct request_rule {
	uint16_t required; /* 0: none */
	uint64_t allowed;
	uint64_t l2tp; /* allowed in UL2TP_ATTR_L2TP */
} rules[] = {
	[UL2TP_CMD_STATUS_GET]     = { 0 },
	[UL2TP_CMD_SOCKET_SET]     = { 0, BIT(UL2TP_ATTR_CAP_ACK) | BIT(UL2TP_ATTR_EXT_ACK) |
	                                  BIT(UL2TP_ATTR_DROP_RIGHTS) | BIT(UL2TP_ATTR_KEEP_RIGHTS) |
	                                  BIT(UL2TP_ATTR_STOP_AT_REFUSAL) | BIT(UL2TP_ATTR_TOKEN) },
	[UL2TP_CMD_SUBSCRIBE]      = { UL2TP_ATTR_GROUP },
	[UL2TP_CMD_UNSUBSCRIBE]    = { UL2TP_ATTR_GROUP },
	[UL2TP_CMD_TUNNEL_CREATE]  = { UL2TP_ATTR_L2TP, UL2TP_TUNNEL_OPTIONS, L2TP_TUNNEL_CREATE_ATTRIBUTES },
	[UL2TP_CMD_TUNNEL_SET]     = { UL2TP_ATTR_L2TP, BIT(UL2TP_ATTR_LABEL) | BIT(UL2TP_ATTR_PEER_CHECK),
	                               BIT(L2TP_ATTR_CONN_ID) },
	[UL2TP_CMD_TUNNEL_GET]     = { UL2TP_ATTR_L2TP, 0, BIT(L2TP_ATTR_CONN_ID) },
	[UL2TP_CMD_SESSION_CREATE] = { UL2TP_ATTR_L2TP, BIT(UL2TP_ATTR_LABEL), L2TP_SESSION_CREATE_ATTRIBUTES },
	[UL2TP_CMD_SESSION_SET]    = { UL2TP_ATTR_L2TP, BIT(UL2TP_ATTR_LABEL), L2TP_SESSION_SELECT_ATTRIBUTES },
	[UL2TP_CMD_SESSION_GET]    = { UL2TP_ATTR_L2TP, 0, L2TP_SESSION_SELECT_ATTRIBUTES },
	[UL2TP_CMD_LIMITS_SET]     = { UL2TP_ATTR_LIMITS },
	[UL2TP_CMD_V2_TUNNEL_GET]  = { 0 },
	[UL2TP_CMD_V2_SESSION_GET] = { 0 },
	[UL2TP_CMD_IPSOCKET_OPEN]  = { UL2TP_ATTR_FAMILY, BIT(UL2TP_ATTR_PORT) | BIT(UL2TP_ATTR_SOCKET_COOKIE) },
	[UL2TP_CMD_IPSOCKET_BIND]  = { UL2TP_ATTR_NAME },
	[UL2TP_CMD_IPSOCKET_CONNECT] = { UL2TP_ATTR_NAME },
	[UL2TP_CMD_IPSOCKET_SEND]  = { UL2TP_ATTR_DATA, BIT(UL2TP_ATTR_NAME) | BIT(UL2TP_ATTR_CONTROL) |
	                               BIT(UL2TP_ATTR_MSG_FLAGS) },
	[UL2TP_CMD_IPSOCKET_OPTION_SET] = { UL2TP_ATTR_OPTION, BIT(UL2TP_ATTR_OPTION_LEVEL) |
	                                    BIT(UL2TP_ATTR_OPTION_VALUE) },
	[UL2TP_CMD_IPSOCKET_GET]   = { 0 },
	[UL2TP_CMD_TRACE]          = { UL2TP_ATTR_TRACE_EVENTS },
	[UL2TP_CMD_SOCKET_CHANGED] = { 0 },
	[UL2TP_CMD_PPP_OPEN]       = { UL2TP_ATTR_PPP_KIND, BIT(UL2TP_ATTR_PPP_EMPTY_READS) |
	                                                  BIT(UL2TP_ATTR_PPP_OWN_DEVICE) },
	[UL2TP_CMD_PPP_CLOSE]      = { UL2TP_ATTR_PPP_HANDLE },
	[UL2TP_CMD_PPP_CONNECT]    = { UL2TP_ATTR_PPP_HANDLE, BIT(UL2TP_ATTR_NAME) | BIT(UL2TP_ATTR_PPP_PID) },
	[UL2TP_CMD_PPP_IOCTL]      = { UL2TP_ATTR_PPP_HANDLE, BIT(UL2TP_ATTR_PPP_IOCTL) | BIT(UL2TP_ATTR_DATA) },
	[UL2TP_CMD_PPP_OPTION_SET] = { UL2TP_ATTR_PPP_HANDLE, BIT(UL2TP_ATTR_OPTION) | BIT(UL2TP_ATTR_OPTION_VALUE) },
	[UL2TP_CMD_PPP_OPTION_GET] = { UL2TP_ATTR_PPP_HANDLE, BIT(UL2TP_ATTR_OPTION) },
	[UL2TP_CMD_PPP_GET]        = { UL2TP_ATTR_PPP_HANDLE },
	[UL2TP_CMD_UNIT_ADDRESS_ADD]    = { UL2TP_ATTR_UNIT_PREFIX, BIT(UL2TP_ATTR_PPP_HANDLE) | BIT(UL2TP_ATTR_PPP_UNIT) },
	[UL2TP_CMD_UNIT_ADDRESS_REMOVE] = { UL2TP_ATTR_UNIT_PREFIX, BIT(UL2TP_ATTR_PPP_HANDLE) | BIT(UL2TP_ATTR_PPP_UNIT) },
	[UL2TP_CMD_UNIT_POLICE]    = { 0, BIT(UL2TP_ATTR_PPP_HANDLE) | BIT(UL2TP_ATTR_PPP_UNIT) |
	                                  BIT(UL2TP_ATTR_UNIT_RX_RATE) | BIT(UL2TP_ATTR_UNIT_RX_BURST) |
	                                  BIT(UL2TP_ATTR_UNIT_TX_RATE) | BIT(UL2TP_ATTR_UNIT_TX_BURST) },
	[UL2TP_CMD_UNIT_GET]       = { 0, BIT(UL2TP_ATTR_PPP_HANDLE) | BIT(UL2TP_ATTR_PPP_UNIT) },
	[UL2TP_CMD_PPP_CHANNEL_GET] = { 0 },
	[UL2TP_CMD_DEVICE_GET]     = { UL2TP_ATTR_DEVICE_INDEX },
	[UL2TP_CMD_UPGRADE]        = { 0 },
};
/* clang-format on */

static_assert(ARRAY_SIZE(ul2tp_commands) == UL2TP_CMD_MAX_PLUS_1 - 1, "each command has a row");
static_assert(ARRAY_SIZE(rules) == UL2TP_CMD_MAX_PLUS_1, "each command has a rule");
static_assert(ARRAY_SIZE(ul2tp_rows) == UL2TP_ATTR_MAX_PLUS_1, "each attribute has a row");
static_assert(ARRAY_SIZE(limit_rows) == UL2TP_LIMIT_MAX_PLUS_1, "each limit has a row");

const struct policy ul2tp_policy = { ul2tp_rows, ARRAY_SIZE(ul2tp_rows) };
const struct policy ul2tp_limit_policy = { limit_rows, ARRAY_SIZE(limit_rows) };

const struct genl_family ul2tp_family = {
	.name = UL2TP_GENL_NAME,
	.id = UL2TP_FAMILY_ID,
	.version = UL2TP_GENL_VERSION,
	.policy = &ul2tp_policy,
	.mode = POLICY_STRICT,
	.commands = ul2tp_commands,
	.command_count = ARRAY_SIZE(ul2tp_commands),
	.checked_from = 0,
};

/* The number of an attribute that is present and not allowed; 0: there is none. */
static uint16_t attribute_not_allowed(const struct attributes *a, uint64_t allowed)
{
	for (uint16_t n = 1; n < a->policy->count; n++)
		if (attributes_has(a, n) && !(allowed & BIT(n)))
			return n;
	return 0;
}

static int nest_read(const struct attributes *top, uint16_t number, const struct policy *policy,
                     struct attributes *ret, struct extack *ea)
{
	return policy_parse(policy, POLICY_STRICT, attributes_value(top, number), top->message, ret,
	                    ea);
}

int ul2tp_request_read(const struct nl_message *m, const struct genl_command *command,
                       struct reader octets, struct ul2tp_request *ret, struct extack *ea)
{
	const struct request_rule *rule = &rules[command->number];
	uint64_t allowed = rule->allowed | (rule->required ? BIT(rule->required) : 0);
	uint16_t stranger;
	int err;

	ret->l2tp = attributes_none(&l2tp_policy, m->start);
	ret->limits = attributes_none(&ul2tp_limit_policy, m->start);
	err = policy_parse(&ul2tp_policy, POLICY_STRICT, octets, m->start, &ret->top, ea);
	if (err < 0)
		return err;

	stranger = attribute_not_allowed(&ret->top, allowed);
	if (stranger)
		return extack_fail(ea, -EINVAL, UL2TP_BLAME(stranger), "%s means nothing to %s",
		                   ul2tp_rows[stranger].name, command->name);
	if (rule->required && !attributes_has(&ret->top, rule->required))
		return extack_fail(ea, -EINVAL, 0, "%s is missing",
		                   ul2tp_rows[rule->required].name);

	err = nest_read(&ret->top, UL2TP_ATTR_L2TP, &l2tp_policy, &ret->l2tp, ea);
	if (err < 0)
		return err;
	stranger = attribute_not_allowed(&ret->l2tp, rule->l2tp);
	if (stranger)
		return extack_fail(ea, -EINVAL, stranger, "%s means nothing to %s",
		                   l2tp_policy.rows[stranger].name, command->name);
	return nest_read(&ret->top, UL2TP_ATTR_LIMITS, &ul2tp_limit_policy, &ret->limits, ea);
}

struct nl_fault ul2tp_request_fault(const struct ul2tp_request *r, const struct extack *ea)
{
	struct nl_fault fault = { 0 };

	if (r->top.fault.offset)
		return r->top.fault;
	if (r->l2tp.fault.offset)
		return r->l2tp.fault;
	if (r->limits.fault.offset)
		return r->limits.fault;
	if (ea->attribute & UL2TP_BLAME(0))
		fault.offset = attributes_offset(&r->top, ea->attribute & UINT8_MAX);
	else
		fault.offset = attributes_offset(&r->l2tp, ea->attribute);
	return fault;
}

size_t ul2tp_message_begin(struct writer *w, const struct nl_header *header,
                           enum ul2tp_command command)
{
	return genl_message_begin(w, header, (uint8_t)command, UL2TP_GENL_VERSION);
}
