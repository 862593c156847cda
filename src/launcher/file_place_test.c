/* SPDX-License-Identifier: BSD-2-Clause */
/* file_place_test.c - mounts, paths, and what they name */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "launcher/file_place.h"

static const char mountinfo[] =
	"22 27 0:21 / /proc rw,nosuid shared:12 - proc proc rw\n"
	"23 27 0:22 / /sys rw - sysfs sysfs rw\n"
	"30 23 0:7 / /sys/kernel/debug rw shared:13 master:1 - debugfs debugfs rw\n"
	"31 30 0:12 / /sys/kernel/debug/tracing rw - tracefs tracefs rw\n"
	"32 27 0:12 /events /mnt/part rw - tracefs tracefs rw\n"
	"33 27 0:12 / /mnt/with\\040blank rw - tracefs tracefs rw\n"
	"34 27 0:99 / - - proc\n"
	"35 short\n"
	"36 27 0:21 / relative rw - proc proc rw\n"
	"37 27 0:21 / /second rw - proc proc rw";

static struct mounts read_all(void)
{
	struct mounts m;

	mounts_read(reader_over(mountinfo, strlen(mountinfo)), &m);
	return m;
}

static void whole_file_systems_are_known(void **state)
{
	struct mounts m = read_all();

	assert_int_equal(m.count[MOUNT_PROC], 2);
	assert_string_equal(m.at[MOUNT_PROC][0], "/proc");
	assert_string_equal(m.at[MOUNT_PROC][1], "/second");
	assert_int_equal(m.count[MOUNT_DEBUGFS], 1);
	assert_int_equal(m.count[MOUNT_TRACEFS], 2);
	assert_string_equal(m.at[MOUNT_TRACEFS][1], "/mnt/with blank");
	mounts_default(&m);
	assert_int_equal(m.count[MOUNT_DEBUGFS], 1);
	mounts_read(reader_over("", 0), &m);
	mounts_default(&m);
	assert_string_equal(m.at[MOUNT_DEBUGFS][0], "/sys/kernel/debug");
	assert_string_equal(m.at[MOUNT_TRACEFS][0], "/sys/kernel/tracing");
	assert_int_equal(m.count[MOUNT_PROC], 0);
}

static void more_mounts_than_there_is_room_for(void **state)
{
	char many[4096] = "";
	struct mounts m;

	for (int i = 0; i < 40; i++)
		strcat(many, "1 2 0:1 / /p rw - proc p rw\n");
	mounts_read(reader_over(many, strlen(many)), &m);
	assert_int_equal(m.count[MOUNT_PROC], MOUNTS_MAX);
	memset(many, 'x', sizeof(many));
	memcpy(many, "1 2 0:1 / /", 11);
	memcpy(many + 300, " rw - proc p rw", 15);
	mounts_read(reader_over(many, 320), &m);
	assert_int_equal(m.count[MOUNT_PROC], 0); /* its path is too long */
}

static void paths_are_made_plain(void **state)
{
	static const struct {
		const char *base, *path, *plain;
	} cases[] = {
		{ "/a", "/proc/net/pppol2tp", "/proc/net/pppol2tp" },
		{ "/proc/net", "pppol2tp", "/proc/net/pppol2tp" },
		{ "/proc/net/", "./pppol2tp", "/proc/net/pppol2tp" },
		{ "/proc/sys", "..//net/./pppol2tp", "/proc/net/pppol2tp" },
		{ "/", "../../../proc//net/pppol2tp", "/proc/net/pppol2tp" },
		{ "/", "proc/net/pppol2tp/", "/proc/net/pppol2tp/" },
		{ "/", "..", "/" },
		{ "/x", "...", "/x/..." },
	};
	char plain[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(file_place_join(cases[i].base, cases[i].path, plain, sizeof(plain)));
		assert_string_equal(plain, cases[i].plain);
	}
	assert_false(file_place_join("/x", "", plain, sizeof(plain)));
	assert_false(file_place_join("/0123456789", "0123456789", plain, 22));
	assert_true(file_place_join("/0123456789", "0123456789", plain, 23));
}

static void what_paths_name(void **state)
{
	static const struct {
		const char *path;
		enum file_kind kind;
		const char *task, *event;
	} cases[] = {
		{ "/proc/net/pppol2tp", FILE_PPPOL2TP, "", "" },
		{ "/second/net/pppol2tp", FILE_PPPOL2TP, "", "" },
		{ "/proc/self/net/pppol2tp", FILE_PPPOL2TP, "", "" },
		{ "/proc/thread-self/net/pppol2tp", FILE_PPPOL2TP, "", "" },
		{ "/proc/12/net/pppol2tp", FILE_PPPOL2TP, "12", "" },
		{ "/proc/12/task/13/net/pppol2tp", FILE_PPPOL2TP, "12/task/13", "" },
		{ "/proc/self/task/13/net/pppol2tp", FILE_PPPOL2TP, "13", "" },
		{ "/proc/1234567890/task/1234567890/net/pppol2tp", FILE_PPPOL2TP,
		  "1234567890/task/1234567890", "" },
		{ "/proc/12345678901/net/pppol2tp", FILE_NONE, "", "" },
		{ "/proc/x/net/pppol2tp", FILE_NONE, "", "" },
		{ "/proc/net/pppol2tp/", FILE_NONE, "", "" },
		{ "/proc/net/pppol2tpx", FILE_NONE, "", "" },
		{ "/procnet/pppol2tp", FILE_NONE, "", "" },
		{ "/tmp/net/pppol2tp", FILE_NONE, "", "" },
		{ "/sys/kernel/debug/l2tp/tunnels", FILE_TUNNELS, "", "" },
		{ "/sys/kernel/tracing/l2tp/tunnels", FILE_NONE, "", "" },
		{ "/sys/kernel/debug/tracing/trace_pipe", FILE_TRACE_PIPE, "", "" },
		{ "/mnt/with blank/trace_pipe", FILE_TRACE_PIPE, "", "" },
		{ "/mnt/part/l2tp/enable", FILE_NONE, "", "" },
		{ "/sys/kernel/debug/tracing/events/l2tp/enable", FILE_ENABLE_ALL, "", "" },
		{ "/mnt/with blank/events/l2tp/free_tunnel/enable", FILE_ENABLE, "",
		  "free_tunnel" },
		{ "/mnt/with blank/events/l2tp/free_tunnel/format", FILE_FORMAT, "",
		  "free_tunnel" },
		{ "/mnt/with blank/events/l2tp/free_tunnel/filter", FILE_NONE, "", "" },
		{ "/mnt/with blank/events/l2tp/no_such/enable", FILE_NONE, "", "" },
		{ "/mnt/with blank/events/sched/enable", FILE_NONE, "", "" },
	};
	struct mounts m = read_all();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct file_place place = file_place_find(&m, cases[i].path);

		if (place.kind != cases[i].kind)
			fail_msg("%s is %d", cases[i].path, place.kind);
		if (place.kind == FILE_NONE)
			continue;
		assert_true(file_place_possible(cases[i].path));
		assert_string_equal(place.task, cases[i].task);
		assert_string_equal(place.event, cases[i].event);
	}
}

static void most_paths_are_none(void **state)
{
	assert_true(file_place_possible("pppol2tp"));
	assert_false(file_place_possible("/etc/passwd"));
	assert_false(file_place_possible("/proc/net/pppol2tp/"));
	assert_false(file_place_possible(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_file_systems_are_known),
		cmocka_unit_test(more_mounts_than_there_is_room_for),
		cmocka_unit_test(paths_are_made_plain),
		cmocka_unit_test(what_paths_name),
		cmocka_unit_test(most_paths_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
