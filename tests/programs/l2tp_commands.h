/* SPDX-License-Identifier: BSD-2-Clause */
/* l2tp_commands.h - commands of conversation.h that are requests and nothing more */
#ifndef L2TP_COMMANDS_H
#define L2TP_COMMANDS_H

#include "conversation.h"
#include "l2tp_requests.h"

/** l2tp_commands - get, modify, list, storm, delete-session, delete-tunnel; the last row is empty */
extern const struct verb l2tp_commands[];

/** l2tp_commands_by() - the connection by which they ask from now on */
void l2tp_commands_by(struct l2tp *connection);

/** number() - a word as a number */
uint32_t number(const char *word);

#endif
