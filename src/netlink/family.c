/* SPDX-License-Identifier: BSD-2-Clause */
/* family.c - see family.h */
#include "netlink/family.h"

#include <errno.h>

static const struct genl_command *command_find(const struct genl_family *family, uint8_t number)
{
	for (size_t i = 0; i < family->command_count; i++)
		if (family->commands[i].number == number)
			return &family->commands[i];
	return NULL;
}

/* Commands that are younger than this check have it, and so those that do not exist; the words are the
 * kernel's. */
static int header_check(const struct nl_message *m, bool dump, struct extack *ea)
{
	struct reader payload = m->payload;
	uint16_t allowed = NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO | (dump ? NLM_F_DUMP : 0);

	read_skip(&payload, 2); /* command, version */
	if (read_u16_host(&payload))
		return extack_fail(ea, -EINVAL, 0, "genlmsghdr.reserved field is not 0");
	if (m->flags & ~allowed)
		return extack_fail(ea, -EINVAL, 0, "ambiguous or reserved bits set in nlmsg_flags");
	return 0;
}

int genl_request_read(const struct genl_family *family, const struct nl_message *m,
                      struct genl_request *ret, struct extack *ea)
{
	struct genl_request request = { .dump = nl_message_is_dump(m) };
	const char *hint =
		family->mode == POLICY_STRICT ? ": who asks may be newer than this ul2tpd" : "";
	uint8_t number;
	int err = genl_header_read(m, &number, &request.attributes);

	if (err < 0)
		return extack_fail(ea, err, 0,
		                   "the message is too short for a generic netlink header");

	if (number >= family->checked_from) {
		err = header_check(m, request.dump, ea);
		if (err < 0)
			return err;
	}
	request.command = command_find(family, number);
	if (!request.command)
		return extack_fail(ea, -EOPNOTSUPP, 0, "family %s has no command %u%s",
		                   family->name, number, hint);
	if (request.dump && !request.command->has_dump)
		return extack_fail(ea, -EOPNOTSUPP, 0, "%s can not be dumped",
		                   request.command->name);
	if (!request.dump && !request.command->has_do)
		return extack_fail(ea, -EOPNOTSUPP, 0, "%s can only be dumped",
		                   request.command->name);
	*ret = request;
	return 0;
}

uint32_t genl_command_flags(const struct genl_command *command)
{
	return GENL_CMD_CAP_HASPOL | (command->has_do ? GENL_CMD_CAP_DO : 0) |
	       (command->has_dump ? GENL_CMD_CAP_DUMP : 0) |
	       (command->privilege == GENL_ANYONE ? 0 : GENL_UNS_ADMIN_PERM);
}
