/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_probe.c - see trace_probe.h */
#include "path/trace_probe.h"

#ifdef HAVE_SYS_SDT_H

#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

#define TRACE_SEMAPHORE_DEFINE(event, name)                                                        \
	volatile unsigned short ul2tp_##name##_semaphore __attribute__((section(".probes")));
TRACE_PROBES(TRACE_SEMAPHORE_DEFINE)

static void probe_tunnel(const struct trace_event *e, const char *name)
{
	if (e->event == UL2TP_TRACE_REGISTER_TUNNEL)
		STAP_PROBE6(ul2tp, register_tunnel, name, e->fd, e->tunnel, e->peer_tunnel,
		            e->version, e->encap);
	else if (e->event == UL2TP_TRACE_DELETE_TUNNEL)
		STAP_PROBE1(ul2tp, delete_tunnel, name);
	else
		STAP_PROBE1(ul2tp, free_tunnel, name);
}

static void probe_session(const struct trace_event *e, const char *name)
{
	if (e->event == UL2TP_TRACE_REGISTER_SESSION)
		STAP_PROBE6(ul2tp, register_session, name, e->tunnel, e->peer_tunnel, e->session,
		            e->peer_session, e->pw_type);
	else if (e->event == UL2TP_TRACE_DELETE_SESSION)
		STAP_PROBE1(ul2tp, delete_session, name);
	else if (e->event == UL2TP_TRACE_FREE_SESSION)
		STAP_PROBE1(ul2tp, free_session, name);
	else if (e->event == UL2TP_TRACE_SESSION_SEQNUM_LNS_ENABLE)
		STAP_PROBE1(ul2tp, session_seqnum_lns_enable, name);
	else
		STAP_PROBE1(ul2tp, session_seqnum_lns_disable, name);
}

static void probe_packet(const struct trace_event *e, const char *name)
{
	if (e->event == UL2TP_TRACE_SESSION_PKT_EXPIRED)
		STAP_PROBE4(ul2tp, session_pkt_expired, name, e->ns, e->nr, e->queue_len);
	else if (e->event == UL2TP_TRACE_SESSION_PKT_OUTSIDE_RX_WINDOW)
		STAP_PROBE4(ul2tp, session_pkt_outside_rx_window, name, e->ns, e->nr, e->queue_len);
	else
		STAP_PROBE4(ul2tp, session_pkt_oos, name, e->ns, e->nr, e->queue_len);
}

void trace_probe(const struct trace_event *e, const char *name)
{
	switch (trace_event_kind(e->event)) {
	case TRACE_TUNNEL_REGISTERED:
	case TRACE_TUNNEL:
		probe_tunnel(e, name);
		break;
	case TRACE_SESSION_REGISTERED:
	case TRACE_SESSION:
		probe_session(e, name);
		break;
	case TRACE_SEQUENCE:
		if (e->event == UL2TP_TRACE_SESSION_SEQNUM_UPDATE)
			STAP_PROBE3(ul2tp, session_seqnum_update, name, e->ns, e->nr);
		else
			STAP_PROBE3(ul2tp, session_seqnum_reset, name, e->ns, e->nr);
		break;
	case TRACE_PACKET:
		probe_packet(e, name);
		break;
	}
}

#else

void trace_probe(const struct trace_event *e, const char *name)
{
}

#endif
