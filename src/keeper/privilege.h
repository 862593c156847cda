/* SPDX-License-Identifier: BSD-2-Clause */
/* privilege.h - which rights the two processes keep */
#ifndef UL2TP_KEEPER_PRIVILEGE_H
#define UL2TP_KEEPER_PRIVILEGE_H

#include <stdbool.h>

/** privilege_keep_needed() - give up all capabilities but the keeper's; log which of those are lacking. Without
 * CAP_SYS_PTRACE, as in most containers, nothing is given up: see there. */
void privilege_keep_needed(void);

/** privilege_give_up() - become nobody, without capabilities and unable to gain any. Return: 0 or -errno. */
int privilege_give_up(void);

/**
 * privilege_bequeath() - whether what the process may do is kept over execve(), whoever's user it runs as
 *
 * Root's would be in any case. What is executed says false, too, and then keeps what it needs.
 */
void privilege_bequeath(bool kept);

#endif
