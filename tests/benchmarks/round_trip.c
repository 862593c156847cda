/* SPDX-License-Identifier: BSD-2-Clause */
/* round_trip.c - how long a small packet takes there and back
 *
 *   round_trip answer ADDRESS PORT                   says "ready", returns every packet, until it is killed
 *   round_trip ask ADDRESS[,ADDRESS...] PORT COUNT INTERVAL_US
 *                                                    one after the other, with a pause between two unless that is
 *                                                    0; TURN to an address, then as many to the next
 *
 * Prints for each address the median, the 99th percentile and the mean in microseconds, and how many were lost. A
 * pause lets everything fall asleep that wants to: this is the round trip of a seldom request. Turns are
 * short, because how fast a virtual machine's processors wake up changes from second to second, by more than the
 * addresses differ.
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
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "addresses.h"

enum {
	COUNT_MAX = 1000000,
	LOST_AFTER_MS = 200,
	PAYLOAD = 18,
	TURN = 20,
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void die(const char *what)
{
	fprintf(stderr, "round_trip: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* From the address that was asked, whichever way that is. */
static void round_trip_answer(int fd, const struct sockaddr_in *address)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control;
	const int on = 1;
	char octets[2048];
	struct sockaddr_in from;
	struct iovec part;
	struct msghdr m;

	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		die("bind");
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		ssize_t length;

		part = (struct iovec){ octets, sizeof(octets) };
		m = (struct msghdr){ &from, sizeof(from), &part, 1, &control, sizeof(control), 0 };
		length = recvmsg(fd, &m, 0);
		if (length >= 0) {
			((struct in_pktinfo *)CMSG_DATA(&control.header))->ipi_ifindex = 0;
			part.iov_len = (size_t)length;
			sendmsg(fd, &m, 0);
		} else if (errno != EINTR && errno != ECONNREFUSED) {
			die("recvmsg");
		}
	}
}

/* Microseconds until packet number came back; negative if it did not. */
static double once(int fd, unsigned int number)
{
	char octets[PAYLOAD] = { 0 };
	double began = now_us();
	unsigned int came;

	memcpy(octets, &number, sizeof(number));
	if (send(fd, octets, sizeof(octets), 0) < 0)
		return -1;
	do {
		if (recv(fd, octets, sizeof(octets), 0) < 0)
			return -1;
		memcpy(&came, octets, sizeof(came));
	} while (came != number);
	return now_us() - began;
}

/* One way to the other end, and how long each round trip by it took, in microseconds. */
struct way {
	int fd;
	double *times;
	unsigned int got;
};

static int socket_open(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	return fd;
}

static void way_open(struct way *w, const struct sockaddr_in *address, unsigned int count)
{
	struct timeval patience = { .tv_usec = LOST_AFTER_MS * 1000 };

	w->fd = socket_open();
	w->times = calloc(count, sizeof(*w->times));
	w->got = 0;
	if (!w->times)
		die("memory");
	setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(w->fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		die("connect");
}

static void way_print(struct way *w, unsigned int count)
{
	double sum = 0;

	qsort(w->times, w->got, sizeof(*w->times), compare);
	for (unsigned int i = 0; i < w->got; i++)
		sum += w->times[i];
	if (w->got)
		printf("%.1f %.1f %.1f %u\n", w->times[w->got / 2], w->times[w->got * 99UL / 100],
		       sum / w->got, count - w->got);
	else
		printf("nan nan nan %u\n", count);
}

static void round_trip_ask(struct way *ways, unsigned int way_count, unsigned int count,
                           long interval_us)
{
	struct timespec pause = { .tv_sec = interval_us / 1000000,
		                  .tv_nsec = interval_us % 1000000 * 1000 };

	for (unsigned int begin = 0; begin < count; begin += TURN)
		for (unsigned int w = 0; w < way_count; w++)
			for (unsigned int i = begin; i < count && i < begin + TURN; i++) {
				double t = once(ways[w].fd, i);

				if (t >= 0)
					ways[w].times[ways[w].got++] = t;
				if (interval_us)
					nanosleep(&pause, NULL);
			}
}

static void ask_all(const struct sockaddr_in *addresses, unsigned int way_count, unsigned int count,
                    long interval_us)
{
	struct way ways[ADDRESSES_MAX];

	for (unsigned int i = 0; i < way_count; i++)
		way_open(&ways[i], &addresses[i], count);
	round_trip_ask(ways, way_count, count, interval_us);
	for (unsigned int i = 0; i < way_count; i++) {
		way_print(&ways[i], count);
		free(ways[i].times);
		close(ways[i].fd);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in addresses[ADDRESSES_MAX] = { 0 };
	const bool asks = argc == 6 && !strcmp(argv[1], "ask");
	const bool answers = argc == 4 && !strcmp(argv[1], "answer");
	const long count = asks ? atol(argv[4]) : 1;
	unsigned int way_count = 0;
	int fd;

	if (asks || answers)
		way_count = addresses_read(argv[2], argv[3], addresses);
	if (!way_count || (answers && way_count > 1) || count < 1 || count > COUNT_MAX) {
		fprintf(stderr, "usage: round_trip answer ADDRESS PORT | "
		                "ask ADDRESS[,ADDRESS...] PORT COUNT INTERVAL_US\n");
		return 2;
	}
	if (asks) {
		ask_all(addresses, way_count, (unsigned int)count, atol(argv[5]));
		return 0;
	}
	fd = socket_open();
	round_trip_answer(fd, addresses);
	close(fd);
	return 0;
}
