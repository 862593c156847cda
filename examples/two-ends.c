/* SPDX-License-Identifier: BSD-2-Clause */
/* two-ends.c - libul2tp by example: one end of an Ethernet pseudowire, from nothing to its counters
 *
 *	two-ends LOCAL REMOTE a|b
 *
 * On two hosts (or in two network namespaces), one as end "a" and one as end "b", with the addresses the
 * other way round:
 *
 *	host A:  two-ends 198.51.100.10 203.0.113.20 a
 *	host B:  two-ends 203.0.113.20 198.51.100.10 b
 *
 * Each makes a tunnel over UDP port 1701 and a session in it, prints the name of the interface, and what
 * was counted each time Enter is pressed. At the end of its input it removes both again.
 *
 *	cc two-ends.c $(pkg-config --cflags --libs libul2tp)
 */
#include <arpa/inet.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <ul2tp.h>

/* What is one end's own is the other's peer_... */
struct end {
	uint32_t tunnel_id, session_id;
	struct ul2tp_cookie cookie; /* this end sends it, and the other expects it */
};

static const struct end ends[] = {
	{ 10, 1, { 4, { 0x5c, 0xa1, 0xab, 0x1e } } },
	{ 20, 2, { 4, { 0x0f, 0xf1, 0xce, 0x00 } } },
};

static struct ul2tp_address address_read(const char *text)
{
	struct ul2tp_address a = { .family = AF_INET, .port = 1701 };

	if (inet_pton(AF_INET, text, &a.v4) == 1)
		return a;
	a.family = AF_INET6;
	if (inet_pton(AF_INET6, text, &a.v6) == 1)
		return a;
	errx(1, "\"%s\" is no IPv4 or IPv6 address", text);
}

/* Every failure comes with words that say what is wrong, and often what to do. */
static void check(struct ul2tp *u, int result)
{
	if (result < 0)
		errx(1, "%s", ul2tp_last_error(u)->words);
}

static void make(struct ul2tp *u, const struct end *here, const struct end *there,
                 const char *local, const char *remote)
{
	const struct ul2tp_tunnel_params tunnel = {
		.size = sizeof(tunnel),
		.tunnel_id = here->tunnel_id,
		.peer_tunnel_id = there->tunnel_id,
		.local = address_read(local),
		.peer = address_read(remote),
	};
	const struct ul2tp_session_params session = {
		.size = sizeof(session),
		.tunnel_id = here->tunnel_id,
		.session_id = here->session_id,
		.peer_session_id = there->session_id,
		.cookie = here->cookie,
		.peer_cookie = there->cookie,
	};

	check(u, ul2tp_tunnel_add(u, &tunnel));
	check(u, ul2tp_session_add(u, &session));
}

static void show(struct ul2tp *u, const struct end *here)
{
	const struct ul2tp_session_key key = {
		.tunnel_id = here->tunnel_id,
		.session_id = here->session_id,
	};
	const struct ul2tp_session *s; /* borrowed until the next call */

	check(u, ul2tp_session_get(u, &key, UL2TP_EXTRAS, &s));
	printf("%s: sent %" PRIu64 ", received %" PRIu64 " packets\n", s->ifname,
	       s->stats.tx_packets, s->stats.rx_packets);
	/* Of ul2tpd, not of the kernel: why packets were dropped. */
	for (size_t i = 0; i < s->rx_drops.count; i++)
		printf("  dropped %" PRIu64 ": %s\n", s->rx_drops.rows[i].packets,
		       s->rx_drops.rows[i].words);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct ul2tp_error error;
	const struct end *here, *there;
	struct ul2tp *u;
	int c;

	if (argc != 4 || (strcmp(argv[3], "a") != 0 && strcmp(argv[3], "b") != 0))
		errx(1, "usage: two-ends LOCAL REMOTE a|b");
	here = &ends[strcmp(argv[3], "b") == 0];
	there = &ends[strcmp(argv[3], "a") == 0];

	if (ul2tp_connect(UL2TP_BACKEND_AUTO, NULL, &u, &error) < 0)
		errx(1, "%s", error.words);
	make(u, here, there, argv[1], argv[2]);
	show(u, here);
	while ((c = getchar()) != EOF)
		if (c == '\n')
			show(u, here);

	check(u, ul2tp_tunnel_delete(u, here->tunnel_id)); /* and the session with it */
	ul2tp_disconnect(u);
	return 0;
}
