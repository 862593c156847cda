/* SPDX-License-Identifier: BSD-2-Clause */
/* packet_flood.c - how many of the smallest Ethernet frames arrive in a second
 *
 *   packet_flood receive ADDRESS PORT          says "ready", counts until nothing has come for a while
 *   packet_flood send ADDRESS PORT SECONDS     sends as fast as it can
 *
 * Each frame is a UDP packet of 18 octets over IPv4: 64 octets of Ethernet with the frame check. The receiver
 * prints packets and the seconds between the first and the last, the sender what it handed to the kernel.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 64,
	PAYLOAD = 18,
	RECEIVE_BUFFER = 4 << 20,
	SILENCE_MS = 400,
	NOTHING_AT_ALL_MS = 10000,
};

struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	char octets[BATCH][PAYLOAD + 2];
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "packet_flood: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void batch_init(struct batch *b, size_t length)
{
	memset(b, 0, sizeof(*b));
	for (int i = 0; i < BATCH; i++) {
		b->vectors[i] = (struct iovec){ .iov_base = b->octets[i], .iov_len = length };
		b->messages[i].msg_hdr.msg_iov = &b->vectors[i];
		b->messages[i].msg_hdr.msg_iovlen = 1;
	}
}

static void wait_at_most(int fd, int ms)
{
	struct timeval t = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) < 0)
		die("SO_RCVTIMEO");
}

static void flood_receive(int fd, struct sockaddr_in *address)
{
	static struct batch b;
	unsigned long packets = 0;
	double first = 0, last = 0;
	int size = RECEIVE_BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)address, sizeof(*address)) < 0)
		die("bind");
	batch_init(&b, PAYLOAD + 2);
	wait_at_most(fd, NOTHING_AT_ALL_MS);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		int count = recvmmsg(fd, b.messages, BATCH, MSG_WAITFORONE, NULL);

		if (count <= 0)
			break;
		last = now();
		if (!packets) {
			/* What came with the first came before the clock started. */
			first = last;
			wait_at_most(fd, SILENCE_MS);
			packets = 1;
			continue;
		}
		packets += (unsigned long)count;
	}
	printf("%lu %.6f\n", packets, last - first);
}

static void flood_send(int fd, struct sockaddr_in *address, double seconds)
{
	static struct batch b;
	unsigned long packets = 0;
	double end;

	if (connect(fd, (struct sockaddr *)address, sizeof(*address)) < 0)
		die("connect");
	batch_init(&b, PAYLOAD);
	for (end = now() + seconds; now() < end;) {
		int count = sendmmsg(fd, b.messages, BATCH, 0);

		if (count > 0)
			packets += (unsigned long)count;
		else if (errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED)
			die("sendmmsg");
	}
	printf("%lu %.6f\n", packets, seconds);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	bool sends = argc == 5 && !strcmp(argv[1], "send");
	int fd;

	if ((!sends && (argc != 4 || strcmp(argv[1], "receive"))) ||
	    inet_pton(AF_INET, argv[2], &address.sin_addr) != 1) {
		fprintf(stderr,
		        "usage: packet_flood receive ADDRESS PORT | send ADDRESS PORT SECONDS\n");
		return 2;
	}
	address.sin_port = htons((uint16_t)atoi(argv[3]));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	if (sends)
		flood_send(fd, &address, atof(argv[4]));
	else
		flood_receive(fd, &address);
	close(fd);
	return 0;
}
