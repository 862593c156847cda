/* SPDX-License-Identifier: BSD-2-Clause */
/* family.h - how a generic netlink family is described, and the checks all families share */
#ifndef UL2TP_NETLINK_FAMILY_H
#define UL2TP_NETLINK_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/extack.h"
#include "netlink/message.h"
#include "netlink/policy.h"

/* Who may ask for it. */
enum genl_privilege {
	GENL_ANYONE,
	GENL_ADMIN,        /* CAP_NET_ADMIN over the client's network namespace (NL-12) */
	GENL_DAEMON_ADMIN, /* CAP_NET_ADMIN over the namespace ul2tpd was started in */
};

struct genl_command {
	uint8_t number;
	const char *name; /* without the prefix of its enum: "TUNNEL_CREATE" */
	bool has_do;
	bool has_dump;
	enum genl_privilege privilege;
	bool dump_admin; /* a dump of it needs GENL_ADMIN, whatever the rest of it does */
};

struct genl_family {
	const char *name;
	uint16_t id; /* the message type; in the kernel's answers another, so clients ask nlctrl */
	uint32_t version; /* written into generic netlink's header, and told by nlctrl */
	const struct policy *policy;
	enum policy_mode mode;
	const struct genl_command *commands;
	size_t command_count;
	uint8_t checked_from; /* from this command on the header's flags and reserved field are checked */
	const char *group; /* its multicast group; NULL: none */
	uint32_t group_id;
};

struct genl_request {
	const struct genl_command *command;
	bool dump;
	struct reader attributes; /* not looked at yet; borrowed */
};

/**
 * genl_request_read() - the checks that come before privilege and attributes (NL-10)
 * @m: a message whose type is @family's id
 *
 * What is next, in this order: the privilege of ret->command (-EPERM); for a "do" request policy_parse()
 * of ret->attributes by the family's policy and mode. Attributes of a dump are not parsed (NL-23).
 *
 * Return: 0; -EINVAL shorter than generic netlink's header, or the header of a command from
 *	   family->checked_from on has flags or reserved octets that mean nothing; -EOPNOTSUPP no such
 *	   command, or not as a dump, or only as a dump.
 */
int genl_request_read(const struct genl_family *family, const struct nl_message *m,
                      struct genl_request *ret, struct extack *ea);

/** genl_command_flags() - what nlctrl says of the command: GENL_CMD_CAP_* and GENL_UNS_ADMIN_PERM (NL-3) */
uint32_t genl_command_flags(const struct genl_command *command);

#endif
