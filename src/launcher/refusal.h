/* SPDX-License-Identifier: BSD-2-Clause */
/* refusal.h - what can not be given to a program under the launcher: it gets the errno of a kernel without the
 * feature, and whoever started it one line that says why
 */
#ifndef UL2TP_LAUNCHER_REFUSAL_H
#define UL2TP_LAUNCHER_REFUSAL_H

#include "launcher/trap.h"

/** refusal_io_uring() - io_uring_setup(): requests of a ring are not seen by a filter */
void refusal_io_uring(struct trap *t);

/** refusal_listener() - seccomp() for a listener of the program's own: a process has only one */
void refusal_listener(struct trap *t);

/** refusal_sendfile(), refusal_splice() - to a stand-in: nobody would see what is sent */
void refusal_sendfile(struct trap *t);
void refusal_splice(struct trap *t);

/** refusal_foreign() - a call of a 32-bit program. @opens: it is socket(), and one that would have to be ours */
void refusal_foreign(struct trap *t, bool opens);

/** refusal_socketcall() - the same of socketcall(), whose arguments are in memory */
void refusal_socketcall(struct trap *t);

#endif
