/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_end_test.c - which descriptors are taken, and how many frames wait for a program */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "path/ppp_end.h"

static void only_an_end_of_a_pair_is_taken(void **state)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0ppp-end-test" };
	int pair[2], other[2], pipes[2], listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	int client = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, other), 0);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(ppp_end_check(pair[0], NULL), 0);
	assert_int_equal(ppp_end_check(other[0], NULL), -EPROTONOSUPPORT);
	assert_int_equal(ppp_end_check(pipes[0], NULL), -ENOTSOCK);
	assert_int_equal(ppp_end_check(client, NULL), -ENOTCONN);
	snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "ppp-end-test-%d", getpid());
	assert_int_equal(bind(listener, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(ppp_end_check(client, NULL), -ENOTCONN); /* that of a server */
	close(listener);
	close(client);
	for (int i = 0; i < 2; i++) {
		close(pair[i]);
		close(other[i]);
		close(pipes[i]);
	}
}

static int fill(struct ppp_end *e, size_t len)
{
	static uint8_t octets[4096];
	struct iovec pieces[] = { { octets, 2 }, { octets, len } };
	int count = 0;

	while (count < 1000 && ppp_end_write(e, pieces, 2) == 0)
		count++;
	return count;
}

static void take(int fd, int count)
{
	uint8_t octets[8192];

	for (int i = 0; i < count; i++)
		assert_true(recv(fd, octets, sizeof(octets), MSG_DONTWAIT) > 0);
}

/* Requirements: PPP-21 */
static void thirty_two_frames_wait_whatever_their_size(void **state)
{
	static const size_t sizes[] = { 1, 200, 600, 1500, 4000 };
	struct ppp_end e;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	ppp_end_open(&e, pair[0], true);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		assert_int_equal(fill(&e, sizes[i]), PPP_END_FRAMES_MAX);
		take(pair[1], 10);
		assert_int_equal(fill(&e, sizes[(i + 2) % 5]), 10);
		take(pair[1], PPP_END_FRAMES_MAX);
	}
	close(pair[1]);
	assert_int_equal(ppp_end_write(&e, &(struct iovec){ "x", 1 }, 1), -EPIPE);
	ppp_end_close(&e);
	assert_int_equal(ppp_end_write(&e, &(struct iovec){ "x", 1 }, 1), -EPIPE);
}

static void what_waits_is_read_before_the_end(void **state)
{
	struct iovec piece = { "frame", 5 };
	uint8_t octets[16];
	struct ppp_end e;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	ppp_end_open(&e, pair[0], true);
	assert_int_equal(send(pair[1], "unread", 6, 0), 6);
	assert_int_equal(ppp_end_write(&e, &piece, 1), 0);
	ppp_end_close(&e);
	assert_int_equal(recv(pair[1], octets, sizeof(octets), 0), 5);
	assert_int_equal(recv(pair[1], octets, sizeof(octets), 0), 0);
	assert_int_equal(recv(pair[1], octets, sizeof(octets), 0), 0);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_an_end_of_a_pair_is_taken),
		cmocka_unit_test(thirty_two_frames_wait_whatever_their_size),
		cmocka_unit_test(what_waits_is_read_before_the_end),
	};

	return cmocka_run_group_tests_name("ppp_end", tests, NULL, NULL);
}
