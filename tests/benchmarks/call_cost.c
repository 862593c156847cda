/* SPDX-License-Identifier: BSD-2-Clause */
/* call_cost.c - what a system call costs, to be run with and without the launcher around it
 *
 *   call_cost calls              recvmsg, sendmsg, epoll_wait and a generic netlink round trip: "NAME NANOSECONDS"
 *   call_cost requests T N       T threads make N requests each: "REQUESTS WRONG SECONDS"
 *
 * Calls are timed in batches, and the median batch counts. recvmsg finds nothing on an ordinary UDP socket, sendmsg
 * sends to a socket whose buffer is full, epoll_wait looks at both and does not wait: so what is measured is the
 * call and not what it moves. A round trip is nlctrl's GETFAMILY for "l2tp" and, where there is one, its NOOP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/l2tp.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCHES = 301,
	CALLS = 2000,
	ROUND_TRIPS = 3001,
	THREADS_MAX = 64,
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "call_cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return values[count / 2];
}

/* --- ordinary sockets ----------------------------------------------------------------------------- */

static int udp_socket, sender_socket, epoll_set;

static void open_ordinary(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
		                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(here);
	struct epoll_event none = { .events = EPOLLIN };

	udp_socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	sender_socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	epoll_set = epoll_create1(0);
	if (udp_socket < 0 || sender_socket < 0 || epoll_set < 0 ||
	    bind(sender_socket, (struct sockaddr *)&here, len) < 0 ||
	    getsockname(sender_socket, (struct sockaddr *)&here, &len) < 0 ||
	    connect(sender_socket, (struct sockaddr *)&here, len) < 0 ||
	    epoll_ctl(epoll_set, EPOLL_CTL_ADD, udp_socket, &none) < 0)
		fail("an ordinary socket");
}

static void call_recvmsg(void)
{
	char octets[64];
	struct iovec iov = { octets, sizeof(octets) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (recvmsg(udp_socket, &message, MSG_DONTWAIT) >= 0)
		abort();
}

static void call_sendmsg(void)
{
	char octets[16] = { 0 };
	struct iovec iov = { octets, sizeof(octets) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	sendmsg(sender_socket, &message, MSG_DONTWAIT);
}

static void call_epoll_wait(void)
{
	struct epoll_event ready;

	epoll_wait(epoll_set, &ready, 1, 0);
}

static double cost(void (*call)(void))
{
	static double batches[BATCHES];

	for (int i = 0; i < BATCHES; i++) {
		double began = now_ns();

		for (int j = 0; j < CALLS; j++)
			call();
		batches[i] = (now_ns() - began) / CALLS;
	}
	return median(batches, BATCHES);
}

/* --- generic netlink ------------------------------------------------------------------------------ */

struct request {
	struct nlmsghdr netlink;
	struct genlmsghdr generic;
	char attributes[16];
};

static int open_netlink(void)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		fail("a netlink socket");
	return fd;
}

static void put_attribute(struct request *r, uint16_t type, const void *value, uint16_t len)
{
	struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type };

	memcpy(r->attributes, &a, sizeof(a));
	memcpy(r->attributes + sizeof(a), value, len);
	r->netlink.nlmsg_len = (uint32_t)(NLMSG_LENGTH(GENL_HDRLEN) + NLA_ALIGN(a.nla_len));
}

static size_t ask(int fd, struct request *r, uint16_t type, uint8_t command, char *answer,
                  size_t size)
{
	static __thread uint32_t sequence;
	ssize_t n;

	r->netlink.nlmsg_type = type;
	r->netlink.nlmsg_seq = ++sequence;
	r->generic.cmd = command;
	r->generic.version = 1;
	if (!r->netlink.nlmsg_len)
		r->netlink.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	if (send(fd, r, r->netlink.nlmsg_len, 0) < 0)
		fail("send");
	n = recv(fd, answer, size, 0);
	if (n < (ssize_t)sizeof(struct nlmsghdr))
		fail("recv");
	return (size_t)n;
}

/* The id of the family "l2tp"; 0: there is none. */
static uint16_t find_family(int fd)
{
	struct request r = { .netlink.nlmsg_flags = NLM_F_REQUEST };
	char answer[8192];
	size_t n;

	put_attribute(&r, CTRL_ATTR_FAMILY_NAME, "l2tp", 5);
	n = ask(fd, &r, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, answer, sizeof(answer));
	for (size_t at = NLMSG_LENGTH(GENL_HDRLEN); at + NLA_HDRLEN <= n;) {
		struct nlattr a;

		memcpy(&a, answer + at, sizeof(a));
		if (a.nla_type == CTRL_ATTR_FAMILY_ID &&
		    ((struct nlmsghdr *)answer)->nlmsg_type != NLMSG_ERROR) {
			uint16_t id;

			memcpy(&id, answer + at + NLA_HDRLEN, sizeof(id));
			return id;
		}
		at += NLA_ALIGN(a.nla_len) ? NLA_ALIGN(a.nla_len) : NLA_HDRLEN;
	}
	return 0;
}

static double round_trip(int fd, uint16_t type, uint8_t command, bool named)
{
	static double samples[ROUND_TRIPS];
	char answer[8192];

	for (int i = 0; i < ROUND_TRIPS; i++) {
		struct request r = { .netlink.nlmsg_flags = NLM_F_REQUEST };
		double began = now_ns();

		if (named)
			put_attribute(&r, CTRL_ATTR_FAMILY_NAME, "nlctrl", 7);
		ask(fd, &r, type, command, answer, sizeof(answer));
		samples[i] = now_ns() - began;
	}
	return median(samples, ROUND_TRIPS);
}

static int measure_calls(void)
{
	int fd = open_netlink();
	uint16_t family = find_family(fd);

	open_ordinary();
	printf("recvmsg %.0f\n", cost(call_recvmsg));
	printf("sendmsg %.0f\n", cost(call_sendmsg));
	printf("epoll_wait %.0f\n", cost(call_epoll_wait));
	printf("nlctrl %.0f\n", round_trip(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, true));
	if (family)
		printf("l2tp %.0f\n", round_trip(fd, family, L2TP_CMD_NOOP, false));
	return 0;
}

/* --- many threads --------------------------------------------------------------------------------- */

struct thread {
	pthread_t id;
	unsigned int number, requests, wrong;
	uint16_t family;
};

/* A tunnel that does not exist: the answer must be ENODEV, for this request, quoting this id. */
static bool is_right(const struct request *r, const char *answer, size_t n)
{
	const struct nlmsghdr *m = (const void *)answer;
	const struct nlmsgerr *e = NLMSG_DATA(m);

	return n >= NLMSG_LENGTH(sizeof(*e)) && m->nlmsg_type == NLMSG_ERROR &&
	       m->nlmsg_seq == r->netlink.nlmsg_seq && e->error == -ENODEV &&
	       n >= NLMSG_LENGTH(sizeof(int)) + r->netlink.nlmsg_len &&
	       !memcmp(answer + NLMSG_LENGTH(sizeof(int)) + NLMSG_HDRLEN, &r->generic,
	               r->netlink.nlmsg_len - NLMSG_HDRLEN);
}

static void *make_requests(void *arg)
{
	struct thread *t = arg;
	int fd = open_netlink();

	for (unsigned int i = 0; i < t->requests; i++) {
		struct request r = { .netlink.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK };
		uint32_t id = 0x70000000 + t->number * 0x10000 + i;
		char answer[8192];
		size_t n;

		put_attribute(&r, L2TP_ATTR_CONN_ID, &id, sizeof(id));
		n = ask(fd, &r, t->family, L2TP_CMD_TUNNEL_GET, answer, sizeof(answer));
		if (!is_right(&r, answer, n))
			t->wrong++;
	}
	close(fd);
	return NULL;
}

static int measure_requests(unsigned int threads, unsigned int requests)
{
	static struct thread t[THREADS_MAX];
	int fd = open_netlink();
	uint16_t family = find_family(fd);
	unsigned int wrong = 0;
	double began;

	if (!family || threads > THREADS_MAX) {
		fprintf(stderr, "call_cost: no family \"l2tp\", or more than %d threads\n",
		        THREADS_MAX);
		return 1;
	}
	began = now_ns();
	for (unsigned int i = 0; i < threads; i++) {
		t[i] = (struct thread){ .number = i, .requests = requests, .family = family };
		if (pthread_create(&t[i].id, NULL, make_requests, &t[i]) != 0)
			fail("a thread");
	}
	for (unsigned int i = 0; i < threads; i++) {
		pthread_join(t[i].id, NULL);
		wrong += t[i].wrong;
	}
	printf("%u %u %.3f\n", threads * requests, wrong, (now_ns() - began) / 1e9);
	return wrong != 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "calls"))
		return measure_calls();
	if (argc == 4 && !strcmp(argv[1], "requests"))
		return measure_requests((unsigned int)atoi(argv[2]), (unsigned int)atoi(argv[3]));
	fputs("usage: call_cost calls | call_cost requests THREADS EACH\n", stderr);
	return 2;
}
