/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_text.c - see trace_text.h */
#include "debug/trace_text.h"

#include <inttypes.h>
#include <linux/l2tp.h>

#include "ul2tp_netlink.h"

/* clang-format off */
static const struct symbol {
	unsigned int number;
	const char *word;
} pw_types[] = {
	{ L2TP_PWTYPE_ETH_VLAN, "ETH_VLAN" },
	{ L2TP_PWTYPE_ETH,      "ETH" },
	{ L2TP_PWTYPE_PPP,      "PPP" },
	{ L2TP_PWTYPE_PPP_AC,   "PPP_AC" },
	{ L2TP_PWTYPE_IP,       "IP" },
	{ 0,                    NULL },
}, encaps[] = {
	{ L2TP_ENCAPTYPE_UDP,   "UDP" },
	{ L2TP_ENCAPTYPE_IP,    "IP" },
	{ 0,                    NULL },
};
/* clang-format on */

static void put_symbol(FILE *out, const struct symbol *symbols, unsigned int number)
{
	for (; symbols->word; symbols++)
		if (symbols->number == number) {
			fputs(symbols->word, out);
			return;
		}
	fprintf(out, "0x%x", number);
}

static void put_tunnel(FILE *out, const struct ul2tp_trace_record *r)
{
	fprintf(out, "tunl %" PRIu32, r->tunnel_id);
	if (r->event != UL2TP_TRACE_REGISTER_TUNNEL)
		return;
	fprintf(out, ": type=%s encap=", r->fd > 0 ? "managed" : "unmanaged");
	put_symbol(out, encaps, r->encap);
	fprintf(out, " version=L2TPv%u tid=%" PRIu32 " ptid=%" PRIu32 " fd=%" PRId32, r->version,
	        r->tunnel_id, r->peer_tunnel_id, r->fd);
}

/* The kernel has the session's ids in the places of the tunnel's. */
static void put_registered(FILE *out, const struct ul2tp_trace_record *r)
{
	fputs(": pseudowire=", out);
	put_symbol(out, pw_types, r->pw_type);
	fprintf(out, " sid=%" PRIu32 " psid=%" PRIu32 " tid=%" PRIu32 " ptid=%" PRIu32,
	        r->session_id, r->peer_session_id, r->session_id, r->peer_session_id);
}

void trace_text(FILE *out, const struct ul2tp_trace_record *r)
{
	fprintf(out, "%s: ", r->name);
	switch (r->event) {
	case UL2TP_TRACE_REGISTER_TUNNEL:
	case UL2TP_TRACE_DELETE_TUNNEL:
	case UL2TP_TRACE_FREE_TUNNEL:
		put_tunnel(out, r);
		return;
	default:
		fprintf(out, "sess %" PRIu32 "/%" PRIu32, r->tunnel_id, r->session_id);
	}
	switch (r->event) {
	case UL2TP_TRACE_REGISTER_SESSION:
		put_registered(out, r);
		break;
	case UL2TP_TRACE_SESSION_SEQNUM_UPDATE:
	case UL2TP_TRACE_SESSION_SEQNUM_RESET:
		fprintf(out, ": ns=%" PRIu32 " nr=%" PRIu32, r->ns, r->nr);
		break;
	case UL2TP_TRACE_SESSION_PKT_EXPIRED:
	case UL2TP_TRACE_SESSION_PKT_OUTSIDE_RX_WINDOW:
	case UL2TP_TRACE_SESSION_PKT_OOS:
		fprintf(out, ": pkt_ns=%" PRIu32 " my_nr=%" PRIu32 " reorder_q_len=%" PRIu32, r->ns,
		        r->nr, r->reorder_q_len);
		break;
	default:
		break;
	}
}

void trace_line(FILE *out, const struct ul2tp_trace_record *r)
{
	uint64_t us = (r->time_ns + 500) / 1000;

	if (r->lost) {
		fprintf(out, "CPU:%" PRIu32 " [LOST %" PRIu64 " EVENTS]\n", r->cpu, r->lost);
		return;
	}
	fprintf(out, "%16s-%-7" PRIu32 " [%03" PRIu32 "] ..... %5" PRIu64 ".%06" PRIu64 ": ",
	        r->process, r->pid, r->cpu, us / 1000000, us % 1000000);
	trace_text(out, r);
	putc('\n', out);
}
