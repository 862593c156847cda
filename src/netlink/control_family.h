/* SPDX-License-Identifier: BSD-2-Clause */
/* control_family.h - nlctrl, the family that tells the numbers of families (NL-1, NL-2, NL-3)
 *
 * Server: for a request of type GENL_ID_CTRL genl_request_read(&control_family, ...), then
 * policy_parse(&control_policy, control_family.mode, ...), which unlike in the l2tp family comes before
 * dumps too; then for a dump control_answer_put() of each family with NLM_F_MULTI and nl_done_put(),
 * otherwise control_find() and control_answer_put() with flags 0. Client: control_request_put(), control_answer_read().
 */
#ifndef UL2TP_NETLINK_CONTROL_FAMILY_H
#define UL2TP_NETLINK_CONTROL_FAMILY_H

#include <linux/genetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/extack.h"
#include "netlink/family.h"
#include "netlink/message.h"
#include "netlink/policy.h"

extern const struct genl_family control_family;
extern const struct policy control_policy;

/**
 * control_find() - which family a CTRL_CMD_GETFAMILY asks for
 * @families: all families of the server, nlctrl included
 *
 * By CTRL_ATTR_FAMILY_ID or CTRL_ATTR_FAMILY_NAME; if both are present the name decides.
 *
 * Return: 0; -EINVAL neither is present; -ENOENT no such family; with words.
 */
int control_find(const struct attributes *a, const struct genl_family *const *families,
                 size_t count, const struct genl_family **ret, struct extack *ea);

/**
 * control_answer_put() - write a CTRL_CMD_NEWFAMILY message that describes @family
 * @flags: 0, or NLM_F_MULTI in a dump
 *
 * Return: whether it fitted.
 */
bool control_answer_put(struct writer *w, const struct nl_message *request, uint16_t flags,
                        const struct genl_family *family);

/** control_request_put() - write a CTRL_CMD_GETFAMILY by name; false if it did not fit */
bool control_request_put(struct writer *w, const char *name, uint32_t sequence);

#define CONTROL_GROUPS_MAX 8

/* A family as nlctrl described it. */
struct control_answer {
	char name[GENL_NAMSIZ];
	uint16_t id;
	uint32_t version;
	uint32_t attribute_max;
	size_t group_count; /* at most CONTROL_GROUPS_MAX; more are left out */
	struct {
		char name[GENL_NAMSIZ];
		uint32_t id;
	} groups[CONTROL_GROUPS_MAX];
};

/**
 * control_answer_read() - read a CTRL_CMD_NEWFAMILY message (type GENL_ID_CTRL)
 *
 * Return: 0; -EBADMSG it is another command or malformed, or has no name or id.
 */
int control_answer_read(const struct nl_message *m, struct control_answer *ret);

/** control_answer_group() - id of the multicast group @name, 0 if it has none */
uint32_t control_answer_group(const struct control_answer *a, const char *name);

#endif
