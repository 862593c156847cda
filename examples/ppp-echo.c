/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp-echo.c - libul2tp by example: a PPP session, its control frames, and its interface
 *
 *	ppp-echo TUNNEL SESSION PEER-SESSION
 *
 * Connects a PPPoL2TP socket to the session of an existing tunnel, which makes the session, takes its channel's frames,
 * makes a unit with an interface, and connects both. Then it answers LCP echo requests of the peer (RFC 1661 §5.8) until
 * its input ends. Real programs negotiate LCP and IPCP here; packets of IPv4 and IPv6 move through the interface and
 * never come to the program. At its end session and interface go with it.
 *
 *	cc ppp-echo.c $(pkg-config --cflags --libs libul2tp)
 */
#include <err.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <ul2tp_ppp.h>
#include <unistd.h>

#define LCP        0xc021
#define ECHO_REQ   9
#define ECHO_REPLY 10

static void check(struct ul2tp *u, int result)
{
	if (result < 0)
		errx(1, "%s", ul2tp_last_error(u)->words);
}

/* A frame of the channel: protocol, then code, identifier, length and the sender's magic number, of which the answer
 * has none as nothing was negotiated. Return: false at the end of the channel. */
static int answer_frame(int fd)
{
	uint8_t frame[2048];
	ssize_t n = read(fd, frame, sizeof(frame));

	if (n <= 0)
		return 0;
	if (n < 10 || (frame[0] << 8 | frame[1]) != LCP || frame[2] != ECHO_REQ)
		return 1;
	frame[2] = ECHO_REPLY;
	frame[6] = frame[7] = frame[8] = frame[9] = 0;
	if (write(fd, frame, (size_t)n) < 0)
		warn("write");
	printf("answered an echo request of %zd octets\n", n);
	fflush(stdout);
	return 1;
}

static struct ul2tp_ppp make(struct ul2tp *u, char **ids)
{
	const struct ul2tp_ppp_params params = {
		.size = sizeof(params),
		.tunnel_id = (uint32_t)strtoul(ids[0], NULL, 0),
		.session_id = (uint32_t)strtoul(ids[1], NULL, 0),
		.peer_session_id = (uint32_t)strtoul(ids[2], NULL, 0),
	};
	struct ul2tp_ppp socket, channel, unit;
	uint32_t number;
	char ifname[16];

	check(u, ul2tp_ppp_socket(u, &socket));
	check(u, ul2tp_ppp_connect(u, &socket, &params));
	check(u, ul2tp_ppp_channel(u, &socket, &number));
	check(u, ul2tp_ppp_channel_open(u, number, &channel));
	check(u, ul2tp_ppp_unit_add(u, -1, &unit, &number, ifname));
	check(u, ul2tp_ppp_unit_connect(u, &channel, number));
	printf("ready %s\n", ifname);
	fflush(stdout);
	/* Socket and unit stay open until the program ends: its close() of them would end session and interface. */
	return channel;
}

int main(int argc, char **argv)
{
	struct ul2tp_error error;
	struct ul2tp_ppp channel;
	struct ul2tp *u;
	char octet;

	if (argc != 4)
		errx(1, "usage: ppp-echo TUNNEL SESSION PEER-SESSION");
	if (ul2tp_connect(UL2TP_BACKEND_DAEMON, NULL, &u, &error) < 0)
		errx(1, "%s", error.words);
	channel = make(u, argv + 1);
	for (;;) {
		struct pollfd fds[] = { { .fd = channel.fd, .events = POLLIN },
			                { .events = POLLIN } };

		poll(fds, 2, -1);
		if (fds[0].revents && !answer_frame(channel.fd))
			errx(1, "the channel has gone");
		if (fds[1].revents && read(STDIN_FILENO, &octet, 1) <= 0)
			break;
	}
	ul2tp_disconnect(u);
	return 0;
}
