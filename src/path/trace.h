/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.h - events of the kernel's trace group "l2tp" (kernel-behaviour §8.3): where they happen
 *
 * Each is told in two ways: by a probe that debuggers find in the program (provider "ul2tp", systemtap's
 * format), and through a ring to the API thread, which sends it to clients. While nobody listens to either
 * an event costs the one test of trace_wanted().
 */
#ifndef UL2TP_PATH_TRACE_H
#define UL2TP_PATH_TRACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "keeper/records.h"
#include "loop/mailbox.h"
#include "path/trace_probe.h"
#include "path/trace_ring.h"

/* What one thread has for its events. */
struct trace {
	struct trace_ring ring;
	struct mailbox *reader; /* of the API thread; set while anybody listens */
	struct letter letter;
	_Atomic bool rung; /* the letter is on its way */
	uint32_t pid;
	char process[TRACE_PROCESS_MAX];
};

/** trace_wanted() - whether to make an event; @events: bits of those that clients of its namespace listen to */
static inline bool trace_wanted(const _Atomic uint64_t *events, enum ul2tp_trace_event event)
{
	uint64_t listening = atomic_load_explicit(events, memory_order_relaxed) >> event & 1;

	return __builtin_expect((listening | trace_probed(event)) != 0, 0);
}

/** trace_name() - who makes the events of @t from now on; @process is cut to what fits */
void trace_name(struct trace *t, uint32_t pid, const char *process);

/* After trace_wanted(), on the thread of @t. @events: as there. */

void trace_tunnel(struct trace *t, const _Atomic uint64_t *events, enum ul2tp_trace_event event,
                  const struct tunnel_record *tunnel);
void trace_session(struct trace *t, const _Atomic uint64_t *events, enum ul2tp_trace_event event,
                   const struct tunnel_record *tunnel, const struct session_record *session);

/** trace_sequence() - @nr: the number expected next; the one to send next is in the record */
void trace_sequence(struct trace *t, const _Atomic uint64_t *events, enum ul2tp_trace_event event,
                    const struct tunnel_record *tunnel, const struct session_record *session,
                    uint32_t nr);

/** trace_packet() - a packet that was not taken. @queue_len: packets that wait, it included if it did */
void trace_packet(struct trace *t, const _Atomic uint64_t *events, enum ul2tp_trace_event event,
                  const struct tunnel_record *tunnel, const struct session_record *session,
                  uint32_t packet_ns, uint32_t nr, uint32_t queue_len);

#endif
