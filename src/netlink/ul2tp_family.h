/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_family.h - the generic netlink family "ul2tp": commands, attributes, reading requests
 *
 * The family is described by include/ul2tp_netlink.h. Requests are validated strictly: beside what
 * POLICY_STRICT refuses, an attribute that means nothing to the command is -EINVAL, and so is a required
 * one that is missing (kernel-behaviour's order of checks inside UL2TP_ATTR_L2TP excepted: what is missing
 * there is said by tunnel_create_read() and its like).
 */
#ifndef UL2TP_NETLINK_UL2TP_FAMILY_H
#define UL2TP_NETLINK_UL2TP_FAMILY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "netlink/family.h"
#include "netlink/message.h"
#include "netlink/policy.h"
#include "ul2tp_netlink.h"

#define UL2TP_FAMILY_ID 0x21 /* in this ul2tpd; clients ask nlctrl */

#define UL2TP_FAST_PATH_MAX       39
#define UL2TP_FAST_PATH_WORDS_MAX 119
#define UL2TP_LABEL_MAX           63 /* octets without NUL */
#define UL2TP_DEVICES_MAX         64 /* interfaces that are asked for at once */

/* Of L2TP/IP sockets, in octets. */
#define UL2TP_IP_NAME_MAX    128 /* sizeof(struct sockaddr_storage) */
#define UL2TP_IP_OPTION_MAX  16  /* the longest option that matters is an interface's name */
#define UL2TP_IP_CONTROL_MAX 1024
#define UL2TP_IP_DATA_MAX    64000 /* what fits a request with all the rest */

extern const struct genl_family ul2tp_family;
extern const struct policy ul2tp_policy;       /* UL2TP_ATTR_*, of requests and answers */
extern const struct policy ul2tp_limit_policy; /* UL2TP_LIMIT_* */

/* struct extack.attribute holds numbers of L2TP_ATTR_*, whichever family the request came by; so that a
 * tunnel need not know. The ul2tp family's own are marked: */
#define UL2TP_BLAME(number) ((uint16_t)(0x100 | (number)))

/* A request, split into the tables of its nests; all borrow from the message. */
struct ul2tp_request {
	struct attributes top; /* UL2TP_ATTR_* */
	struct attributes
		l2tp; /* what is in UL2TP_ATTR_L2TP: for tunnel_create_read(), session_select_read() ... */
	struct attributes limits; /* what is in UL2TP_ATTR_LIMITS: for ul2tp_limits_read() */
};

/**
 * ul2tp_request_read() - check and split the attributes of a "do" request
 * @command: from genl_request_read(); its privilege has been checked
 * @octets:  genl_request.attributes
 * @ret:     always set, for ul2tp_request_fault()
 *
 * Return: 0; -EINVAL with words.
 */
int ul2tp_request_read(const struct nl_message *m, const struct genl_command *command,
                       struct reader octets, struct ul2tp_request *ret, struct extack *ea);

/** ul2tp_request_fault() - attributes_fault() over the request and its nests */
struct nl_fault ul2tp_request_fault(const struct ul2tp_request *r, const struct extack *ea);

/**
 * ul2tp_message_begin() - start an answer or a request of the family; nl_message_end() ends it
 * @header: type: the family's id. Flags of answers: 0, or NLM_F_MULTI in a dump
 */
size_t ul2tp_message_begin(struct writer *w, const struct nl_header *header,
                           enum ul2tp_command command);

#endif
