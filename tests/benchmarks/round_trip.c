/* SPDX-License-Identifier: BSD-2-Clause */
/* round_trip.c - how long a small packet takes there and back
 *
 *   round_trip answer ADDRESS PORT                   says "ready", returns every packet, until it is killed
 *   round_trip ask ADDRESS PORT COUNT INTERVAL_US    one after the other, with a pause between two
 *
 * Prints the median, the 99th percentile and the mean in microseconds, and how many were lost. The pause lets
 * everything fall asleep that wants to: this is the round trip of a request, not of a stream.
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
	COUNT_MAX = 1000000,
	LOST_AFTER_MS = 200,
	PAYLOAD = 18,
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

static void round_trip_answer(int fd, struct sockaddr_in *address)
{
	char octets[2048];

	if (bind(fd, (struct sockaddr *)address, sizeof(*address)) < 0)
		die("bind");
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		ssize_t length =
			recvfrom(fd, octets, sizeof(octets), 0, (struct sockaddr *)&from, &size);

		if (length >= 0)
			sendto(fd, octets, (size_t)length, 0, (struct sockaddr *)&from, size);
		else if (errno != EINTR && errno != ECONNREFUSED)
			die("recvfrom");
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

static void round_trip_ask(int fd, struct sockaddr_in *address, unsigned int count,
                           long interval_us)
{
	struct timeval patience = { .tv_usec = LOST_AFTER_MS * 1000 };
	struct timespec pause = { .tv_sec = interval_us / 1000000,
		                  .tv_nsec = interval_us % 1000000 * 1000 };
	double *times = calloc(count, sizeof(*times));
	double sum = 0;
	unsigned int got = 0;

	if (!times)
		die("memory");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)address, sizeof(*address)) < 0)
		die("connect");
	for (unsigned int i = 0; i < count; i++) {
		double t = once(fd, i);

		if (t >= 0) {
			times[got++] = t;
			sum += t;
		}
		nanosleep(&pause, NULL);
	}
	qsort(times, got, sizeof(*times), compare);
	if (got)
		printf("%.1f %.1f %.1f %u\n", times[got / 2], times[got * 99UL / 100], sum / got,
		       count - got);
	else
		printf("nan nan nan %u\n", count);
	free(times);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	bool asks = argc == 6 && !strcmp(argv[1], "ask");
	long count = asks ? atol(argv[4]) : 1;
	int fd;

	if ((!asks && (argc != 4 || strcmp(argv[1], "answer"))) || count < 1 || count > COUNT_MAX ||
	    inet_pton(AF_INET, argv[2], &address.sin_addr) != 1) {
		fprintf(stderr, "usage: round_trip answer ADDRESS PORT | "
		                "ask ADDRESS PORT COUNT INTERVAL_US\n");
		return 2;
	}
	address.sin_port = htons((uint16_t)atoi(argv[3]));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	if (asks)
		round_trip_ask(fd, &address, (unsigned int)count, atol(argv[5]));
	else
		round_trip_answer(fd, &address);
	close(fd);
	return 0;
}
