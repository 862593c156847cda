/* SPDX-License-Identifier: BSD-2-Clause */
/* unix_list_test.c - which Unix sockets there are, asked while they come and go */
#include "launcher/unix_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/monotonic.h"
#include "launcher/launcher.h"

#define PATIENCE_MS 10000

static ino_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

/* Until the list was read after now; what is asked with the time that is returned is then answered by it. */
static unsigned long long list_renewed(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const ino_t ino = inode_of(fd);
	unsigned long long closed_ms;

	close(fd);
	closed_ms = monotonic_ms();
	while (!unix_list_lacks(ino, closed_ms + 1)) {
		assert_true(monotonic_ms() - closed_ms < PATIENCE_MS);
		usleep(1000);
	}
	return closed_ms + 1;
}

static void one_that_is_there_is_not_lacked(void **state)
{
	unsigned long long since_ms;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	since_ms = list_renewed();
	for (int i = 0; i < 2; i++)
		assert_false(unix_list_lacks(inode_of(pair[i]), since_ms));
	close(pair[0]);
	close(pair[1]);
}

/* A list that was read before the question says nothing. */
static void one_that_was_closed_is_lacked_by_a_newer_list(void **state)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const ino_t ino = inode_of(fd);
	unsigned long long closed_ms;

	assert_false(unix_list_lacks(ino, list_renewed()));
	close(fd);
	closed_ms = monotonic_ms();
	assert_false(unix_list_lacks(ino, closed_ms + PATIENCE_MS));
	while (!unix_list_lacks(ino, closed_ms + 1))
		assert_true(monotonic_ms() - closed_ms < PATIENCE_MS);
}

/* A program that opens and closes all the time does not have thousands of lines read as often. */
static void for_one_that_is_younger_it_is_not_read_early(void **state)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const ino_t ino = inode_of(fd);
	unsigned long long read_ms;
	bool lacks;

	list_renewed();
	read_ms = monotonic_ms();
	close(fd);
	lacks = unix_list_lacks(ino, monotonic_ms());
	if (monotonic_ms() - read_ms < 900) /* else it may have been time */
		assert_false(lacks);
}

static void of_many_each_is_found(void **state)
{
	unsigned long long since_ms;
	int fds[600];

	for (int i = 0; i < 600; i++)
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	since_ms = list_renewed();
	for (int i = 0; i < 600; i += 7)
		assert_false(unix_list_lacks(inode_of(fds[i]), since_ms));
	for (int i = 0; i < 600; i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_is_there_is_not_lacked),
		cmocka_unit_test(one_that_was_closed_is_lacked_by_a_newer_list),
		cmocka_unit_test(for_one_that_is_younger_it_is_not_read_early),
		cmocka_unit_test(of_many_each_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
