/* SPDX-License-Identifier: BSD-2-Clause */
/* packet_rate.c - how many packets of a size pass in a second without loss, and what each costs
 *
 *   packet_rate answer ADDRESS PORT           says "ready", counts and answers how much came, until it is killed
 *   packet_rate search ADDRESS PORT SIZE TRIAL_S
 *   packet_rate flood ADDRESS[,ADDRESS...] PORT SIZE TURN_S TURNS PROCESSORS
 *
 * SIZE: octets of the Ethernet frame with its check, or "imix": of twelve packets seven have 64 octets, four 594, one 1400
 * (1518, as that mixture otherwise has it, fits into no tunnel).
 *
 * search: a trial sends at a rate for TRIAL_S and then asks how many packets have come; it has passed if that is all of them.
 * What is lost by accident is forgiven once: a trial that failed is made again. First packets are sent as fast as can be;
 * then the rate is halved in between what passed and what did not. Prints: packets per second without loss, and how many
 * arrived in all.
 *
 * flood: each address has packets as fast as can be for TURN_S, then the next, TURNS times, since what a packet costs changes
 * with what a virtual machine's processors are at, by more than the addresses differ. Counted is the time in which the
 * processors, as in "0,1", were not idle. Prints for each address: packets per second that arrived, nanoseconds of the
 * processors for each of them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "addresses.h"

enum {
	BATCH = 60,                       /* five times the mixture */
	FRAME_OVERHEAD = 14 + 20 + 8 + 4, /* of a UDP packet's octets, in Ethernet with its check */
	PAYLOAD_MIN = 18,
	PAYLOAD_MAX = 1500,
	BUFFER_OCTETS = 4 << 20,
	BURST_US = 100, /* so often packets are sent that are due */
	BACKLOG_US =
		500, /* what could not be sent for so long is given up, or it would come as a flood */
	STEPS = 7,
	ANSWER_MS = 50,
	ANSWERS_MAX = 40,
};

enum kind { DATA, QUESTION, ANSWER };

/* At the beginning of each packet, in the order of this machine: both ends are on it. */
struct head {
	uint32_t trial;
	uint32_t kind;
	/* ANSWER: packets of the trial that have come; QUESTION: the address that is asked */
	uint64_t count;
};

struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	struct sockaddr_in from[BATCH];
	char octets[BATCH][PAYLOAD_MAX];
};

struct trial {
	uint64_t sent, arrived;
	double seconds;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "packet_rate: %s: %s\n", what, strerror(errno));
	exit(1);
}

static size_t payload_of(const char *size, int number)
{
	static const int mixture[] = { 64, 594, 64, 64, 594, 64, 1400, 64, 594, 64, 594, 64 };
	int frame = strcmp(size, "imix") ? atoi(size) : mixture[number % 12];

	if (frame < FRAME_OVERHEAD + PAYLOAD_MIN || frame > FRAME_OVERHEAD + PAYLOAD_MAX) {
		fprintf(stderr, "packet_rate: no frame has %d octets\n", frame);
		exit(2);
	}
	return (size_t)(frame - FRAME_OVERHEAD);
}

static void batch_init(struct batch *b)
{
	memset(b, 0, sizeof(*b));
	for (int i = 0; i < BATCH; i++) {
		b->vectors[i] = (struct iovec){ .iov_base = b->octets[i], .iov_len = PAYLOAD_MAX };
		b->messages[i].msg_hdr.msg_iov = &b->vectors[i];
		b->messages[i].msg_hdr.msg_iovlen = 1;
	}
}

/* --- the far end -------------------------------------------------------------------------------------- */

/* From the address that was asked, whichever way that is. It is in the question, so that nothing has to come with each packet
 * that is counted. */
static void answer_one(int fd, struct sockaddr_in *to, uint64_t asked, struct head *counted)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control = { .header = { .cmsg_level = IPPROTO_IP,
		                  .cmsg_type = IP_PKTINFO,
		                  .cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)) } };
	struct iovec part = { counted, sizeof(*counted) };
	struct msghdr m = { to, sizeof(*to), &part, 1, &control, sizeof(control), 0 };

	((struct in_pktinfo *)CMSG_DATA(&control.header))->ipi_spec_dst.s_addr = (in_addr_t)asked;
	sendmsg(fd, &m, 0);
}

static void answer(int fd, struct sockaddr_in *address)
{
	static struct batch b;
	struct head counted = { .kind = ANSWER };

	if (bind(fd, (struct sockaddr *)address, sizeof(*address)) < 0)
		die("bind");
	batch_init(&b);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		int count;

		for (int i = 0; i < BATCH; i++) {
			b.messages[i].msg_hdr.msg_name = &b.from[i];
			b.messages[i].msg_hdr.msg_namelen = sizeof(b.from[i]);
		}
		count = recvmmsg(fd, b.messages, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < count; i++) {
			struct head h;

			memcpy(&h, b.octets[i], sizeof(h));
			if (h.trial < counted.trial)
				continue; /* late */
			if (h.trial > counted.trial)
				counted = (struct head){ .trial = h.trial, .kind = ANSWER };
			if (h.kind == DATA)
				counted.count++;
			else
				answer_one(fd, &b.from[i], h.count, &counted);
		}
	}
}

/* --- the near end ------------------------------------------------------------------------------------- */

static uint64_t ask(int fd, uint32_t trial)
{
	struct head question = { .trial = trial, .kind = QUESTION }, h;
	struct sockaddr_in asked;
	socklen_t len = sizeof(asked);

	if (getpeername(fd, (struct sockaddr *)&asked, &len) < 0)
		die("getpeername");
	question.count = asked.sin_addr.s_addr;
	for (int i = 0; i < ANSWERS_MAX; i++) {
		if (send(fd, &question, sizeof(question), 0) < 0)
			continue;
		while (recv(fd, &h, sizeof(h), 0) == sizeof(h))
			if (h.kind == ANSWER && h.trial == trial)
				return h.count;
	}
	fprintf(stderr, "packet_rate: the far end does not answer\n");
	exit(1);
}

static uint64_t send_some(int fd, struct batch *b, uint64_t due)
{
	int count = sendmmsg(fd, b->messages, due < BATCH ? (unsigned int)due : BATCH, 0);

	if (count >= 0)
		return (uint64_t)count;
	if (errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED)
		die("sendmmsg");
	return 0;
}

static uint64_t arrived_in_all;

/* @rate: packets a second; 0: as fast as can be */
static struct trial trial_run(int fd, struct batch *b, double rate, double seconds)
{
	static uint32_t number;
	const struct timespec pause = { .tv_nsec = BURST_US * 1000 };
	const double began = now();
	double since = began, t;
	struct trial r = { 0 };
	uint64_t sent = 0; /* since then */

	/* Greater than those of whoever asked before. */
	number = number ? number + 1 : (uint32_t)(now() * 1000);
	for (int i = 0; i < BATCH; i++)
		memcpy(b->octets[i], &(struct head){ .trial = number }, sizeof(struct head));
	while ((t = now()) < began + seconds) {
		double due = rate ? rate * (t - since) - (double)sent : BATCH;

		if (rate && due > rate * BACKLOG_US / 1e6 + BATCH) {
			since = t - BACKLOG_US / 1e6;
			sent = 0;
			continue;
		}
		if (due < 1) {
			clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
			continue;
		}
		due = (double)send_some(fd, b, (uint64_t)due);
		sent += (uint64_t)due;
		r.sent += (uint64_t)due;
	}
	r.seconds = now() - began;
	r.arrived = ask(fd, number);
	arrived_in_all += r.arrived;
	return r;
}

/* Whether all arrived, at once or when it is tried again; *ret: the rate that really was. */
static bool passes(int fd, struct batch *b, double rate, double seconds, double *ret)
{
	for (int i = 0; i < 2; i++) {
		struct trial t = trial_run(fd, b, rate, seconds);

		if (t.sent == t.arrived) {
			*ret = (double)t.sent / t.seconds;
			return *ret >
			       0.9 * rate; /* else it is the sender that has reached its end */
		}
	}
	return false;
}

static double search_rate(int fd, struct batch *b, double highest, double seconds)
{
	double least = 0, most = highest, real;

	for (int i = 0; i < STEPS; i++) {
		double rate = (least + most) / 2;

		if (passes(fd, b, rate, seconds, &real))
			least = real > least ? real : rate;
		else
			most = rate;
	}
	return least;
}

/* Seconds that these processors were idle, or not ours (steal). */
static double idle_s(const char *processors)
{
	FILE *f = fopen("/proc/stat", "re");
	unsigned long long v[8];
	double sum = 0;
	char line[512];
	int cpu;

	if (!f)
		die("/proc/stat");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "cpu%d %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &v[0],
		           &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 9)
			continue;
		for (const char *p = processors; p; p = strchr(p, ','), p = p ? p + 1 : NULL)
			if (atoi(p) == cpu)
				sum += (double)(v[3] + v[4] + v[7]);
	}
	fclose(f);
	return sum / (double)sysconf(_SC_CLK_TCK);
}

static int processors_count(const char *processors)
{
	int count = 1;

	while ((processors = strchr(processors, ',')))
		processors++, count++;
	return count;
}

static void batch_of(struct batch *b, const char *size)
{
	batch_init(b);
	for (int i = 0; i < BATCH; i++)
		b->vectors[i].iov_len = payload_of(size, i);
}

static void search(int fd, struct batch *b, double seconds)
{
	struct trial flood;
	double rate;

	trial_run(fd, b, 1000, 0.02); /* neighbours, routes, caches */
	flood = trial_run(fd, b, 0, seconds);
	rate = search_rate(fd, b, (double)flood.sent / flood.seconds, seconds);
	printf("%.0f %llu\n", rate, (unsigned long long)arrived_in_all);
}

/* One way to the far end, and what its turns have come to. */
struct way {
	int fd;
	uint64_t arrived;
	double seconds, busy_s;
};

static void way_flood(struct way *w, struct batch *b, double seconds, const char *processors)
{
	double idle = idle_s(processors), began = now();
	struct trial t = trial_run(w->fd, b, 0, seconds);

	w->busy_s += (now() - began) * processors_count(processors) - (idle_s(processors) - idle);
	w->arrived += t.arrived;
	w->seconds += t.seconds;
}

static void flood(struct way *ways, unsigned int count, struct batch *b, double seconds, int turns,
                  const char *processors)
{
	for (unsigned int i = 0; i < count; i++)
		trial_run(ways[i].fd, b, 1000, 0.02);
	for (int turn = 0; turn < turns; turn++)
		for (unsigned int i = 0; i < count; i++)
			way_flood(&ways[i], b, seconds, processors);
	for (unsigned int i = 0; i < count; i++)
		printf("%.0f %.1f\n", (double)ways[i].arrived / ways[i].seconds,
		       ways[i].busy_s * 1e9 / (double)(ways[i].arrived ? ways[i].arrived : 1));
}

static int socket_open(void)
{
	const int size = BUFFER_OCTETS;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

static void way_open(struct way *w, const struct sockaddr_in *address)
{
	const struct timeval patience = { .tv_usec = ANSWER_MS * 1000 };

	*w = (struct way){ .fd = socket_open() };
	if (connect(w->fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		die("connect");
	setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

int main(int argc, char **argv)
{
	struct sockaddr_in addresses[ADDRESSES_MAX] = { 0 };
	const bool answers = argc == 4 && !strcmp(argv[1], "answer");
	const bool searches = argc == 6 && !strcmp(argv[1], "search");
	const bool floods = argc == 8 && !strcmp(argv[1], "flood");
	struct way ways[ADDRESSES_MAX];
	static struct batch b;
	unsigned int count = 0;

	if (answers || searches || floods)
		count = addresses_read(argv[2], argv[3], addresses);
	if (!count || (count > 1 && !floods)) {
		fprintf(stderr,
		        "usage: packet_rate answer ADDRESS PORT | search ADDRESS PORT SIZE TRIAL_S | "
		        "flood ADDRESS[,ADDRESS...] PORT SIZE TURN_S TURNS PROCESSORS\n");
		return 2;
	}
	if (answers)
		answer(socket_open(), addresses);
	prctl(PR_SET_TIMERSLACK, 1);
	batch_of(&b, argv[4]);
	for (unsigned int i = 0; i < count; i++)
		way_open(&ways[i], &addresses[i]);
	if (searches)
		search(ways->fd, &b, atof(argv[5]));
	else
		flood(ways, count, &b, atof(argv[5]), atoi(argv[6]), argv[7]);
	for (unsigned int i = 0; i < count; i++)
		close(ways[i].fd);
	return 0;
}
