/* SPDX-License-Identifier: BSD-2-Clause */
/* debug_text.c - see debug_text.h
 *
 * Tunnels are read first and kept, then sessions are printed as they come: both are in the order of their
 * tunnel's id. What appears between the two readings is left out.
 */
#include "debug/debug_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"

static const char pppol2tp_head[] =
	"PPPoL2TP driver info, V2.0\n"
	"TUNNEL name, user-data-ok session-count\n"
	" debug tx-pkts/bytes/errs rx-pkts/bytes/errs\n"
	"  SESSION name, addr/port src-tid/sid dest-tid/sid state user-data-ok\n"
	"   mtu/mru/rcvseq/sendseq/lns debug reorderto\n"
	"   nr/ns tx-pkts/bytes/errs rx-pkts/bytes/errs\n";

static const char tunnels_head[] = "TUNNEL ID, peer ID from IP to IP\n"
				   " L2TPv2/L2TPv3, UDP/IP\n"
				   " sessions session-count, refcnt refcnt/sk->refcnt\n"
				   " debug tx-pkts/bytes/errs rx-pkts/bytes/errs\n"
				   "  SESSION ID, peer ID, PWTYPE\n"
				   "   refcnt cnt\n"
				   "   offset OFFSET l2specific TYPE/LEN\n"
				   "   [ cookie ]\n"
				   "   [ peer cookie ]\n"
				   "   config mtu/mru/rcvseq/sendseq/dataseq/lns debug reorderto\n"
				   "   nr/ns tx-pkts/bytes/errs rx-pkts/bytes/errs\n";

#define LOOPBACK_OF_IPV6 0x7f000006 /* what stands for every IPv6 address (DBG-3) */

const char *debug_text_name(enum debug_text which)
{
	return which == DEBUG_PPPOL2TP ? "pppol2tp" : "tunnels";
}

void debug_text_head(FILE *out, enum debug_text which)
{
	fputs(which == DEBUG_PPPOL2TP ? pppol2tp_head : tunnels_head, out);
}

/* The six counters of each object; the word before the second three differs. */
static void put_stats(FILE *out, const struct ul2tp_stats *s, const char *tx, const char *rx)
{
	fprintf(out, "%s%" PRIu64 "/%" PRIu64 "/%" PRIu64 "%s%" PRIu64 "/%" PRIu64 "/%" PRIu64 "\n",
	        tx, s->tx_packets, s->tx_bytes, s->tx_errors, rx, s->rx_packets, s->rx_bytes,
	        s->rx_errors);
}

static void put_pppol2tp_tunnel(FILE *out, const struct ul2tp_tunnel *t)
{
	fprintf(out, "\nTUNNEL 'tunl %" PRIu32 "', Y %" PRIu32 "\n", t->tunnel_id,
	        t->references - 1);
	put_stats(out, &t->stats, " 00000000 ", " ");
}

static void put_tunnels_tunnel(FILE *out, const struct ul2tp_tunnel *t)
{
	char local[INET6_ADDRSTRLEN] = "", peer[INET6_ADDRSTRLEN] = "";

	fprintf(out, "\nTUNNEL %" PRIu32 " peer %" PRIu32, t->tunnel_id, t->peer_tunnel_id);
	if (inet_ntop(t->local.family, &t->local.v4, local, sizeof(local)) &&
	    inet_ntop(t->peer.family, &t->peer.v4, peer, sizeof(peer)))
		fprintf(out, " from %s to %s", local, peer);
	putc('\n', out);
	if (t->encap == UL2TP_ENCAP_UDP)
		fprintf(out, " source port %u, dest port %u\n", t->local.port, t->peer.port);
	fprintf(out, " L2TPv%u, %s\n", t->version, t->encap == UL2TP_ENCAP_UDP ? "UDP" : "IP");
	fprintf(out, " %" PRIu32 " sessions, refcnt %" PRIu32 "/%" PRIu32 "\n", t->session_count,
	        t->socket_references, t->references);
	put_stats(out, &t->stats, " 00000000 rx ", " rx ");
}

void debug_text_tunnel(FILE *out, enum debug_text which, const struct ul2tp_tunnel *t)
{
	if (which == DEBUG_TUNNELS)
		put_tunnels_tunnel(out, t);
	else if (t->version == 2)
		put_pppol2tp_tunnel(out, t);
}

static void put_pppol2tp_session(FILE *out, const struct ul2tp_tunnel *t,
                                 const struct ul2tp_session *s)
{
	uint32_t local = t->local.family == AF_INET ? ntohl(t->local.v4.s_addr) : LOOPBACK_OF_IPV6;

	fprintf(out,
	        "  SESSION 'sess %" PRIu32 "/%" PRIu32 "' %08" PRIX32 "/%u %04" PRIX32 "/%04" PRIX32
	        " -> %04" PRIX32 "/%04" PRIX32 " %u %c\n",
	        t->tunnel_id, s->session_id, local, t->local.port, t->tunnel_id, s->session_id,
	        t->peer_tunnel_id, s->peer_session_id, s->socket_state, s->has_socket ? 'Y' : 'N');
	fprintf(out, "   0/0/%c/%c/%s 00000000 %" PRIu64 "\n", s->recv_seq ? 'R' : '-',
	        s->send_seq ? 'S' : '-', s->lns_mode ? "LNS" : "LAC", s->reorder_timeout_ms);
	fprintf(out, "   %" PRIu32 "/%" PRIu32, s->nr, s->ns);
	put_stats(out, &s->stats, " ", " ");
	if (s->has_socket)
		fprintf(out, "   interface %s\n", *s->device ? s->device : "(null)");
}

/* DBG-12: four octets or eight, whatever the length. */
static void put_cookie(FILE *out, const char *word, const struct ul2tp_cookie *cookie)
{
	if (!cookie->length)
		return;
	fprintf(out, "   %s ", word);
	for (size_t i = 0; i < (cookie->length == 8 ? 8 : 4); i++)
		fprintf(out, "%02x", i < cookie->length ? cookie->octets[i] : 0);
	putc('\n', out);
}

static const char *pw_type_word(unsigned int pw_type)
{
	if (pw_type == UL2TP_PW_ETH)
		return "ETH";
	return pw_type == UL2TP_PW_PPP ? "PPP" : "";
}

static void put_tunnels_session(FILE *out, const struct ul2tp_session *s)
{
	bool sublayer = s->l2spec_type == UL2TP_L2SPEC_DEFAULT;

	fprintf(out, "  SESSION %" PRIu32 ", peer %" PRIu32 ", %s\n", s->session_id,
	        s->peer_session_id, pw_type_word(s->pw_type));
	if (s->send_seq || s->recv_seq)
		fprintf(out, "   nr %" PRIu32 ", ns %" PRIu32 "\n", s->nr, s->ns);
	fprintf(out, "   refcnt %" PRIu32 "\n", s->references);
	fprintf(out, "   config 0/0/%c/%c/-/%s 00000000 %" PRIu64 "\n", s->recv_seq ? 'R' : '-',
	        s->send_seq ? 'S' : '-', s->lns_mode ? "LNS" : "LAC", s->reorder_timeout_ms);
	fprintf(out, "   offset 0 l2specific %u/%u\n", s->l2spec_type, sublayer ? 4 : 0);
	put_cookie(out, "cookie", &s->cookie);
	put_cookie(out, "peer cookie", &s->peer_cookie);
	fprintf(out, "   %" PRIu32 "/%" PRIu32, s->nr, s->ns);
	put_stats(out, &s->stats, " tx ", " rx ");
	if (s->has_socket && !*s->device)
		fputs("   interface (null)\n", out);
	else if (*s->device && (s->has_socket || s->pw_type != UL2TP_PW_PPP))
		fprintf(out, "   interface %s\n", s->device);
}

void debug_text_session(FILE *out, enum debug_text which, const struct ul2tp_tunnel *t,
                        const struct ul2tp_session *s)
{
	if (which == DEBUG_TUNNELS)
		put_tunnels_session(out, s);
	else if (t->version == 2)
		put_pppol2tp_session(out, t, s);
}

struct writing {
	FILE *out;
	enum debug_text which;
	struct ul2tp_tunnel *tunnels; /* strings in them are gone */
	size_t count, room;
	size_t next; /* the first that has not been printed */
};

static int keep_tunnel(const struct ul2tp_tunnel *t, void *arg)
{
	struct writing *w = arg;

	if (w->count == w->room) {
		size_t room = w->room ? w->room * 2 : 16;
		void *larger = realloc(w->tunnels, room * sizeof(*w->tunnels));

		if (!larger)
			return -ENOMEM;
		w->tunnels = larger;
		w->room = room;
	}
	w->tunnels[w->count++] = *t;
	return 0;
}

/* All that come before the tunnel with this id, and that one. */
static void print_tunnels(struct writing *w, uint64_t up_to)
{
	while (w->next < w->count && w->tunnels[w->next].tunnel_id <= up_to)
		debug_text_tunnel(w->out, w->which, &w->tunnels[w->next++]);
}

static int print_session(const struct ul2tp_session *s, void *arg)
{
	struct writing *w = arg;

	print_tunnels(w, s->tunnel_id);
	if (w->next && w->tunnels[w->next - 1].tunnel_id == s->tunnel_id)
		debug_text_session(w->out, w->which, &w->tunnels[w->next - 1], s);
	return 0;
}

int debug_text_write(FILE *out, struct ul2tp *u, enum debug_text which)
{
	struct writing w = { .out = out, .which = which };
	unsigned int flags = which == DEBUG_PPPOL2TP ? UL2TP_PUBLIC : UL2TP_EXTRAS;
	int err;

	if (ul2tp_backend(u) == UL2TP_BACKEND_KERNEL)
		return -EOPNOTSUPP; /* whose kernel has the files themselves */
	err = ul2tp_tunnel_list(u, flags, keep_tunnel, &w);
	if (!err) {
		debug_text_head(out, which);
		err = ul2tp_session_list(u, flags, print_session, &w);
	}
	if (!err)
		print_tunnels(&w, UINT64_MAX);
	free(w.tunnels);
	return err;
}
