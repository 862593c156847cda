/* SPDX-License-Identifier: BSD-2-Clause */
/* tracing.h - the files of tracefs that switch trace events on, and the pipe they then come out of
 *
 * As with a kernel's, what is switched on is so for all, and events wait in the pipe for whoever reads. They are
 * those of the namespaces in which something was switched on, or the pipe opened; ul2tpd decides by the rights
 * of that program.
 *
 * A program writes "0" or "1" into one end of a pair of sockets; what was written is heeded before any other
 * trapped call is served.
 */
#ifndef UL2TP_LAUNCHER_TRACING_H
#define UL2TP_LAUNCHER_TRACING_H

#include <stdbool.h>
#include <sys/types.h>

#include "launcher/trap.h"

/** tracing_heed() - before any trapped call is served: what was written by then is in force for it */
void tracing_heed(struct launcher *l);

/** tracing_enabled() - whether any event is switched on */
bool tracing_enabled(struct launcher *l);

/* Of "enable" of an event; @event "": of all. Each returns a descriptor for the program, or a negative errno. */

/** tracing_state_open() - to be read: "0", "1", or "X" for some of all */
int tracing_state_open(const struct trap *t, const char *event, mode_t mode);

/** tracing_control_open() - to be written */
int tracing_control_open(const struct trap *t, const char *event);

/** tracing_pipe_open() - trace_pipe, in the namespace of the caller */
int tracing_pipe_open(const struct trap *t, bool nonblock);

#endif
