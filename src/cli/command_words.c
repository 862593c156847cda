/* SPDX-License-Identifier: BSD-2-Clause */
/* command_words.c - write the words of commands; see command_words.h */
#include "cli/command_words.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "cli/session_print.h"
#include "cli/tunnel_print.h"
#include "ul2tp_netlink.h"

/* As batch.c reads it. */
static void put_quoted(FILE *out, const char *text)
{
	putc('"', out);
	for (const char *c = text; *c; c++) {
		if (*c == '"' || *c == '\\')
			putc('\\', out);
		putc(*c, out);
	}
	putc('"', out);
}

/* Interfaces can have names that batch.c would not read as they are. */
static void put_name(FILE *out, const char *name)
{
	if (strpbrk(name, "\"'\\#"))
		put_quoted(out, name);
	else
		fputs(name, out);
}

static void put_udp(FILE *out, const struct ul2tp_tunnel *t)
{
	fprintf(out, " udp_sport %u udp_dport %u", t->local.port, t->peer.port);
	if (t->local.family == AF_INET && t->udp_csum)
		fputs(" udp_csum on", out);
	if (t->local.family == AF_INET6 && !t->udp6_csum_tx)
		fputs(" udp6_csum_tx off", out);
	if (t->local.family == AF_INET6 && !t->udp6_csum_rx)
		fputs(" udp6_csum_rx off", out);
}

static void put_tunnel_options(FILE *out, const struct ul2tp_tunnel *t)
{
	if (*t->device) {
		fputs(" dev ", out);
		put_name(out, t->device);
	}
	if (t->fwmark)
		fprintf(out, " fwmark 0x%" PRIx32, t->fwmark);
	if (t->tos)
		fprintf(out, " tos 0x%x", t->tos);
	if (t->ttl)
		fprintf(out, " ttl %u", t->ttl);
	if (t->peer_check != UL2TP_PEER_CHECK_SOCKET)
		fprintf(out, " peer_check %s", peer_check_name(t->peer_check));
	if (*t->label) {
		fputs(" label ", out);
		put_quoted(out, t->label);
	}
}

void tunnel_words(FILE *out, const struct ul2tp_tunnel *t)
{
	char local[INET6_ADDRSTRLEN], peer[INET6_ADDRSTRLEN];

	fprintf(out, "tunnel_id %" PRIu32 " peer_tunnel_id %" PRIu32, t->tunnel_id,
	        t->peer_tunnel_id);
	if (t->version != 3)
		fprintf(out, " version %u", t->version);
	fprintf(out, " encap %s local %s remote %s", t->encap == UL2TP_ENCAP_IP ? "ip" : "udp",
	        address_name(&t->local, local, sizeof(local)),
	        address_name(&t->peer, peer, sizeof(peer)));
	if (t->encap == UL2TP_ENCAP_UDP)
		put_udp(out, t);
	if (t->has_extras)
		put_tunnel_options(out, t);
}

static void put_cookie(FILE *out, const char *word, const struct ul2tp_cookie *cookie)
{
	if (cookie->length == 0)
		return;
	fprintf(out, " %s ", word);
	for (size_t i = 0; i < cookie->length; i++)
		fprintf(out, "%02x", cookie->octets[i]);
}

static const char *seq_name(const struct ul2tp_session *s)
{
	if (s->send_seq)
		return s->recv_seq ? "both" : "send";
	return s->recv_seq ? "recv" : "none";
}

void session_words(FILE *out, const struct ul2tp_session *s)
{
	fprintf(out, "tunnel_id %" PRIu32 " session_id %" PRIu32 " peer_session_id %" PRIu32,
	        s->tunnel_id, s->session_id, s->peer_session_id);
	if (*s->ifname) {
		fputs(" name ", out);
		put_name(out, s->ifname);
	}
	put_cookie(out, "cookie", &s->cookie);
	put_cookie(out, "peer_cookie", &s->peer_cookie);
	if (s->send_seq || s->recv_seq)
		fprintf(out, " seq %s", seq_name(s));
	if (s->lns_mode)
		fputs(" lns_mode on", out);
	if (s->reorder_timeout_ms)
		fprintf(out, " reorder_timeout %" PRIu64, s->reorder_timeout_ms);
	if (s->pw_type != UL2TP_PW_ETH && pw_type_name(s->pw_type))
		fprintf(out, " pw_type %s", pw_type_name(s->pw_type));
	if (!s->has_extras)
		return;
	if (s->l2spec_type == UL2TP_L2SPEC_NONE)
		fputs(" l2spec_type none", out);
	if (*s->label) {
		fputs(" label ", out);
		put_quoted(out, s->label);
	}
}
