// SPDX-License-Identifier: BSD-2-Clause
/* echo_peer.c - a peer that costs next to nothing: the far end of storm's sessions, as far as an echo goes
 *
 *	echo_peer LOCAL REMOTE PORT TUNNELS
 *
 * On so many UDP sockets from PORT on it answers LCP echo requests (RFC 1661 §5.8) of L2TPv2 data messages, with the ids
 * they came with, which are the same at both ends. It knows no sessions and holds none. "ready 0" says that it
 * listens; it ends with its input.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TUNNELS_MAX 255
#define FRAME_MAX   1600

/* RFC 2661 §3.1: version 2, no optional fields, as a peer without options sends data; two ids; address and control. */
enum { HEADER = 6, LCP = HEADER + 2, CODE = LCP + 2, MAGIC = CODE + 4, ECHO_LENGTH = MAGIC + 4 };
enum { ECHO_REQUEST = 9, ECHO_REPLY = 10 };

static int udp_open(const char *local, const char *remote, uint16_t port)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in there = here;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (inet_pton(AF_INET, local, &here.sin_addr) != 1 ||
	    inet_pton(AF_INET, remote, &there.sin_addr) != 1)
		errx(2, "LOCAL and REMOTE are IPv4 addresses");
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    connect(fd, (struct sockaddr *)&there, sizeof(there)) < 0)
		err(1, "port %u", port);
	return fd;
}

static void answer(int fd)
{
	static const uint8_t begins[] = { 0x00, 0x02 }, lcp[] = { 0xff, 0x03, 0xc0, 0x21 };
	uint8_t frame[FRAME_MAX];
	ssize_t len;

	while ((len = recv(fd, frame, sizeof(frame), MSG_DONTWAIT)) >= 0) {
		if (len < ECHO_LENGTH || memcmp(frame, begins, sizeof(begins)) != 0 ||
		    memcmp(frame + HEADER, lcp, sizeof(lcp)) != 0 || frame[CODE] != ECHO_REQUEST)
			continue;
		frame[CODE] = ECHO_REPLY;
		memset(frame + MAGIC, 0, 4); /* none was negotiated */
		send(fd, frame, (size_t)len, MSG_NOSIGNAL);
	}
}

int main(int argc, char **argv)
{
	struct pollfd watched[TUNNELS_MAX + 1] = { { .fd = STDIN_FILENO, .events = POLLIN } };
	int tunnels = argc == 5 ? atoi(argv[4]) : 0;

	if (tunnels < 1 || tunnels > TUNNELS_MAX)
		errx(2, "usage: echo_peer LOCAL REMOTE PORT TUNNELS");
	for (int i = 1; i <= tunnels; i++)
		watched[i] = (struct pollfd){ .fd = udp_open(argv[1], argv[2],
			                                     (uint16_t)(atoi(argv[3]) + i - 1)),
			                      .events = POLLIN };
	printf("ready 0\n");
	fflush(stdout);
	while (poll(watched, (nfds_t)tunnels + 1, -1) > 0) {
		if (watched[0].revents)
			return 0;
		for (int i = 1; i <= tunnels; i++)
			if (watched[i].revents)
				answer(watched[i].fd);
	}
	return 1;
}
