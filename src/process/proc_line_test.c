/* SPDX-License-Identifier: BSD-2-Clause */
/* proc_line_test.c - lines as the kernel writes them, also of names that somebody chose to deceive */
#include "process/proc_line.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct reader over(const char *text)
{
	return reader_over(text, strlen(text));
}

static void mounts(void **state)
{
	struct mount_line m;
	char path[64];

	assert_true(mount_line_read(
		over("36 35 98:0 / /sys/fs/a\\040b rw,nosuid - cgroup2 cgroup2 rw\n"), &m));
	assert_int_equal(m.id, 36);
	assert_true(proc_word_is(m.root, "/") && proc_word_is(m.kind, "cgroup2"));
	assert_true(mount_path_read(m.place, path, sizeof(path)));
	assert_string_equal(path, "/sys/fs/a b");
	assert_false(mount_path_read(m.place, path, strlen(path)));
	assert_true(mount_line_read(
		over("3 2 0:4 net:[4026532177] /run/netns/a rw shared:1 master:2 - nsfs nsfs rw"),
		&m));
	assert_int_equal(proc_netns_number(m.root), 4026532177);
}

/* A name is at its place alone. */
static void mounts_that_are_named_like_others(void **state)
{
	struct mount_line m;

	assert_true(mount_line_read(
		over("36 35 98:0 / /a\\040-\\040cgroup2\\040 rw - tmpfs - cgroup2 rw"), &m));
	assert_true(proc_word_is(m.kind, "tmpfs"));
	assert_true(
		mount_line_read(over("36 35 98:0 /net:[7] /net:[7] rw - tmpfs net:[7] rw"), &m));
	assert_int_equal(proc_netns_number(m.root), 0);
	assert_true(mount_line_read(over("36 35 98:0 / /a rw shared:1"), &m));
	assert_true(proc_word_is(m.kind, ""));
}

static void what_is_no_line_of_a_mount(void **state)
{
	struct mount_line m;

	assert_false(mount_line_read(over(""), &m));
	assert_false(mount_line_read(over("\n"), &m));
	assert_false(mount_line_read(over("36 35 98:0 /"), &m));
	assert_false(mount_line_read(over("36 35 98:0 / \n/a rw - tmpfs"), &m));
	assert_false(mount_line_read(over("a 35 98:0 / /a rw - tmpfs a rw"), &m));
	assert_false(
		mount_line_read(over("99999999999999999999 35 98:0 / /a rw - tmpfs a rw"), &m));
}

static void numbers_of_namespaces(void **state)
{
	assert_int_equal(proc_netns_number(over("net:[18446744073709551615]")), UINT64_MAX);
	assert_int_equal(proc_netns_number(over("net:[18446744073709551616]")), 0);
	assert_int_equal(proc_netns_number(over("net:[7")), 0);
	assert_int_equal(proc_netns_number(over("net:[]")), 0);
	assert_int_equal(proc_netns_number(over("net:[-7]")), 0);
	assert_int_equal(proc_netns_number(over("net:[7]/a")), 0);
	assert_int_equal(proc_netns_number(over("mnt:[7]")), 0);
}

static void groups(void **state)
{
	char path[16] = "";

	assert_int_equal(group_line_path(over("0::/a:0::/b c\n"), path, sizeof(path)), 1);
	assert_string_equal(path, "/a:0::/b c");
	assert_int_equal(group_line_path(over("0::/\n"), path, sizeof(path)), 1);
	assert_string_equal(path, "/");
	assert_int_equal(group_line_path(over("10::/a\n"), path, sizeof(path)), 0);
	assert_int_equal(group_line_path(over("1:name=0::/a\n"), path, sizeof(path)), 0);
	assert_int_equal(group_line_path(over("0::"), path, sizeof(path)), 0);
	assert_int_equal(group_line_path(over("0::/345678901234\n"), path, sizeof(path)), 1);
	assert_int_equal(group_line_path(over("0::/34567890123456\n"), path, sizeof(path)), 1);
	assert_int_equal(group_line_path(over("0::/345678901234567\n"), path, sizeof(path)),
	                 -E2BIG);
}

static void processes(void **state)
{
	assert_int_equal(pidfd_line_pid(over("Pid:\t2147483647\n")), INT32_MAX);
	assert_int_equal(pidfd_line_pid(over("Pid:\t2147483648\n")), 0);
	assert_int_equal(pidfd_line_pid(over("Pid:\t-1\n")), 0);
	assert_int_equal(pidfd_line_pid(over("Pid:\t7")), 0); /* it may go on */
	assert_int_equal(pidfd_line_pid(over("NSpid:\t7\n")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts),
		cmocka_unit_test(mounts_that_are_named_like_others),
		cmocka_unit_test(what_is_no_line_of_a_mount),
		cmocka_unit_test(numbers_of_namespaces),
		cmocka_unit_test(groups),
		cmocka_unit_test(processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
