/* SPDX-License-Identifier: BSD-2-Clause */
/* awake.c - what a small packet costs on several ways in turn, with everything on one processor that never sleeps
 *
 *   awake PROCESSOR ROUNDS    for each line "NAME NEAR FAR NEAR-ADDRESS FAR-ADDRESS" of the standard input; NEAR and FAR
 *                             are names of network namespaces
 *
 * One thread owns both ends. On a veth its sendmmsg() runs all of a way that is the kernel's, until the packet is in the
 * socket of the far end: so there is nobody to wake, and no other processor. It can not measure what a process of its own
 * carries. Other processes disturb it, so of each round's batches and round trips the tenth percentile is taken, and of the
 * rounds the least.
 *
 * Prints a line for each way: NAME, microseconds for a packet from sendmmsg() to the socket, and for a round trip.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	WAYS_MAX = 16,
	FIRST_PORT = 9100,
	PAYLOAD = 18, /* of a frame of 64 octets */
	BATCH = 20,
	BATCHES = 300,
	TRIPS = 1500,
	LOST_MAX = 50, /* batches and round trips of a way, in a row */
	TRIES = 2000,  /* how often is looked for a packet that should be there */
};

struct way {
	char name[64];
	int near, far; /* connected to each other */
	double packet_us, trip_us;
	unsigned int lost;
};

static void die(const char *what)
{
	fprintf(stderr, "awake: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* @taken: of @count, what is kept of earlier rounds is @least; 0: nothing yet. */
static double least_of(double least, double *taken, size_t count)
{
	double tenth;

	if (!count)
		return least;
	qsort(taken, count, sizeof(*taken), compare);
	tenth = taken[count / 10];
	return least > 0 && least < tenth ? least : tenth;
}

static struct sockaddr_in address_of(const char *words, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (inet_pton(AF_INET, words, &address.sin_addr) != 1)
		die(words);
	return address;
}

/* The thread stays in the namespace: a socket does not. */
static int end_open(const char *netns, const char *local, const char *peer, uint16_t port)
{
	struct sockaddr_in here = address_of(local, port), there = address_of(peer, port);
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die(path);
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    connect(fd, (struct sockaddr *)&there, sizeof(there)) < 0)
		die(local);
	return fd;
}

static size_t ways_read(struct way ways[WAYS_MAX])
{
	char near[64], far[64], near_address[64], far_address[64];
	size_t count = 0;

	while (count < WAYS_MAX && scanf("%63s %63s %63s %63s %63s", ways[count].name, near, far,
	                                 near_address, far_address) == 5) {
		uint16_t port = (uint16_t)(FIRST_PORT + count);

		ways[count].near = end_open(near, near_address, far_address, port);
		ways[count].far = end_open(far, far_address, near_address, port);
		count++;
	}
	return count;
}

static void lost(struct way *way)
{
	char octets[PAYLOAD];

	if (++way->lost > LOST_MAX) {
		fprintf(stderr, "awake: %s loses all\n", way->name);
		exit(1);
	}
	usleep(1000);
	while (recv(way->near, octets, sizeof(octets), 0) >= 0 ||
	       recv(way->far, octets, sizeof(octets), 0) >= 0)
		;
}

static void packets_measure(struct way *way)
{
	char octets[PAYLOAD] = { 0 };
	struct iovec payload = { octets, sizeof(octets) };
	struct mmsghdr messages[BATCH] = { 0 };
	double taken[BATCHES];
	size_t count = 0;

	for (int i = 0; i < BATCH; i++)
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &payload, .msg_iovlen = 1 };
	for (int i = 0; i < BATCHES; i++) {
		double began = now_us(), took;
		int sent = sendmmsg(way->near, messages, BATCH, 0), came = 0;

		took = now_us() - began;
		while (recv(way->far, octets, sizeof(octets), 0) >= 0)
			came++;
		if (sent != BATCH || came != BATCH) {
			lost(way);
			continue;
		}
		way->lost = 0;
		taken[count++] = took / BATCH;
	}
	way->packet_us = least_of(way->packet_us, taken, count);
}

static bool passes(int from, int to)
{
	char octets[PAYLOAD] = { 0 };

	if (send(from, octets, sizeof(octets), 0) < 0)
		return false;
	for (int i = 0; i < TRIES; i++)
		if (recv(to, octets, sizeof(octets), 0) >= 0)
			return true;
	return false;
}

static void trips_measure(struct way *way)
{
	static double taken[TRIPS];
	size_t count = 0;

	for (int i = 0; i < TRIPS; i++) {
		double began = now_us();

		if (!passes(way->near, way->far) || !passes(way->far, way->near)) {
			lost(way);
			continue;
		}
		way->lost = 0;
		taken[count++] = now_us() - began;
	}
	way->trip_us = least_of(way->trip_us, taken, count);
}

int main(int argc, char **argv)
{
	static struct way ways[WAYS_MAX];
	size_t count;
	cpu_set_t one;

	if (argc != 3) {
		fprintf(stderr, "usage: awake PROCESSOR ROUNDS < WAYS\n");
		return 2;
	}
	CPU_ZERO(&one);
	CPU_SET((size_t)atoi(argv[1]), &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		die("sched_setaffinity");
	count = ways_read(ways);
	for (long round = atol(argv[2]); round > 0; round--)
		for (size_t i = 0; i < count; i++) {
			packets_measure(&ways[i]);
			trips_measure(&ways[i]);
		}
	for (size_t i = 0; i < count; i++)
		printf("%s %.3f %.3f\n", ways[i].name, ways[i].packet_us, ways[i].trip_us);
	return 0;
}
