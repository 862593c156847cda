/* SPDX-License-Identifier: BSD-2-Clause */
/* call_cost.c - what a system call costs, to be run with and without the launcher around it
 *
 *   call_cost turns [CPU [FILTER]]      for each name of a call that is read, what it costs now, in nanoseconds; on one
 *                                       processor; with a filter of its own: any-filter allows everything, one-row
 *                                       everything, too, but looks at each call's descriptor first
 *   call_cost requests T N              T threads make N requests each: "REQUESTS WRONG SECONDS"
 *
 * What a call costs changes from second to second. So one program of each kind is asked by turns, for a batch of less than a
 * millisecond. recvmsg finds nothing on an ordinary UDP socket, sendmsg is told no address by one, epoll_wait looks at the
 * first and does not wait, read takes an octet of /dev/zero: so what is measured is the call and not what it moves. The
 * round trips are nlctrl's GETFAMILY and, where there is "l2tp", its NOOP; each is timed by itself and the median counts, since
 * one that waited for another process's turn on the processor says nothing of the others.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/genetlink.h>
#include <linux/l2tp.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	CALLS = 500,
	CALLS_BEFORE =
		50, /* that nobody counts: what the others have taken out of the caches comes back */
	ROUND_TRIPS = 21,
	ROUND_TRIPS_BEFORE = 2,
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

/* --- ordinary sockets ----------------------------------------------------------------------------- */

static int udp_socket, epoll_set, zeros;

static void open_ordinary(void)
{
	struct epoll_event none = { .events = EPOLLIN };

	udp_socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	epoll_set = epoll_create1(0);
	zeros = open("/dev/zero", O_RDONLY);
	if (udp_socket < 0 || epoll_set < 0 || zeros < 0 ||
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

	if (sendmsg(udp_socket, &message, MSG_DONTWAIT) >= 0)
		abort();
}

static void call_epoll_wait(void)
{
	struct epoll_event ready;

	epoll_wait(epoll_set, &ready, 1, 0);
}

static void call_read(void)
{
	char octet;

	if (read(zeros, &octet, 1) != 1)
		abort();
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

static int netlink_socket;
static uint16_t l2tp_family;

static void round_trip(uint16_t type, uint8_t command, bool named)
{
	struct request r = { .netlink.nlmsg_flags = NLM_F_REQUEST };
	char answer[8192];

	if (named)
		put_attribute(&r, CTRL_ATTR_FAMILY_NAME, "nlctrl", 7);
	ask(netlink_socket, &r, type, command, answer, sizeof(answer));
}

static void call_nlctrl(void)
{
	round_trip(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, true);
}

static void call_l2tp(void)
{
	round_trip(l2tp_family, L2TP_CMD_NOOP, false);
}

/* --- by turns ------------------------------------------------------------------------------------- */

static double batch_cost(void (*make)(void))
{
	double began = now_ns();

	for (int i = 0; i < CALLS; i++)
		make();
	return (now_ns() - began) / CALLS;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median_cost(void (*make)(void))
{
	double samples[ROUND_TRIPS];

	for (int i = 0; i < ROUND_TRIPS; i++) {
		double began = now_ns();

		make();
		samples[i] = now_ns() - began;
	}
	qsort(samples, ROUND_TRIPS, sizeof(*samples), by_value);
	return samples[ROUND_TRIPS / 2];
}

static const struct call {
	const char *name;
	void (*make)(void);
	int before;
	double (*cost)(void (*make)(void));
} calls[] = {
	{ "recvmsg", call_recvmsg, CALLS_BEFORE, batch_cost },
	{ "sendmsg", call_sendmsg, CALLS_BEFORE, batch_cost },
	{ "epoll_wait", call_epoll_wait, CALLS_BEFORE, batch_cost },
	{ "read", call_read, CALLS_BEFORE, batch_cost },
	{ "nlctrl", call_nlctrl, ROUND_TRIPS_BEFORE, median_cost },
	{ "l2tp", call_l2tp, ROUND_TRIPS_BEFORE, median_cost },
};

static const struct call *call_named(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(calls[i].name, name))
			return &calls[i];
	return NULL;
}

static double cost(const struct call *c)
{
	for (int i = 0; i < c->before; i++)
		c->make();
	return c->cost(c->make);
}

static void keep_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		fail("a processor of its own");
}

static void set_filter(struct sock_filter *code, unsigned short len)
{
	const struct sock_fprog program = { .len = len, .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		fail("a filter");
}

/* The kernel finds out that it need never run it: less than to have this one there is not. */
static void filter_nothing(void)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };

	set_filter(code, 1);
}

/* The kernel has to run it each time: less than this a call can not cost of which some descriptors are trapped. */
static void filter_by_descriptor(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UINT32_MAX, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EBADF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	set_filter(code, sizeof(code) / sizeof(code[0]));
}

static int take_turns(void)
{
	char name[32];

	open_ordinary();
	netlink_socket = open_netlink();
	l2tp_family = find_family(netlink_socket);
	while (scanf("%31s", name) == 1) {
		const struct call *c = call_named(name);

		if (!c || (c->make == call_l2tp && !l2tp_family))
			puts("none");
		else
			printf("%.1f\n", cost(c));
		fflush(stdout);
	}
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

static int usage(void)
{
	fputs("usage: call_cost turns [CPU [any-filter|one-row]] | call_cost requests THREADS EACH\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	if (argc >= 2 && argc <= 4 && !strcmp(argv[1], "turns")) {
		if (argc > 2)
			keep_to(atoi(argv[2]));
		if (argc > 3 && !strcmp(argv[3], "any-filter"))
			filter_nothing();
		else if (argc > 3 && !strcmp(argv[3], "one-row"))
			filter_by_descriptor();
		else if (argc > 3)
			return usage();
		return take_turns();
	}
	if (argc == 4 && !strcmp(argv[1], "requests"))
		return measure_requests((unsigned int)atoi(argv[2]), (unsigned int)atoi(argv[3]));
	return usage();
}
