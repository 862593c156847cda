/* SPDX-License-Identifier: BSD-2-Clause */
/* control_family.c - see control_family.h */
#include "netlink/control_family.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "netlink/attribute.h"

#define CONTROL_VERSION 2

/* clang-format off */
static const struct genl_command control_commands[] = {
	{ CTRL_CMD_GETFAMILY, "GETFAMILY", true, true, GENL_ANYONE },
};

static const struct policy_row control_rows[] = {
	[CTRL_ATTR_FAMILY_ID]   = { "family id",   ATTRIBUTE_U16 },
	[CTRL_ATTR_FAMILY_NAME] = { "family name", ATTRIBUTE_STRING, .max = GENL_NAMSIZ - 1 },
};

/* Of an answer, of which the kernel's may have more. */
static const struct policy_row answer_rows[] = {
	[CTRL_ATTR_FAMILY_ID]    = { "family id",   ATTRIBUTE_U16 },
	[CTRL_ATTR_FAMILY_NAME]  = { "family name", ATTRIBUTE_STRING, .max = GENL_NAMSIZ - 1 },
	[CTRL_ATTR_VERSION]      = { "version",     ATTRIBUTE_U32 },
	[CTRL_ATTR_HDRSIZE]      = { "header size", ATTRIBUTE_U32 },
	[CTRL_ATTR_MAXATTR]      = { "attributes",  ATTRIBUTE_U32 },
	[CTRL_ATTR_OPS]          = { "commands",    ATTRIBUTE_NEST },
	[CTRL_ATTR_MCAST_GROUPS] = { "groups",      ATTRIBUTE_NEST },
};

static const struct policy_row group_rows[] = {
	[CTRL_ATTR_MCAST_GRP_NAME] = { "group name", ATTRIBUTE_STRING, .max = GENL_NAMSIZ - 1 },
	[CTRL_ATTR_MCAST_GRP_ID]   = { "group id",   ATTRIBUTE_U32 },
};
/* clang-format on */

static const struct policy answer_policy = { answer_rows, ARRAY_SIZE(answer_rows) };
static const struct policy group_policy = { group_rows, ARRAY_SIZE(group_rows) };

const struct policy control_policy = { control_rows, ARRAY_SIZE(control_rows) };

const struct genl_family control_family = {
	.name = "nlctrl",
	.id = GENL_ID_CTRL,
	.version = CONTROL_VERSION,
	.policy = &control_policy,
	.mode = POLICY_LIBERAL,
	.commands = control_commands,
	.command_count = ARRAY_SIZE(control_commands),
	.checked_from = CTRL_CMD_GETPOLICY + 1,
};

int control_find(const struct attributes *a, const struct genl_family *const *families,
                 size_t count, const struct genl_family **ret, struct extack *ea)
{
	bool by_name = attributes_has(a, CTRL_ATTR_FAMILY_NAME);
	const char *name = attributes_string(a, CTRL_ATTR_FAMILY_NAME);
	uint16_t id = attributes_u16(a, CTRL_ATTR_FAMILY_ID);

	if (!by_name && !attributes_has(a, CTRL_ATTR_FAMILY_ID))
		return extack_fail(ea, -EINVAL, 0,
		                   "neither the name nor the id of a family is given");

	for (size_t i = 0; i < count; i++)
		if (by_name ? !strcmp(families[i]->name, name) : families[i]->id == id) {
			*ret = families[i];
			return 0;
		}
	if (by_name)
		return extack_fail(ea, -ENOENT, CTRL_ATTR_FAMILY_NAME,
		                   "there is no such family here");
	return extack_fail(ea, -ENOENT, CTRL_ATTR_FAMILY_ID, "there is no family with id %u", id);
}

static void commands_put(struct writer *w, const struct genl_family *family)
{
	size_t list = attribute_nest_begin(w, CTRL_ATTR_OPS);

	for (size_t i = 0; i < family->command_count; i++) {
		const struct genl_command *command = &family->commands[i];
		size_t entry = attribute_nest_begin(w, (uint16_t)(i + 1));

		attribute_put_u32(w, CTRL_ATTR_OP_ID, command->number);
		attribute_put_u32(w, CTRL_ATTR_OP_FLAGS, genl_command_flags(command));
		attribute_nest_end(w, entry);
	}
	attribute_nest_end(w, list);
}

static void group_put(struct writer *w, const struct genl_family *family)
{
	size_t list = attribute_nest_begin(w, CTRL_ATTR_MCAST_GROUPS);
	size_t entry = attribute_nest_begin(w, 1);

	attribute_put_u32(w, CTRL_ATTR_MCAST_GRP_ID, family->group_id);
	attribute_put_string(w, CTRL_ATTR_MCAST_GRP_NAME, family->group);
	attribute_nest_end(w, entry);
	attribute_nest_end(w, list);
}

/* Of nlctrl itself the kernel tells none. */
static uint32_t attribute_max(const struct genl_family *family)
{
	return family == &control_family ? 0 : (uint32_t)(family->policy->count - 1);
}

bool control_answer_put(struct writer *w, const struct nl_message *request, uint16_t flags,
                        const struct genl_family *family)
{
	struct nl_header header = nl_answer_header(request, GENL_ID_CTRL, flags);
	size_t start = genl_message_begin(w, &header, CTRL_CMD_NEWFAMILY, CONTROL_VERSION);

	attribute_put_string(w, CTRL_ATTR_FAMILY_NAME, family->name);
	attribute_put_u16(w, CTRL_ATTR_FAMILY_ID, family->id);
	attribute_put_u32(w, CTRL_ATTR_VERSION, family->version);
	attribute_put_u32(w, CTRL_ATTR_HDRSIZE, 0);
	attribute_put_u32(w, CTRL_ATTR_MAXATTR, attribute_max(family));
	commands_put(w, family);
	if (family->group)
		group_put(w, family);
	return nl_message_end(w, start);
}

bool control_request_put(struct writer *w, const char *name, uint32_t sequence)
{
	struct nl_header header = { GENL_ID_CTRL, NLM_F_REQUEST, sequence, 0 };
	size_t start = genl_message_begin(w, &header, CTRL_CMD_GETFAMILY, CONTROL_VERSION);

	attribute_put_string(w, CTRL_ATTR_FAMILY_NAME, name);
	return nl_message_end(w, start);
}

static int groups_read(struct reader list, struct control_answer *answer)
{
	struct attribute entry;

	while (attribute_next(&list, &entry) && answer->group_count < CONTROL_GROUPS_MAX) {
		struct attributes a;

		if (policy_parse(&group_policy, POLICY_LIBERAL, entry.value, entry.start, &a,
		                 NULL) < 0)
			return -EBADMSG;
		strcpy(answer->groups[answer->group_count].name,
		       attributes_string(&a, CTRL_ATTR_MCAST_GRP_NAME));
		answer->groups[answer->group_count].id = attributes_u32(&a, CTRL_ATTR_MCAST_GRP_ID);
		answer->group_count++;
	}
	return 0;
}

int control_answer_read(const struct nl_message *m, struct control_answer *ret)
{
	struct control_answer answer = { 0 };
	struct attributes a;
	struct reader octets;
	uint8_t command;

	if (m->type != GENL_ID_CTRL || genl_header_read(m, &command, &octets) < 0 ||
	    command != CTRL_CMD_NEWFAMILY ||
	    policy_parse(&answer_policy, POLICY_LIBERAL, octets, m->start, &a, NULL) < 0 ||
	    !attributes_has(&a, CTRL_ATTR_FAMILY_NAME) ||
	    !attributes_has(&a, CTRL_ATTR_FAMILY_ID) ||
	    groups_read(attributes_value(&a, CTRL_ATTR_MCAST_GROUPS), &answer) < 0)
		return -EBADMSG;

	strcpy(answer.name, attributes_string(&a, CTRL_ATTR_FAMILY_NAME));
	answer.id = attributes_u16(&a, CTRL_ATTR_FAMILY_ID);
	answer.version = attributes_u32(&a, CTRL_ATTR_VERSION);
	answer.attribute_max = attributes_u32(&a, CTRL_ATTR_MAXATTR);
	*ret = answer;
	return 0;
}

uint32_t control_answer_group(const struct control_answer *a, const char *name)
{
	for (size_t i = 0; i < a->group_count; i++)
		if (!strcmp(a->groups[i].name, name))
			return a->groups[i].id;
	return 0;
}
