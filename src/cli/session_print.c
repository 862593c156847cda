/* SPDX-License-Identifier: BSD-2-Clause */
/* session_print.c - a session for people and programs; see session_print.h */
#include "cli/session_print.h"

#include <string.h>

#include "cli/account_print.h"

const char *pw_type_name(unsigned int pw_type)
{
	switch (pw_type) {
	case UL2TP_PW_ETH:
		return "eth";
	case UL2TP_PW_PPP:
		return "ppp";
	default:
		return NULL;
	}
}

static void print_details(struct printer *p, const struct ul2tp_session *s)
{
	if (pw_type_name(s->pw_type))
		printer_word(p, KEY_PW_TYPE, "  pw_type ", pw_type_name(s->pw_type), "");
	else
		printer_number(p, KEY_PW_TYPE, "  pw_type ", s->pw_type, "");
	printer_bool(p, KEY_LNS_MODE, s->lns_mode);
	printer_text(p, s->lns_mode ? ", lns_mode on" : ", lns_mode off");
	if (!s->has_extras) {
		printer_text(p, "\n");
		return;
	}
	printer_word(p, KEY_L2SPEC_TYPE, ", l2spec_type ",
	             s->l2spec_type == UL2TP_L2SPEC_NONE ? "none" : "default", "");
	if (*s->label)
		printer_word(p, KEY_LABEL, ", label \"", s->label, "\"");
	if (s->mtu_bytes)
		printer_number(p, KEY_MTU, ", mtu ", s->mtu_bytes, "");
	created_print(p, s->created_s);
}

/* Nothing to read where it has never taken it. */
static void print_fast(struct printer *p, const struct ul2tp_fast_counters *c)
{
	if (!p->json && !c->tx_packets && !c->rx_packets)
		return;
	printer_number(p, KEY_TX_PACKETS, "  of these by the fast path: tx_packets ", c->tx_packets,
	               "");
	printer_number(p, KEY_TX_OCTETS, ", tx_octets ", c->tx_octets, "");
	printer_number(p, KEY_RX_PACKETS, ", rx_packets ", c->rx_packets, "");
	printer_number(p, KEY_RX_OCTETS, ", rx_octets ", c->rx_octets, "\n");
}

/* Which way its data takes, and why. */
static void print_path(struct printer *p, const struct ul2tp_session *s)
{
	if (!*s->fast_path)
		return;
	printer_object_begin(p, KEY_FAST_PATH);
	printer_text(p, strcmp(s->fast_path, "used") == 0 ? "  fast path " : "  no fast path: ");
	printer_word(p, KEY_REASON, "", s->fast_path, ", ");
	printer_word(p, KEY_WORDS, "", s->fast_path_words, "\n");
	print_fast(p, &s->fast);
	printer_object_end(p);
}

void session_print(struct printer *p, enum json_key key, const struct ul2tp_session *s,
                   enum print_extent extent)
{
	printer_object_begin(p, key);
	printer_number(p, KEY_SESSION_ID, "Session ", s->session_id, "");
	printer_number(p, KEY_TUNNEL_ID, " in tunnel ", s->tunnel_id, "\n");
	printer_number(p, KEY_PEER_SESSION_ID, "  Peer session ", s->peer_session_id, ",");
	printer_number(p, KEY_PEER_TUNNEL_ID, " tunnel ", s->peer_tunnel_id, "\n");
	if (*s->ifname)
		printer_word(p, KEY_INTERFACE, "  interface name: ", s->ifname, "\n");
	/* Offsets are of the past, and so are always 0. */
	printer_text(p, "  offset 0, peer offset 0\n");
	if (s->cookie.length)
		printer_octets(p, KEY_COOKIE, "  cookie ", s->cookie.octets, s->cookie.length, "");
	if (s->peer_cookie.length)
		printer_octets(p, KEY_PEER_COOKIE, "  peer cookie ", s->peer_cookie.octets,
		               s->peer_cookie.length, "");
	if (s->reorder_timeout_ms)
		printer_number(p, KEY_REORDER_TIMEOUT, "  reorder timeout: ", s->reorder_timeout_ms,
		               "");
	if (s->send_seq || s->recv_seq)
		printer_text(p, "\n  sequence numbering:");
	if (s->send_seq)
		printer_null(p, KEY_SEND_SEQ, " send");
	if (s->recv_seq)
		printer_null(p, KEY_RECV_SEQ, " recv");
	printer_text(p, "\n");
	if (extent >= PRINT_DETAILS)
		print_details(p, s);
	if (extent >= PRINT_STATS) {
		stats_print(p, &s->stats);
		if (s->has_extras)
			print_path(p, s);
		if (s->has_extras)
			accounts_print(p, &s->counters, &s->rx_drops, &s->tx_drops);
	}
	printer_object_end(p);
}
