/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_trace.h - trace events of the kernel's group "l2tp" (kernel-behaviour §8.3) in the ul2tp family
 *
 * The command TRACE: a request says which events a connection is sent; messages with an event, or with the
 * number of those that were lost, come with the same command.
 */
#ifndef UL2TP_NETLINK_UL2TP_TRACE_H
#define UL2TP_NETLINK_UL2TP_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "base/reader.h"
#include "base/writer.h"
#include "netlink/ul2tp_family.h"

#define TRACE_PROCESS_MAX 16 /* octets of a name, with NUL */

/* What an event of this kind tells beside the name of its tunnel or session. */
enum trace_kind {
	TRACE_TUNNEL_REGISTERED,
	TRACE_TUNNEL,
	TRACE_SESSION_REGISTERED,
	TRACE_SESSION,
	TRACE_SEQUENCE, /* ns, nr */
	TRACE_PACKET,   /* pkt_ns, my_nr, reorder_q_len */
};

struct trace_event {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	uint32_t pid, cpu;
	char process[TRACE_PROCESS_MAX];
	uint8_t event; /* enum ul2tp_trace_event */
	uint8_t version;
	uint16_t encap, pw_type;
	int32_t fd;
	uint32_t tunnel, peer_tunnel, session, peer_session;
	uint32_t ns, nr; /* of TRACE_PACKET: the packet's, and ours */
	uint32_t queue_len;
};

/** trace_event_name() - "register_tunnel"; NULL: there is none of this number */
const char *trace_event_name(unsigned int event);

/** trace_event_kind() - what it tells; @event exists */
enum trace_kind trace_event_kind(unsigned int event);

/** trace_events_all() - a bit for each event: 1 << enum ul2tp_trace_event */
uint64_t trace_events_all(void);

/** trace_request_put(), trace_request_read() - which events; -EINVAL with words: there is no such event */
void trace_request_put(struct writer *w, uint64_t events);
int trace_request_read(const struct ul2tp_request *r, uint64_t *ret, struct extack *ea);

/** trace_event_put() - attributes of a message with an event */
void trace_event_put(struct writer *w, const struct trace_event *e);

/** trace_lost_put() - attributes of a message that says how many were not sent */
void trace_lost_put(struct writer *w, uint64_t lost);

/**
 * trace_message_read() - either of the two
 * @lost: how many; 0: it is an event
 *
 * Return: 0; -EBADMSG malformed, or an event of a number that is not known here.
 */
int trace_message_read(struct reader octets, struct trace_event *ret, uint64_t *lost);

#endif
