/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel_print.c - a tunnel for people and programs; see tunnel_print.h */
#include "cli/tunnel_print.h"

#include <arpa/inet.h>

#include "cli/account_print.h"
#include "ul2tp_netlink.h"

const char *address_name(const struct ul2tp_address *address, char *buffer, size_t size)
{
	buffer[0] = '\0';
	if (address->family == AF_INET)
		inet_ntop(AF_INET, &address->v4, buffer, size);
	else if (address->family == AF_INET6)
		inet_ntop(AF_INET6, &address->v6, buffer, size);
	return buffer;
}

const char *peer_check_name(unsigned int peer_check)
{
	switch (peer_check) {
	case UL2TP_PEER_CHECK_SOCKET:
		return "socket";
	case UL2TP_PEER_CHECK_IDS:
		return "ids";
	default:
		return "?";
	}
}

static const char *encap_name(unsigned int encap)
{
	switch (encap) {
	case UL2TP_ENCAP_UDP:
		return "UDP";
	case UL2TP_ENCAP_IP:
		return "IP";
	default:
		return "??";
	}
}

static const char *checksum6_words(const struct ul2tp_tunnel *t)
{
	if (t->udp6_csum_tx)
		return t->udp6_csum_rx ? "enabled" : "tx";
	return t->udp6_csum_rx ? "rx" : "disabled";
}

static void print_udp(struct printer *p, const struct ul2tp_tunnel *t)
{
	printer_number(p, KEY_LOCAL_PORT, "  UDP source / dest ports: ", t->local.port, "");
	printer_number(p, KEY_PEER_PORT, "/", t->peer.port, "\n");
	if (t->local.family == AF_INET) {
		printer_bool(p, KEY_CHECKSUM, t->udp_csum);
		printer_text(p, t->udp_csum ? "  UDP checksum: enabled\n"
		                            : "  UDP checksum: disabled\n");
	} else if (t->local.family == AF_INET6) {
		printer_bool(p, KEY_CHECKSUM_TX, t->udp6_csum_tx);
		printer_bool(p, KEY_CHECKSUM_RX, t->udp6_csum_rx);
		printer_text(p, "  UDP checksum: ");
		printer_text(p, checksum6_words(t));
		printer_text(p, "\n");
	}
}

static void print_details(struct printer *p, const struct ul2tp_tunnel *t)
{
	printer_number(p, KEY_VERSION, "  version ", t->version, "");
	if (!t->has_extras) {
		printer_text(p, "\n");
		return;
	}
	printer_word(p, KEY_PEER_CHECK, ", peer_check ", peer_check_name(t->peer_check), "");
	if (*t->label)
		printer_word(p, KEY_LABEL, ", label \"", t->label, "\"");
	if (*t->device)
		printer_word(p, KEY_DEV, ", dev ", t->device, "");
	if (t->fwmark)
		printer_number(p, KEY_FWMARK, ", fwmark ", t->fwmark, "");
	if (t->tos)
		printer_number(p, KEY_TOS, ", tos ", t->tos, "");
	if (t->ttl)
		printer_number(p, KEY_TTL, ", ttl ", t->ttl, "");
	created_print(p, t->created_s);
}

void tunnel_print(struct printer *p, enum json_key key, const struct ul2tp_tunnel *t,
                  enum print_extent extent)
{
	char buffer[INET6_ADDRSTRLEN];

	printer_object_begin(p, key);
	printer_number(p, KEY_TUNNEL_ID, "Tunnel ", t->tunnel_id, ",");
	printer_word(p, KEY_ENCAP, " encap ", encap_name(t->encap), "\n");
	printer_word(p, KEY_LOCAL, "  From ", address_name(&t->local, buffer, sizeof(buffer)), " ");
	printer_word(p, KEY_PEER, "to ", address_name(&t->peer, buffer, sizeof(buffer)), "\n");
	printer_number(p, KEY_PEER_TUNNEL, "  Peer tunnel ", t->peer_tunnel_id, "\n");
	if (t->encap == UL2TP_ENCAP_UDP)
		print_udp(p, t);
	if (extent >= PRINT_DETAILS)
		print_details(p, t);
	if (extent >= PRINT_STATS) {
		stats_print(p, &t->stats);
		if (t->has_extras)
			tunnel_accounts_print(p, &t->counters, &t->rx_drops, &t->tx_drops);
	}
	printer_object_end(p);
}
