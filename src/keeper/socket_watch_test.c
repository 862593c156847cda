/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_watch_test.c - what is believed of a kernel that lost news
 *
 * A dump that leaves out a living socket is made by one that has no port while it is read.
 */
#include "keeper/socket_watch.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
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

static const struct netns_id here = { .cookie = 1 };

struct fixture {
	struct socket_watches watches;
	ino_t stays, goes;
	unsigned int judged; /* times that left() was sure */
	bool stays_left, goes_left;
};

static void gone(void *arg, uint64_t cookie)
{
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

/* Requirements: TUN-45 */
static void test_after_a_loss_one_dump_that_lacks_a_socket_is_not_believed(void **state)
{
	struct fixture f = { 0 };
	int stays, goes;
	unsigned int looks = 0;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	socket_watches_open(&f.watches);
	f.watches.gone = gone;
	f.watches.left = left;
	f.watches.arg = &f;
	if (socket_watch_use(&f.watches, here, NULL) != 0)
		skip(); /* no udp_diag */
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
	socket_watch_release(&f.watches, here);
	socket_watches_close(&f.watches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_a_loss_one_dump_that_lacks_a_socket_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
