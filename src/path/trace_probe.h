/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_probe.h - trace events as probes in the program's file, for bpftrace, perf and systemtap
 *
 * A probe is a place in the program and a counter ("semaphore") beside it, which whoever attaches raises: so we
 * know whether anybody listens. Built without <sys/sdt.h> there are none.
 */
#ifndef UL2TP_PATH_TRACE_PROBE_H
#define UL2TP_PATH_TRACE_PROBE_H

#include "config.h"
#include "netlink/ul2tp_trace.h"

/** trace_probe() - the probe of this event; the name is "tunl 1" or "sess 1/2" */
void trace_probe(const struct trace_event *e, const char *name);

#ifdef HAVE_SYS_SDT_H

/* clang-format off */
#define TRACE_PROBES(X)                                                                            \
	X(REGISTER_TUNNEL,               register_tunnel)                                          \
	X(DELETE_TUNNEL,                 delete_tunnel)                                            \
	X(FREE_TUNNEL,                   free_tunnel)                                              \
	X(REGISTER_SESSION,              register_session)                                         \
	X(DELETE_SESSION,                delete_session)                                           \
	X(FREE_SESSION,                  free_session)                                             \
	X(SESSION_SEQNUM_LNS_ENABLE,     session_seqnum_lns_enable)                                \
	X(SESSION_SEQNUM_LNS_DISABLE,    session_seqnum_lns_disable)                               \
	X(SESSION_SEQNUM_UPDATE,         session_seqnum_update)                                    \
	X(SESSION_SEQNUM_RESET,          session_seqnum_reset)                                     \
	X(SESSION_PKT_EXPIRED,           session_pkt_expired)                                      \
	X(SESSION_PKT_OUTSIDE_RX_WINDOW, session_pkt_outside_rx_window)                            \
	X(SESSION_PKT_OOS,               session_pkt_oos)
/* clang-format on */

#define TRACE_SEMAPHORE_DECLARE(event, name)                                                       \
	extern volatile unsigned short ul2tp_##name##_semaphore;
TRACE_PROBES(TRACE_SEMAPHORE_DECLARE)

/* The switch is gone when the compiler has seen which event it is. */
static inline __attribute__((always_inline)) unsigned int trace_probed(enum ul2tp_trace_event event)
{
#define TRACE_SEMAPHORE_READ(event, name)                                                          \
	case UL2TP_TRACE_##event:                                                                  \
		return ul2tp_##name##_semaphore;
	switch (event) {
		TRACE_PROBES(TRACE_SEMAPHORE_READ)
	default:
		return 0;
	}
}

#else

static inline unsigned int trace_probed(enum ul2tp_trace_event event)
{
	return 0;
}

#endif

#endif
