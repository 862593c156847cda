/* SPDX-License-Identifier: BSD-2-Clause */
/* data_flood.c - L2TPv3 data packets as fast as they go, and a plain receiver to compare with
 *
 *   data_flood send ADDRESS PORT SESSION OCTETS SECONDS [SEGMENTS [FROM]]   prints what the kernel took
 *   data_flood receive ADDRESS PORT SECONDS                          says "ready", prints "PACKETS SECONDS"
 *
 * OCTETS is the whole UDP payload. With SEGMENTS each message holds so many packets (UDP_SEGMENT); FROM is the port. The receiver is
 * what a user-space program would have: one socket, recvmmsg.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
	BATCH = 32,
	OCTETS_MAX = 64000,
	RECEIVE_BUFFER = 4 << 20,
};

static char octets[OCTETS_MAX];
static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fail(const char *what)
{
	fprintf(stderr, "data_flood: %s: %s\n", what, strerror(errno));
	return 1;
}

static struct sockaddr_in address(const char *ip, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };

	inet_pton(AF_INET, ip, &a.sin_addr);
	return a;
}

static int send_flood(char **argv, int argc)
{
	struct sockaddr_in to = address(argv[2], argv[3]);
	struct sockaddr_in from = address("0.0.0.0", argc > 8 ? argv[8] : "0");
	uint32_t session = htonl((uint32_t)strtoul(argv[4], NULL, 0));
	size_t len = (size_t)atoi(argv[5]);
	double until = now() + atof(argv[6]);
	int segments = argc > 7 ? atoi(argv[7]) : 1;
	int size = (int)len, fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint64_t sent = 0;

	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0)
		return fail("bind");
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return fail("connect");
	if (len < 22 || len * (size_t)segments > sizeof(octets))
		return fail("OCTETS or SEGMENTS");
	if (segments > 1 && setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)) < 0)
		return fail("UDP_SEGMENT");
	for (int i = 0; i < segments; i++) {
		octets[(size_t)i * len + 1] = 3; /* version */
		memcpy(octets + (size_t)i * len + 4, &session, sizeof(session));
	}
	for (int i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){ octets, len * (size_t)segments };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &vectors[i], .msg_iovlen = 1 };
	}
	while (now() < until) {
		int n = sendmmsg(fd, messages, BATCH, 0);

		if (n > 0)
			sent += (uint64_t)n * (uint64_t)segments;
	}
	printf("%llu\n", (unsigned long long)sent);
	return 0;
}

static int receive_flood(char **argv)
{
	static char buffers[BATCH][2048];
	struct sockaddr_in here = address(argv[2], argv[3]);
	struct timeval wait = { .tv_usec = 200000 };
	int size = RECEIVE_BUFFER, fd = socket(AF_INET, SOCK_DGRAM, 0);
	double until = now() + atof(argv[4]), first = 0, last = 0;
	uint64_t received = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0)
		return fail("bind");
	for (int i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){ buffers[i], sizeof(buffers[i]) };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &vectors[i], .msg_iovlen = 1 };
	}
	puts("ready");
	fflush(stdout);
	while (now() < until) {
		int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);

		if (n <= 0)
			continue;
		last = now();
		if (!received)
			first = last;
		received += (uint64_t)n;
	}
	printf("%llu %.3f\n", (unsigned long long)received, last - first);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 7 && !strcmp(argv[1], "send"))
		return send_flood(argv, argc);
	if (argc == 5 && !strcmp(argv[1], "receive"))
		return receive_flood(argv);
	fputs("usage: data_flood send ADDRESS PORT SESSION OCTETS SECONDS [SEGMENTS [FROM]]\n"
	      "       data_flood receive ADDRESS PORT SECONDS\n",
	      stderr);
	return 2;
}
