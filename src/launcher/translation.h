/* SPDX-License-Identifier: BSD-2-Clause */
/* translation.h - l2tp's numbers: as programs know them and as ul2tpd does
 *
 * A generic netlink family has a number in each kernel, and programs learn it from nlctrl. ul2tpd has numbers of its
 * own, which could be another family's in the kernel that the program also talks to; so it is shown others, and they are
 * replaced in each message on its way, in place: a message keeps its length.
 *
 * Messages of programs are hostile, and every place is found by the bounded reader.
 */
#ifndef UL2TP_LAUNCHER_TRANSLATION_H
#define UL2TP_LAUNCHER_TRANSLATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink/message.h"

struct l2tp_numbers {
	uint16_t family; /* message type, CTRL_ATTR_FAMILY_ID */
	uint32_t group;  /* CTRL_ATTR_MCAST_GRP_ID */
};

/**
 * translate_request() - a message of the program to ul2tpd; type is the family's or GENL_ID_CTRL
 * @octets: the message, changed
 * @port:   of the program's socket: ul2tpd names it in answers and notifications
 */
void translate_request(void *octets, size_t len, const struct l2tp_numbers *from,
                       const struct l2tp_numbers *to, uint32_t port);

/**
 * translate_answer() - a message of ul2tpd to the program, changed in place
 * @request: what the message may quote: the program's own octets, which it is shown again; NULL
 */
void translate_answer(void *octets, size_t len, const struct l2tp_numbers *from,
                      const struct l2tp_numbers *to, const void *request, size_t request_len);

/* What a message to nlctrl is about. */
struct control_question {
	uint8_t command; /* CTRL_CMD_* */
	bool about_l2tp; /* its name or its number (the name decides, as in the kernel) */
};

/** control_question_read() - @family: l2tp's number for programs. False: no question to nlctrl */
bool control_question_read(const struct nl_message *m, uint16_t family,
                           struct control_question *ret);

/** control_message_names() - whether nlctrl describes the family @name in this message */
bool control_message_names(const struct nl_message *m, const char *name);

/** control_message_number() - the family's, in a message of nlctrl's; 0: there is none in it */
uint16_t control_message_number(const struct nl_message *m);

#endif
