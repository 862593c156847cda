/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_trace.c - see ul2tp_trace.h */
#include "netlink/ul2tp_trace.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "netlink/attribute.h"
#include "netlink/policy.h"

/* clang-format off */
static const struct {
	const char *name;
	enum trace_kind kind;
} events[] = {
	[UL2TP_TRACE_REGISTER_TUNNEL]               = { "register_tunnel",               TRACE_TUNNEL_REGISTERED },
	[UL2TP_TRACE_DELETE_TUNNEL]                 = { "delete_tunnel",                 TRACE_TUNNEL },
	[UL2TP_TRACE_FREE_TUNNEL]                   = { "free_tunnel",                   TRACE_TUNNEL },
	[UL2TP_TRACE_REGISTER_SESSION]              = { "register_session",              TRACE_SESSION_REGISTERED },
	[UL2TP_TRACE_DELETE_SESSION]                = { "delete_session",                TRACE_SESSION },
	[UL2TP_TRACE_FREE_SESSION]                  = { "free_session",                  TRACE_SESSION },
	[UL2TP_TRACE_SESSION_SEQNUM_LNS_ENABLE]     = { "session_seqnum_lns_enable",     TRACE_SESSION },
	[UL2TP_TRACE_SESSION_SEQNUM_LNS_DISABLE]    = { "session_seqnum_lns_disable",    TRACE_SESSION },
	[UL2TP_TRACE_SESSION_SEQNUM_UPDATE]         = { "session_seqnum_update",         TRACE_SEQUENCE },
	[UL2TP_TRACE_SESSION_SEQNUM_RESET]          = { "session_seqnum_reset",          TRACE_SEQUENCE },
	[UL2TP_TRACE_SESSION_PKT_EXPIRED]           = { "session_pkt_expired",           TRACE_PACKET },
	[UL2TP_TRACE_SESSION_PKT_OUTSIDE_RX_WINDOW] = { "session_pkt_outside_rx_window", TRACE_PACKET },
	[UL2TP_TRACE_SESSION_PKT_OOS]               = { "session_pkt_oos",               TRACE_PACKET },
};

static const struct policy_row trace_rows[] = {
	[UL2TP_TRACE_ATTR_EVENT]        = { "event",        ATTRIBUTE_U8 },
	[UL2TP_TRACE_ATTR_TIME]         = { "time",         ATTRIBUTE_U64 },
	[UL2TP_TRACE_ATTR_PID]          = { "pid",          ATTRIBUTE_U32 },
	[UL2TP_TRACE_ATTR_CPU]          = { "cpu",          ATTRIBUTE_U32 },
	[UL2TP_TRACE_ATTR_PROCESS]      = { "process",      ATTRIBUTE_STRING, .max = TRACE_PROCESS_MAX - 1 },
	[UL2TP_TRACE_ATTR_TUNNEL]       = { "tunnel",       ATTRIBUTE_U32 },
	[UL2TP_TRACE_ATTR_PEER_TUNNEL]  = { "peer_tunnel",  ATTRIBUTE_U32 },
	[UL2TP_TRACE_ATTR_VERSION]      = { "version",      ATTRIBUTE_U8 },
	[UL2TP_TRACE_ATTR_ENCAP]        = { "encap",        ATTRIBUTE_U16 },
	[UL2TP_TRACE_ATTR_FD]           = { "fd",           ATTRIBUTE_U32 },
	[UL2TP_TRACE_ATTR_SESSION]      = { "session",      ATTRIBUTE_U32 },
	[UL2TP_TRACE_ATTR_PEER_SESSION] = { "peer_session", ATTRIBUTE_U32 },
	[UL2TP_TRACE_ATTR_PW_TYPE]      = { "pw_type",      ATTRIBUTE_U16 },
	[UL2TP_TRACE_ATTR_NS]           = { "ns",           ATTRIBUTE_U32 },
	[UL2TP_TRACE_ATTR_NR]           = { "nr",           ATTRIBUTE_U32 },
	[UL2TP_TRACE_ATTR_QUEUE_LEN]    = { "queue_len",    ATTRIBUTE_U32 },
};
/* clang-format on */
static_assert(ARRAY_SIZE(events) == UL2TP_TRACE_EVENTS, "each event has a row");
static_assert(ARRAY_SIZE(trace_rows) == UL2TP_TRACE_ATTR_MAX_PLUS_1, "each attribute has a row");

static const struct policy trace_policy = { trace_rows, ARRAY_SIZE(trace_rows) };

const char *trace_event_name(unsigned int event)
{
	return event < UL2TP_TRACE_EVENTS ? events[event].name : NULL;
}

enum trace_kind trace_event_kind(unsigned int event)
{
	assert(event < UL2TP_TRACE_EVENTS);
	return events[event].kind;
}

uint64_t trace_events_all(void)
{
	return (UINT64_C(1) << UL2TP_TRACE_EVENTS) - 1;
}

void trace_request_put(struct writer *w, uint64_t wanted)
{
	attribute_put_u64(w, UL2TP_ATTR_TRACE_EVENTS, wanted);
}

int trace_request_read(const struct ul2tp_request *r, uint64_t *ret, struct extack *ea)
{
	uint64_t wanted = attributes_u64(&r->top, UL2TP_ATTR_TRACE_EVENTS);

	if (wanted & ~trace_events_all())
		return extack_fail(ea, -EINVAL, UL2TP_BLAME(UL2TP_ATTR_TRACE_EVENTS),
		                   "trace_events has a bit beyond the last event, %s",
		                   events[UL2TP_TRACE_EVENTS - 1].name);
	*ret = wanted;
	return 0;
}

static void tunnel_put(struct writer *w, const struct trace_event *e)
{
	attribute_put_u32(w, UL2TP_TRACE_ATTR_PEER_TUNNEL, e->peer_tunnel);
	attribute_put_u8(w, UL2TP_TRACE_ATTR_VERSION, e->version);
	attribute_put_u16(w, UL2TP_TRACE_ATTR_ENCAP, e->encap);
	attribute_put_u32(w, UL2TP_TRACE_ATTR_FD, (uint32_t)e->fd);
}

static void session_put(struct writer *w, const struct trace_event *e)
{
	attribute_put_u32(w, UL2TP_TRACE_ATTR_PEER_TUNNEL, e->peer_tunnel);
	attribute_put_u32(w, UL2TP_TRACE_ATTR_PEER_SESSION, e->peer_session);
	attribute_put_u16(w, UL2TP_TRACE_ATTR_PW_TYPE, e->pw_type);
}

void trace_event_put(struct writer *w, const struct trace_event *e)
{
	enum trace_kind kind = trace_event_kind(e->event);
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_TRACE | NLA_F_NESTED);

	attribute_put_u8(w, UL2TP_TRACE_ATTR_EVENT, e->event);
	attribute_put_u64(w, UL2TP_TRACE_ATTR_TIME, e->time_ns);
	attribute_put_u32(w, UL2TP_TRACE_ATTR_PID, e->pid);
	attribute_put_u32(w, UL2TP_TRACE_ATTR_CPU, e->cpu);
	attribute_put_string(w, UL2TP_TRACE_ATTR_PROCESS, e->process);
	attribute_put_u32(w, UL2TP_TRACE_ATTR_TUNNEL, e->tunnel);
	if (kind != TRACE_TUNNEL_REGISTERED && kind != TRACE_TUNNEL)
		attribute_put_u32(w, UL2TP_TRACE_ATTR_SESSION, e->session);
	if (kind == TRACE_TUNNEL_REGISTERED)
		tunnel_put(w, e);
	if (kind == TRACE_SESSION_REGISTERED)
		session_put(w, e);
	if (kind == TRACE_SEQUENCE || kind == TRACE_PACKET) {
		attribute_put_u32(w, UL2TP_TRACE_ATTR_NS, e->ns);
		attribute_put_u32(w, UL2TP_TRACE_ATTR_NR, e->nr);
	}
	if (kind == TRACE_PACKET)
		attribute_put_u32(w, UL2TP_TRACE_ATTR_QUEUE_LEN, e->queue_len);
	attribute_nest_end(w, nest);
}

void trace_lost_put(struct writer *w, uint64_t lost)
{
	attribute_put_u64(w, UL2TP_ATTR_TRACE_LOST, lost);
}

static int event_read(struct reader nest, struct trace_event *ret)
{
	struct attributes a;

	if (policy_parse(&trace_policy, POLICY_LIBERAL, nest, nest.at, &a, NULL) < 0 ||
	    !attributes_has(&a, UL2TP_TRACE_ATTR_EVENT) ||
	    attributes_u8(&a, UL2TP_TRACE_ATTR_EVENT) >= UL2TP_TRACE_EVENTS)
		return -EBADMSG;
	*ret = (struct trace_event){
		.event = attributes_u8(&a, UL2TP_TRACE_ATTR_EVENT),
		.time_ns = attributes_u64(&a, UL2TP_TRACE_ATTR_TIME),
		.pid = attributes_u32(&a, UL2TP_TRACE_ATTR_PID),
		.cpu = attributes_u32(&a, UL2TP_TRACE_ATTR_CPU),
		.tunnel = attributes_u32(&a, UL2TP_TRACE_ATTR_TUNNEL),
		.peer_tunnel = attributes_u32(&a, UL2TP_TRACE_ATTR_PEER_TUNNEL),
		.version = attributes_u8(&a, UL2TP_TRACE_ATTR_VERSION),
		.encap = attributes_u16(&a, UL2TP_TRACE_ATTR_ENCAP),
		.fd = (int32_t)attributes_u32(&a, UL2TP_TRACE_ATTR_FD),
		.session = attributes_u32(&a, UL2TP_TRACE_ATTR_SESSION),
		.peer_session = attributes_u32(&a, UL2TP_TRACE_ATTR_PEER_SESSION),
		.pw_type = attributes_u16(&a, UL2TP_TRACE_ATTR_PW_TYPE),
		.ns = attributes_u32(&a, UL2TP_TRACE_ATTR_NS),
		.nr = attributes_u32(&a, UL2TP_TRACE_ATTR_NR),
		.queue_len = attributes_u32(&a, UL2TP_TRACE_ATTR_QUEUE_LEN),
	};
	/* The policy has bounded it. */
	strcpy(ret->process, attributes_string(&a, UL2TP_TRACE_ATTR_PROCESS));
	return 0;
}

int trace_message_read(struct reader octets, struct trace_event *ret, uint64_t *lost)
{
	struct attributes a;

	if (policy_parse(&ul2tp_policy, POLICY_LIBERAL, octets, octets.at, &a, NULL) < 0)
		return -EBADMSG;
	*lost = attributes_u64(&a, UL2TP_ATTR_TRACE_LOST);
	if (*lost)
		return 0;
	return event_read(attributes_value(&a, UL2TP_ATTR_TRACE), ret);
}
