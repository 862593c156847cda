/* SPDX-License-Identifier: BSD-2-Clause */
/* round_trip.c - how long a small packet takes there and back
 *
 *   round_trip answer ADDRESS PORT                   says "ready", returns every packet, until it is killed
 *   round_trip ask ADDRESS[,ADDRESS...] PORT COUNT INTERVAL_US
 *                                                    one after the other, with a pause between two unless that is
 *                                                    0; TURN to an address, then as many to the next
 *
 * Prints for each address in microseconds the median, the 99th percentile, the mean, and how much more than the first
 * address it takes; and how many were lost. A pause lets everything fall asleep that wants to: this is the round
 * trip of a seldom request. How fast a virtual machine's processors wake up changes from second to second, by more
 * than the addresses differ. So turns are short, and two addresses are compared turn by turn: how much more is the
 * median over the turns of the difference between the medians of a turn.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
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
	double *medians; /* of the turns; NAN: all of one were lost */
};

static double median(double *values, unsigned int count)
{
	if (!count)
		return NAN;
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

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
	w->medians = calloc((count + TURN - 1) / TURN, sizeof(*w->medians));
	w->got = 0;
	if (!w->times || !w->medians)
		die("memory");
	setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(w->fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		die("connect");
}

/* How much more than @first it takes. */
static double more_than(const struct way *w, const struct way *first, unsigned int turns)
{
	double *more = calloc(turns, sizeof(*more)), middle;
	unsigned int count = 0;

	if (!more)
		die("memory");
	for (unsigned int i = 0; i < turns; i++)
		if (!isnan(w->medians[i]) && !isnan(first->medians[i]))
			more[count++] = w->medians[i] - first->medians[i];
	middle = median(more, count);
	free(more);
	return middle;
}

static void way_print(struct way *w, const struct way *first, unsigned int count)
{
	double sum = 0, p50 = median(w->times, w->got);

	for (unsigned int i = 0; i < w->got; i++)
		sum += w->times[i];
	printf("%.1f %.1f %.1f %.2f %u\n", p50, w->got ? w->times[w->got * 99UL / 100] : NAN,
	       sum / w->got, more_than(w, first, (count + TURN - 1) / TURN), count - w->got);
}

/* Packets @begin to @end, one after the other. */
static void turn(struct way *w, unsigned int begin, unsigned int end, const struct timespec *pause)
{
	double *times = &w->times[w->got], sorted[TURN];
	unsigned int got;

	for (unsigned int i = begin; i < end; i++) {
		double t = once(w->fd, i);

		if (t >= 0)
			w->times[w->got++] = t;
		if (pause->tv_sec || pause->tv_nsec)
			nanosleep(pause, NULL);
	}
	got = (unsigned int)(&w->times[w->got] - times);
	memcpy(sorted, times, got * sizeof(*sorted));
	w->medians[begin / TURN] = median(sorted, got);
}

static void round_trip_ask(struct way *ways, unsigned int way_count, unsigned int count,
                           long interval_us)
{
	struct timespec pause = { .tv_sec = interval_us / 1000000,
		                  .tv_nsec = interval_us % 1000000 * 1000 };

	for (unsigned int begin = 0; begin < count; begin += TURN)
		for (unsigned int w = 0; w < way_count; w++)
			turn(&ways[w], begin, begin + TURN < count ? begin + TURN : count, &pause);
}

static void ask_all(const struct sockaddr_in *addresses, unsigned int way_count, unsigned int count,
                    long interval_us)
{
	struct way ways[ADDRESSES_MAX];

	for (unsigned int i = 0; i < way_count; i++)
		way_open(&ways[i], &addresses[i], count);
	round_trip_ask(ways, way_count, count, interval_us);
	for (unsigned int i = 0; i < way_count; i++) {
		way_print(&ways[i], &ways[0], count);
		close(ways[i].fd);
	}
	for (unsigned int i = 0; i < way_count; i++) {
		free(ways[i].times);
		free(ways[i].medians);
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
