/* SPDX-License-Identifier: BSD-2-Clause */
/* send_call.h - sendto, sendmsg, sendmmsg, write, writev and pwritev2 on a stand-in
 *
 * The message is copied out of the program's memory, with the kernel's limits and errors, and given to
 * object_ops.send. On an ordinary descriptor the call goes on as if nothing had been.
 */
#ifndef UL2TP_LAUNCHER_SEND_CALL_H
#define UL2TP_LAUNCHER_SEND_CALL_H

#include "launcher/trap.h"

void send_call_sendto(struct trap *t);
void send_call_sendmsg(struct trap *t);
void send_call_sendmmsg(struct trap *t);
void send_call_write(struct trap *t);
void send_call_writev(struct trap *t);
void send_call_pwritev2(struct trap *t);

#endif
