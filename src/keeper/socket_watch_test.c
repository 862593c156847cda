/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_watch_test.c - what is believed of a kernel that lost news, and that strangers are not
 *
 * A dump that leaves out a living socket is made by one that has no port while it is read.
 */
#include "keeper/socket_watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/monotonic.h"
#include "keeper/kernel_netlink.h"

#define ROUNDS_MAX 1000
#define ROUND_MS   50 /* news come a little later than the end of a socket */
#define WITHIN_MS  20000

#define NEWS_OCTETS (NLMSG_HDRLEN + sizeof(struct inet_diag_msg))

static const struct netns_id here = { .cookie = 1 };

struct fixture {
	struct socket_watches watches;
	ino_t stays, goes;
	unsigned int judged; /* times that left() was sure */
	bool stays_left, goes_left;
	uint64_t gone[8]; /* cookies */
	size_t gone_count;
};

static void gone(void *arg, uint64_t cookie)
{
	struct fixture *f = arg;

	f->gone[f->gone_count++ % ARRAY_SIZE(f->gone)] = cookie;
}

static bool left(void *arg, struct netns_id netns, const struct udp_list *list, bool sure)
{
	struct fixture *f = arg;

	assert_int_equal(netns.cookie, here.cookie);
	f->judged += sure;
	f->stays_left = udp_list_has(list, f->stays);
	f->goes_left = udp_list_has(list, f->goes);
	return false;
}

static int udp_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	return fd;
}

static ino_t inode(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void get_port(int fd)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };

	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
}

/* Sockets come and go until a listener that began after .watches, with as much room, has lost some: then .watches has. */
static void lose_news(struct fixture *f)
{
	const int group = SKNLGRP_INET_UDP_DESTROY;
	AUTO_FD other = kernel_netlink_news(NETLINK_SOCK_DIAG, &group, 1);
	struct pollfd lost = { .fd = other }; /* POLLERR */

	assert_true(other >= 0);
	for (unsigned int rounds = 0; rounds == 0 || poll(&lost, 1, ROUND_MS) == 0; rounds++) {
		assert_true(rounds < ROUNDS_MAX);
		for (int i = 0; i < 1000; i++)
			close(udp_socket());
	}
	while (f->watches.look_ms == UINT64_MAX && !f->judged) {
		struct pollfd news = { .fd = f->watches.epoll, .events = POLLIN };

		assert_int_equal(poll(&news, 1, WITHIN_MS), 1);
		socket_watches_ready(&f->watches);
	}
}

/* In a namespace of the test's own. */
static void begin(struct fixture *f)
{
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	socket_watches_open(&f->watches);
	f->watches.gone = gone;
	f->watches.left = left;
	f->watches.arg = f;
	if (socket_watch_use(&f->watches, here, NULL) != 0)
		skip(); /* no udp_diag */
}

static void end(struct fixture *f)
{
	socket_watch_release(&f->watches, here);
	socket_watches_close(&f->watches);
}

/* Requirements: TUN-45 */
static void test_after_a_loss_one_dump_that_lacks_a_socket_is_not_believed(void **state)
{
	struct fixture f = { 0 };
	int stays, goes;
	unsigned int looks = 0;

	begin(&f);
	stays = udp_socket();
	goes = udp_socket();
	get_port(goes);
	f.stays = inode(stays);
	f.goes = inode(goes);
	lose_news(&f);
	assert_int_equal(f.judged, 0);
	close(goes);
	for (uint64_t now = monotonic_ms(); f.watches.look_ms != UINT64_MAX; looks++) {
		assert_true(looks < 10);
		socket_watches_look(&f.watches, now);
		if (looks == 0)
			get_port(stays);
	}
	assert_int_equal(f.judged, 1);
	assert_true(f.stays_left);
	assert_false(f.goes_left);
	close(stays);
	end(&f);
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie;
	socklen_t len = sizeof(cookie);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len), 0);
	return cookie;
}

static bool has_gone(const struct fixture *f, uint64_t cookie)
{
	for (size_t i = 0; i < f->gone_count && i < ARRAY_SIZE(f->gone); i++)
		if (f->gone[i] == cookie)
			return true;
	return false;
}

/* To the netlink socket @port, or to @groups, as the kernel would tell that a socket has gone, but with any length. 0 or errno. */
static int lie(int from, uint32_t port, uint32_t groups, uint64_t cookie, uint32_t length)
{
	const struct sockaddr_nl to = { .nl_family = AF_NETLINK,
		                        .nl_pid = port,
		                        .nl_groups = groups };
	struct {
		struct nlmsghdr header;
		struct inet_diag_msg socket;
	} news = {
		.header = { .nlmsg_len = length, .nlmsg_type = SOCK_DIAG_BY_FAMILY },
		.socket.id.idiag_cookie = { (uint32_t)cookie, (uint32_t)(cookie >> 32) },
	};

	if (sendto(from, &news, sizeof(news), 0, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return errno;
	return 0;
}

/* To all sockets that are listed for the namespace. Return: how many took it; *@refused: and did not. */
static unsigned int lie_to_all(int from, uint64_t cookie, uint32_t length, unsigned int *refused)
{
	FILE *sockets = fopen("/proc/thread-self/net/netlink", "re");
	unsigned int took = 0, protocol, port;
	char line[256];

	assert_non_null(sockets);
	while (fgets(line, sizeof(line), sockets)) {
		if (sscanf(line, "%*x %u %u", &protocol, &port) != 2 ||
		    protocol != NETLINK_SOCK_DIAG || !port)
			continue;
		switch (lie(from, port, 0, cookie, length)) {
		case 0:
			took++;
			break;
		case ECONNREFUSED:
			(*refused)++;
			break;
		default:
			fail();
		}
	}
	fclose(sockets);
	return took;
}

/* Who rules one namespace has no say about sockets of another, whose cookies are easy to guess. */
static void test_news_of_others_than_the_kernel_are_not_believed(void **state)
{
	const uint32_t group = 1 << (SKNLGRP_INET_UDP_DESTROY - 1);
	struct fixture f = { 0 };
	unsigned int refused = 0;
	uint64_t stays, goes;
	int from, one, other;

	begin(&f);
	one = udp_socket();
	other = udp_socket();
	stays = cookie_of(one);
	goes = cookie_of(other);
	from = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	assert_true(from >= 0);
	assert_int_equal(lie_to_all(from, stays, NEWS_OCTETS, &refused), 1); /* the news */
	assert_int_equal(refused, 1);                                        /* the questions */
	assert_int_equal(lie(from, 0, group, stays, NEWS_OCTETS), 0);
	assert_int_equal(lie(from, 0, group, stays, UINT32_MAX), 0); /* has no end for libmnl */
	close(other);
	while (!has_gone(&f, goes)) {
		struct pollfd news = { .fd = f.watches.epoll, .events = POLLIN };

		assert_int_equal(poll(&news, 1, WITHIN_MS), 1);
		socket_watches_ready(&f.watches);
	}
	assert_false(has_gone(&f, stays));
	close(from);
	close(one);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_a_loss_one_dump_that_lacks_a_socket_is_not_believed),
		cmocka_unit_test(test_news_of_others_than_the_kernel_are_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
