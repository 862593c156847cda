/* SPDX-License-Identifier: BSD-2-Clause */
/* guardian.h - the process that outlives a supervisor: starts it, and another in its place if it is killed
 *
 * It is nobody's child and in a session of its own, so neither the program's parent nor its terminal has
 * anything to do with it. It ends when the last process behind the filter has ended.
 */
#ifndef UL2TP_LAUNCHER_GUARDIAN_H
#define UL2TP_LAUNCHER_GUARDIAN_H

#include "launcher/launcher.h"

/* What the first supervisor tells the process that is to become the program. */
struct guardian_ready {
	pid_t guardian; /* its own number */
	int err;        /* 0, or negative errno */
	enum reply_way reply;
	char why[256];
};

/* Over the pair: guardian_ready; then the filter's listener comes, and one octet says that it is served. */

/**
 * guardian_run() - be the guardian
 * @l:    options, range, program and log are set
 * @pair, @program: to the process that is to become the program, and its pid
 */
_Noreturn void guardian_run(struct launcher *l, int pair, pid_t program);

#endif
