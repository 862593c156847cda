/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_sessions.c - PPP sessions by libul2tp, for bench and tests
 *
 *	ppp_sessions TUNNEL FIRST COUNT TIMES
 *
 * Makes so many sessions, of ids from FIRST on at both ends, in a tunnel that exists: socket, channel, file on it, unit
 * with its interface, connected; where units share one, an address of its far end, which the route to it is. Prints "made SECONDS IFNAME", of the last one. Then it makes and closes others, AT_ONCE
 * at a time, TIMES in all, and prints "churned SECONDS". At the end of its input it closes all and prints "closed
 * SECONDS".
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <ul2tp_ppp.h>
#include <unistd.h>

#define AT_ONCE 100
#define SHARED  "ppp-shared"

struct session {
	struct ul2tp_ppp socket, channel, unit;
	char ifname[16];
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(struct ul2tp *u, int result, const char *what)
{
	if (result < 0)
		errx(1, "%s: %s", what, ul2tp_last_error(u)->words);
}

/* What IPCP would have agreed on: 10.0.0.0 and the session's number. */
static void address_add(struct ul2tp *u, uint32_t id, const struct session *s)
{
	const uint32_t address = htonl(0x0a000000 + id);

	check(u, ul2tp_ppp_address_add(u, &s->unit, AF_INET, &address, 32), "address_add");
}

static void session_make(struct ul2tp *u, uint32_t tunnel, uint32_t id, struct session *s)
{
	const struct ul2tp_ppp_params params = {
		.size = sizeof(params),
		.tunnel_id = tunnel,
		.session_id = id,
		.peer_session_id = id,
	};
	uint32_t channel, unit;

	check(u, ul2tp_ppp_socket(u, &s->socket), "socket");
	check(u, ul2tp_ppp_connect(u, &s->socket, &params), "connect");
	check(u, ul2tp_ppp_channel(u, &s->socket, &channel), "channel");
	check(u, ul2tp_ppp_channel_open(u, channel, &s->channel), "channel_open");
	check(u, ul2tp_ppp_unit_add(u, -1, &s->unit, &unit, s->ifname), "unit_add");
	check(u, ul2tp_ppp_unit_connect(u, &s->channel, unit), "unit_connect");
	if (strncmp(s->ifname, SHARED, strlen(SHARED)) == 0)
		address_add(u, id, s);
}

static void session_close(struct ul2tp *u, struct session *s)
{
	ul2tp_ppp_close(u, &s->unit);
	ul2tp_ppp_close(u, &s->channel);
	ul2tp_ppp_close(u, &s->socket);
}

static void descriptors_allow(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void churn(struct ul2tp *u, uint32_t tunnel, uint32_t id, uint32_t times)
{
	const double since = now();
	struct session few[AT_ONCE];

	for (uint32_t done = 0; done < times;) {
		uint32_t count = times - done < AT_ONCE ? times - done : AT_ONCE;

		for (uint32_t i = 0; i < count; i++)
			session_make(u, tunnel, id + i, &few[i]);
		for (uint32_t i = 0; i < count; i++)
			session_close(u, &few[i]);
		done += count;
	}
	printf("churned %.4f\n", now() - since);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct ul2tp_error error;
	struct session *sessions;
	uint32_t tunnel, first, count;
	struct ul2tp *u;
	double since;
	char octet;

	if (argc != 5)
		errx(2, "usage: ppp_sessions TUNNEL FIRST COUNT TIMES");
	tunnel = (uint32_t)strtoul(argv[1], NULL, 10);
	first = (uint32_t)strtoul(argv[2], NULL, 10);
	count = (uint32_t)strtoul(argv[3], NULL, 10);
	sessions = calloc(count ? count : 1, sizeof(*sessions));
	if (!sessions)
		err(1, "sessions");
	descriptors_allow();
	if (ul2tp_connect(UL2TP_BACKEND_DAEMON, NULL, &u, &error) < 0)
		errx(1, "%s", error.words);
	check(u, ul2tp_keep_rights(u), "keep_rights");
	since = now();
	for (uint32_t i = 0; i < count; i++)
		session_make(u, tunnel, first + i, &sessions[i]);
	printf("made %.4f %s\n", now() - since, count ? sessions[count - 1].ifname : "");
	fflush(stdout);
	churn(u, tunnel, first + count, (uint32_t)strtoul(argv[4], NULL, 10));
	while (read(STDIN_FILENO, &octet, 1) > 0)
		;
	since = now();
	for (uint32_t i = 0; i < count; i++)
		session_close(u, &sessions[i]);
	printf("closed %.4f\n", now() - since);
	ul2tp_disconnect(u);
	free(sessions);
	return 0;
}
