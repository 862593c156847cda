/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_list_test.c - a list that is read while sockets are closed leaves out others that are there
 *
 * The list is a file of the test's, which is written anew when a reading begins: its lseek() is the test's.
 */
#include "launcher/socket_list.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define HEAD      "sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode\n"
#define LINE(ino) "0 16 7 00000000 0 0 0 2 0 " #ino "\n"

static const char *const *texts;
static unsigned int readings;

off_t __real_lseek64(int fd, off_t offset, int whence);
off_t __wrap_lseek64(int fd, off_t offset, int whence);

off_t __wrap_lseek64(int fd, off_t offset, int whence)
{
	const char *text = texts[readings++];

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, text, strlen(text), 0), strlen(text));
	return __real_lseek64(fd, offset, whence);
}

/* What is said of the socket 12 if the readings have these. */
static int find(const char *const story[])
{
	struct socket_list list = { .fd = memfd_create("netlink", MFD_CLOEXEC),
		                    .lock = PTHREAD_MUTEX_INITIALIZER };
	struct socket_entry entry = { 0 };
	int err;

	assert_true(list.fd >= 0);
	texts = story;
	readings = 0;
	err = socket_list_find(&list, 12, &entry);
	if (err == 0)
		assert_int_equal(entry.ino, 12);
	socket_list_close(&list);
	return err;
}

static void what_one_reading_leaves_out_is_there(void **state)
{
	assert_int_equal(find((const char *const[]){ HEAD LINE(11) LINE(12) }), 0);
	assert_int_equal(readings, 1);
	assert_int_equal(find((const char *const[]){ HEAD LINE(11), HEAD LINE(12) }), 0);
	assert_int_equal(readings, 2);
	assert_int_equal(find((const char *const[]){ HEAD LINE(11), HEAD, HEAD LINE(12) }), 0);
}

static void what_no_reading_has_is_not(void **state)
{
	assert_int_equal(find((const char *const[]){ HEAD LINE(11), HEAD LINE(13), HEAD }),
	                 -ENOENT);
	assert_int_equal(readings, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_reading_leaves_out_is_there),
		cmocka_unit_test(what_no_reading_has_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
