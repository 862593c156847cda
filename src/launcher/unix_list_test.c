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

#include "launcher/launcher.h"

#define PATIENCE_MS 10000

static ino_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void one_that_is_there_is_not_lacked(void **state)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	for (int i = 0; i < 2; i++)
		assert_false(unix_list_lacks(inode_of(pair[i]), launcher_now_ms() + 1));
	close(pair[0]);
	close(pair[1]);
}

/* A list that was read before the question says nothing. */
static void one_that_was_closed_is_lacked_by_a_newer_list(void **state)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const ino_t ino = inode_of(fd);
	unsigned long long closed_ms;

	assert_false(unix_list_lacks(ino, launcher_now_ms() + 1));
	close(fd);
	closed_ms = launcher_now_ms();
	assert_false(unix_list_lacks(ino, closed_ms + PATIENCE_MS));
	while (!unix_list_lacks(ino, closed_ms + 1))
		assert_true(launcher_now_ms() - closed_ms < PATIENCE_MS);
}

static void of_many_each_is_found(void **state)
{
	int fds[600];

	for (int i = 0; i < 600; i++)
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (int i = 0; i < 600; i += 7)
		assert_false(unix_list_lacks(inode_of(fds[i]), launcher_now_ms() + 1));
	for (int i = 0; i < 600; i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_is_there_is_not_lacked),
		cmocka_unit_test(one_that_was_closed_is_lacked_by_a_newer_list),
		cmocka_unit_test(of_many_each_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
