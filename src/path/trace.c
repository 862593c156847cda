/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.c - see trace.h */
#include "path/trace.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/monotonic.h"
#include "wire/data_header.h"

void trace_name(struct trace *t, uint32_t pid, const char *process)
{
	t->pid = pid;
	snprintf(t->process, sizeof(t->process), "%s", process);
}

static void open_letter(struct letter *letter)
{
	atomic_store(&container_of(letter, struct trace, letter)->rung, false);
}

/* The reader reads behind each letter; so one that has not been opened is enough. */
static void ring_bell(struct trace *t)
{
	if (atomic_exchange(&t->rung, true))
		return;
	t->letter.open = open_letter;
	mailbox_post(t->reader, &t->letter);
}

static void put_probe(const struct trace_event *e)
{
	char name[32];

	if (trace_event_kind(e->event) <= TRACE_TUNNEL)
		snprintf(name, sizeof(name), "tunl %" PRIu32, e->tunnel);
	else
		snprintf(name, sizeof(name), "sess %" PRIu32 "/%" PRIu32, e->tunnel, e->session);
	trace_probe(e, name);
}

static void put(struct trace *t, const _Atomic uint64_t *events, const struct tunnel_record *tunnel,
                struct trace_event *e)
{
	struct trace_entry entry = { .netns = tunnel->netns };

	if (trace_probed(e->event))
		put_probe(e);
	if (!(atomic_load_explicit(events, memory_order_acquire) >> e->event & 1))
		return;
	e->time_ns = monotonic_ns();
	e->cpu = (uint32_t)sched_getcpu();
	e->pid = t->pid;
	memcpy(e->process, t->process, sizeof(e->process));
	entry.event = *e;
	trace_ring_put(&t->ring, &entry);
	ring_bell(t);
}

static struct trace_event of_tunnel(enum ul2tp_trace_event event,
                                    const struct tunnel_record *tunnel)
{
	return (struct trace_event){
		.event = (uint8_t)event,
		.tunnel = tunnel->conn_id,
		.peer_tunnel = tunnel->peer_conn_id,
		.version = tunnel->version,
		.encap = tunnel->encap,
		.fd = tunnel->fd,
	};
}

static struct trace_event of_session(enum ul2tp_trace_event event,
                                     const struct tunnel_record *tunnel,
                                     const struct session_record *session)
{
	struct trace_event e = of_tunnel(event, tunnel);

	e.session = session->session_id;
	e.peer_session = session->peer_session_id;
	e.pw_type = session->pw_type;
	return e;
}

void trace_tunnel(struct trace *t, const _Atomic uint64_t *events, enum ul2tp_trace_event event,
                  const struct tunnel_record *tunnel)
{
	struct trace_event e = of_tunnel(event, tunnel);

	put(t, events, tunnel, &e);
}

void trace_session(struct trace *t, const _Atomic uint64_t *events, enum ul2tp_trace_event event,
                   const struct tunnel_record *tunnel, const struct session_record *session)
{
	struct trace_event e = of_session(event, tunnel, session);

	put(t, events, tunnel, &e);
}

void trace_sequence(struct trace *t, const _Atomic uint64_t *events, enum ul2tp_trace_event event,
                    const struct tunnel_record *tunnel, const struct session_record *session,
                    uint32_t nr)
{
	struct trace_event e = of_session(event, tunnel, session);
	uint32_t max = data_ns_max(tunnel->version);

	e.ns = atomic_load_explicit(&session->tx.ns, memory_order_relaxed) & max;
	e.nr = nr & max;
	put(t, events, tunnel, &e);
}

void trace_packet(struct trace *t, const _Atomic uint64_t *events, enum ul2tp_trace_event event,
                  const struct tunnel_record *tunnel, const struct session_record *session,
                  uint32_t packet_ns, uint32_t nr, uint32_t queue_len)
{
	struct trace_event e = of_session(event, tunnel, session);

	e.ns = packet_ns;
	e.nr = nr;
	e.queue_len = queue_len;
	put(t, events, tunnel, &e);
}
