/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptor_call.h - dup and its like on a stand-in: the copy gets a number that is trapped, too */
#ifndef UL2TP_LAUNCHER_DESCRIPTOR_CALL_H
#define UL2TP_LAUNCHER_DESCRIPTOR_CALL_H

#include "launcher/trap.h"

void descriptor_call_dup(struct trap *t);

/** descriptor_call_fcntl() - F_DUPFD, F_DUPFD_CLOEXEC */
void descriptor_call_fcntl(struct trap *t);

/** descriptor_call_dup_to() - dup2, dup3: the program chooses the number */
void descriptor_call_dup_to(struct trap *t);

#endif
