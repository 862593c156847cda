/* SPDX-License-Identifier: BSD-2-Clause */
/* supervisor.h - the process that answers trapped calls
 *
 * Calls are received by threads, of which one is always idle: a call that takes long delays no other.
 */
#ifndef UL2TP_LAUNCHER_SUPERVISOR_H
#define UL2TP_LAUNCHER_SUPERVISOR_H

#include "launcher/launcher.h"

/**
 * supervisor_run() - be the supervisor, until no process is behind the filter any more
 * @pair: the first one tells over it that it is ready (guardian.h) and gets its listener from the guardian;
 *        -1: a later one, which takes up what the estate says
 */
_Noreturn void supervisor_run(struct launcher *l, int pair);

/** supervisor_program_ended() - the process that was `ul2tp run` has ended: others may go on for days without
 * its terminal or pipe, so lines go to syslog(3) from now on. Of the guardian, too */
void supervisor_program_ended(struct launcher *l);

#endif
