/* SPDX-License-Identifier: BSD-2-Clause */
/* privilege.h - which rights the two processes keep */
#ifndef UL2TP_KEEPER_PRIVILEGE_H
#define UL2TP_KEEPER_PRIVILEGE_H

/** privilege_keep_needed() - give up all capabilities but the keeper's; log which of those are lacking. Without
 * CAP_SYS_PTRACE, as in most containers, nothing is given up: see there. */
void privilege_keep_needed(void);

/** privilege_give_up() - become nobody, without capabilities and unable to gain any. Return: 0 or -errno. */
int privilege_give_up(void);

#endif
