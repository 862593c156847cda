/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_account.h - what was counted of a unit, and what it was told, as UL2TP_CMD_UNIT_GET says it; the API thread
 *
 * All of them outlive the engine, for they stand in the unit's record; those of packets that passed are exact: they are
 * what a session is charged for where an interface of its own would have counted.
 */
#ifndef UL2TP_PATH_UNIT_ACCOUNT_H
#define UL2TP_PATH_UNIT_ACCOUNT_H

#include "netlink/ul2tp_unit_message.h"
#include "path/unit.h"

/** unit_account() - of one that lives; the strings in @ret are constant */
void unit_account(const struct unit *u, struct ul2tp_unit_message *ret);

#endif
