/* SPDX-License-Identifier: BSD-2-Clause */
/* own-socket.c - libul2tp by example: a tunnel on the program's own socket
 *
 *	own-socket LOCAL REMOTE
 *
 * Opens a UDP socket on port 1701, connects it, and makes a tunnel on it with one session. Data of the session is
 * ul2tpd's from then on; whatever else comes to the socket is read here, as control messages would be, and printed.
 * At the end of its input the program ends, and with it go socket, tunnel and session: nothing needs to be removed.
 *
 *	cc own-socket.c $(pkg-config --cflags --libs libul2tp)
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <ul2tp.h>
#include <unistd.h>

static struct sockaddr_in address_read(const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(1701) };

	if (inet_pton(AF_INET, text, &a.sin_addr) != 1)
		errx(1, "\"%s\" is no IPv4 address", text);
	return a;
}

static int socket_open(const char *local, const char *remote)
{
	struct sockaddr_in here = address_read(local), there = address_read(remote);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    connect(fd, (struct sockaddr *)&there, sizeof(there)) < 0)
		err(1, "%s to %s", local, remote);
	return fd;
}

static void check(struct ul2tp *u, int result)
{
	if (result < 0)
		errx(1, "%s", ul2tp_last_error(u)->words);
}

static void make(struct ul2tp *u, int fd)
{
	const struct ul2tp_tunnel_params tunnel = {
		.size = sizeof(tunnel),
		.tunnel_id = 10,
		.peer_tunnel_id = 10,
		.has_fd = true,
		.fd = fd,
	};
	const struct ul2tp_session_params session = {
		.size = sizeof(session),
		.tunnel_id = 10,
		.session_id = 1,
		.peer_session_id = 1,
	};

	check(u, ul2tp_tunnel_add(u, &tunnel));
	check(u, ul2tp_session_add(u, &session));
}

int main(int argc, char **argv)
{
	struct ul2tp_error error;
	struct ul2tp *u;
	int fd;

	if (argc != 3)
		errx(1, "usage: own-socket LOCAL REMOTE");
	fd = socket_open(argv[1], argv[2]);
	if (ul2tp_connect(UL2TP_BACKEND_DAEMON, NULL, &u, &error) < 0)
		errx(1, "%s", error.words);
	make(u, fd);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .events = POLLIN } };
		char octets[2048];
		ssize_t n;

		poll(fds, 2, -1);
		if (fds[0].revents) {
			n = recv(fd, octets, sizeof(octets), 0);
			printf("%zd octets that are no data\n", n);
			fflush(stdout);
		}
		if (fds[1].revents && read(STDIN_FILENO, octets, sizeof(octets)) <= 0)
			break;
	}
	ul2tp_disconnect(u);
	return 0;
}
