/* SPDX-License-Identifier: BSD-2-Clause */
/* refusal.c - why a request was refused, in words; see refusal.h
 *
 * The kernel's l2tp family answers with a bare errno (NL-22), which means something else for each
 * command. The table has what kernel-behaviour §1 knows about that.
 */
#include "client/refusal.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "netlink/attribute.h"
#include "netlink/l2tp_family.h"
#include "ul2tp_netlink.h"

#define ANY_COMMAND 255

struct refusal_words {
	uint8_t command;
	int error;
	const char *words;
};

/* clang-format off */
static const struct refusal_words l2tp_words[] = {
	{ L2TP_CMD_TUNNEL_CREATE,  -EEXIST,          "tunnel_id is taken: there is such a tunnel" },
	{ L2TP_CMD_TUNNEL_CREATE,  -EADDRINUSE,      "local address and udp_sport are in use: \"ss -anup\" shows by whom" },
	{ L2TP_CMD_TUNNEL_CREATE,  -EADDRNOTAVAIL,   "local is not an address of this host" },
	{ L2TP_CMD_TUNNEL_CREATE,  -ENETUNREACH,     "there is no route to remote" },
	{ L2TP_CMD_TUNNEL_CREATE,  -EHOSTUNREACH,    "there is no route to remote" },
	{ L2TP_CMD_TUNNEL_CREATE,  -EPROTONOSUPPORT, "encapsulation is not supported: is the module l2tp_ip or l2tp_ip6 there?" },
	{ L2TP_CMD_TUNNEL_DELETE,  -ENODEV,          "there is no such tunnel" },
	{ L2TP_CMD_TUNNEL_MODIFY,  -ENODEV,          "there is no such tunnel" },
	{ L2TP_CMD_TUNNEL_GET,     -ENODEV,          "there is no such tunnel" },
	{ L2TP_CMD_SESSION_CREATE, -ENODEV,          "there is no such tunnel" },
	{ L2TP_CMD_SESSION_CREATE, -EEXIST,          "session_id or name is taken" },
	{ L2TP_CMD_SESSION_CREATE, -EINVAL,          "a value is not valid; is name one of an interface?" },
	{ L2TP_CMD_SESSION_CREATE, -EPROTONOSUPPORT, "no such pseudowire on this tunnel: is it version 2, or is the module l2tp_eth missing?" },
	{ L2TP_CMD_SESSION_CREATE, -ENFILE,          "no interface name is free" },
	{ L2TP_CMD_SESSION_DELETE, -ENODEV,          "there is no such session" },
	{ L2TP_CMD_SESSION_MODIFY, -ENODEV,          "there is no such session" },
	{ L2TP_CMD_SESSION_GET,    -ENODEV,          "there is no such session" },
	{ ANY_COMMAND,             -EPERM,           "not permitted: needs CAP_NET_ADMIN over the network namespace" },
};

static const struct refusal_words ul2tp_words[] = {
	{ UL2TP_CMD_TUNNEL_CREATE,  -EEXIST, "tunnel_id is taken: there is such a tunnel" },
	{ UL2TP_CMD_TUNNEL_SET,     -ENODEV, "there is no such tunnel" },
	{ UL2TP_CMD_TUNNEL_GET,     -ENODEV, "there is no such tunnel" },
	{ UL2TP_CMD_SESSION_CREATE, -ENODEV, "there is no such tunnel" },
	{ UL2TP_CMD_SESSION_CREATE, -EEXIST, "session_id or name is taken" },
	{ UL2TP_CMD_SESSION_SET,    -ENODEV, "there is no such session" },
	{ UL2TP_CMD_SESSION_GET,    -ENODEV, "there is no such session" },
	{ UL2TP_CMD_LIMITS_SET,     -EPERM,  "not permitted: needs CAP_NET_ADMIN over the network namespace ul2tpd was started in" },
	{ ANY_COMMAND,              -EPERM,  "not permitted: needs CAP_NET_ADMIN over the network namespace" },
};

static const char *const ul2tp_names[] = {	/* the words of ul2tp(8) for UL2TP_ATTR_* */
	[UL2TP_ATTR_GROUP]       = "group",
	[UL2TP_ATTR_LABEL]       = "label",
	[UL2TP_ATTR_DEVICE]      = "dev",
	[UL2TP_ATTR_MARK]        = "fwmark",
	[UL2TP_ATTR_TOS]         = "tos",
	[UL2TP_ATTR_TTL]         = "ttl",
	[UL2TP_ATTR_PEER_CHECK]  = "peer_check",
};

static const char *const limit_names[] = {
	[UL2TP_LIMIT_TUNNELS]     = "tunnels",
	[UL2TP_LIMIT_SESSIONS]    = "sessions",
	[UL2TP_LIMIT_MEMORY_KIB]  = "memory_kib",
	[UL2TP_LIMIT_REQUESTS]    = "requests",
	[UL2TP_LIMIT_SUBSCRIBERS] = "subscribers",
};
/* clang-format on */

static const char *meaning(const struct refusal_words *rows, size_t count, uint8_t command,
                           int error)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].error == error &&
		    (rows[i].command == command || rows[i].command == ANY_COMMAND))
			return rows[i].words;
	return strerror(-error);
}

static const char *name_in(const char *const *names, size_t count, uint16_t type)
{
	return type < count && names[type] ? names[type] : "";
}

/* The attribute whose header is at @offset of the message. */
static bool attribute_at(struct reader attributes, const uint8_t *message, uint32_t offset,
                         struct attribute *ret)
{
	while (attribute_next(&attributes, ret))
		if ((size_t)(ret->start - message) <= offset &&
		    offset < (size_t)(ret->value.end - message))
			return true;
	return false;
}

static const char *l2tp_name(uint16_t type)
{
	const char *name = type < l2tp_policy.count ? l2tp_policy.rows[type].name : NULL;

	return name ? name : "";
}

static const char *argument_at(const struct request *r, uint32_t offset)
{
	const uint8_t *message = r->octets;
	size_t header = NLMSG_HDRLEN + GENL_HDRLEN;
	struct reader attributes =
		reader_over(message + header, write_len(&r->attributes) - header);
	struct attribute a;

	if (offset < header || !attribute_at(attributes, message, offset, &a))
		return "";
	if (r->family == FAMILY_L2TP)
		return l2tp_name(a.type);
	if (a.type == UL2TP_ATTR_L2TP && (size_t)(a.start - message) != offset)
		return attribute_at(a.value, message, offset, &a) ? l2tp_name(a.type) : "";
	if (a.type == UL2TP_ATTR_LIMITS && (size_t)(a.start - message) != offset)
		return attribute_at(a.value, message, offset, &a)
		               ? name_in(limit_names, ARRAY_SIZE(limit_names), a.type)
		               : "";
	return name_in(ul2tp_names, ARRAY_SIZE(ul2tp_names), a.type);
}

int request_refused(const struct request *r, const struct nl_error *refusal)
{
	const char *words = refusal->text;

	if (!*words)
		words = r->family == FAMILY_UL2TP ? meaning(ul2tp_words, ARRAY_SIZE(ul2tp_words),
		                                            r->command, refusal->error)
		                                  : meaning(l2tp_words, ARRAY_SIZE(l2tp_words),
		                                            r->command, refusal->error);
	return connection_fail(r->u, refusal->error, argument_at(r, refusal->offset), "%s", words);
}
