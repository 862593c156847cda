/* SPDX-License-Identifier: BSD-2-Clause */
/* host_cgroups_test.c - control groups are looked at, and nothing of the host's is another afterwards
 *
 * The hierarchy is one for the whole system, so its options are set for a moment and put back.
 */
#include "keeper/host_cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

struct mounted {
	char at[256], options[256];
};

/* Where the hierarchy is mounted last, and what holds for it. */
static bool find(struct mounted *ret)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char line[4096];
	bool found = false;

	while (mounts && fgets(line, sizeof(line), mounts)) {
		const char *kind = strstr(line, " - cgroup2 ");

		if (kind && sscanf(line, "%*s %*s %*s / %255s", ret->at) == 1 &&
		    sscanf(kind, " - cgroup2 %*s %255s", ret->options) == 1)
			found = true;
	}
	if (mounts)
		fclose(mounts);
	return found;
}

static void options_set(const struct mounted *m, const char *options)
{
	/* "rw" is no option of the hierarchy's. */
	const char *own = strchr(options, ',');

	assert_int_equal(mount(NULL, m->at, NULL, MS_REMOUNT, own ? own + 1 : NULL), 0);
}

static int look(void)
{
	struct host_cgroups c;
	bool seen;

	host_cgroups_open(&c);
	host_cgroups_look(&c);
	seen = c.there && c.err == 0 && host_cgroups_verdict(&c, 0) != FAST_UNWATCHABLE;
	host_cgroups_close(&c);
	return seen ? 0 : 1;
}

/* As in some containers. */
static int look_where_none_is_mounted(void)
{
	char before[64] = "", after[64] = "";
	struct mounted m;

	if (unshare(CLONE_NEWNS) < 0)
		return 2;
	while (find(&m))
		if (umount2(m.at, MNT_DETACH) < 0)
			return 3;
	if (readlink("/proc/self/ns/cgroup", before, sizeof(before) - 1) < 0 || look() != 0)
		return 4;
	return readlink("/proc/self/ns/cgroup", after, sizeof(after) - 1) < 0 ||
	                       strcmp(before, after) != 0
	               ? 5
	               : 0;
}

/* One group of it, mounted over the whole, is not taken for the whole. 1: no group can be made here */
static int look_where_a_group_hides_it(void)
{
	struct host_cgroups c;
	struct mounted m;
	char group[300];
	struct stat hides, seen = { 0 };
	int result = 2;

	if (!find(&m) || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 2;
	snprintf(group, sizeof(group), "%s/ul2tp-hides-%d", m.at, getpid());
	if (mkdir(group, 0700) < 0)
		return 1;
	host_cgroups_open(&c);
	if (stat(group, &hides) == 0 && mount(group, m.at, NULL, MS_BIND, NULL) == 0) {
		host_cgroups_look(&c);
		fstat(c.root, &seen);
		result = c.err || seen.st_ino == hides.st_ino ? 3 : 0;
		umount2(m.at, MNT_DETACH);
	}
	host_cgroups_close(&c);
	rmdir(group);
	return result;
}

static int in_child(int (*does)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(does());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void the_hosts_mount_stays_as_it_is(void **state)
{
	struct mounted was, during, after;
	char wanted[300];
	int seen, seen_apart, lock;

	if (geteuid() != 0 || !find(&was)) {
		print_message("# needs root, and the unified hierarchy\n");
		skip();
	}
	/* Until this program has ended: beside another one of them. */
	lock = open(was.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	assert_true(find(&was));
	/* What else a mount says is that of a copy. */
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	snprintf(wanted, sizeof(wanted), "%s,nsdelegate", was.options);
	options_set(&was, strstr(was.options, "nsdelegate") ? was.options : wanted);
	assert_true(find(&during));
	seen = in_child(look);
	seen_apart = in_child(look_where_none_is_mounted);
	assert_true(find(&after));
	options_set(&was, was.options);
	if (!strstr(during.options, "nsdelegate")) {
		print_message("# needs the system's own control group namespace\n");
		skip();
	}
	assert_int_equal(seen, 0);
	assert_int_equal(seen_apart, 0);
	assert_string_equal(after.options, during.options);
}

static void a_group_that_hides_the_hierarchy_is_not_it(void **state)
{
	int result = geteuid() == 0 ? in_child(look_where_a_group_hides_it) : 1;

	if (result == 1) {
		print_message("# needs root, and a hierarchy in which groups can be made\n");
		skip();
	}
	assert_int_equal(result, 0);
}

static bool be_in(const char *group)
{
	char path[700];
	FILE *members;
	bool written;

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	members = fopen(path, "we");
	if (!members)
		return false;
	written = fputs("0", members) >= 0;
	return fclose(members) == 0 && written;
}

static int leave_a_group_that_goes(void)
{
	struct mounted m;
	struct host_cgroups c;
	char home[600], group[640];
	enum fast_reason there, gone;

	host_cgroups_open(&c);
	host_cgroups_look(&c);
	if (!find(&m) || c.err || !c.there)
		return 1;
	snprintf(home, sizeof(home), "%s%.300s", m.at, c.own);
	snprintf(group, sizeof(group), "%s/ul2tp-test-%d", home, getpid());
	if (mkdir(group, 0700) < 0)
		return 1;
	if (!be_in(group)) {
		rmdir(group);
		return 1;
	}
	host_cgroups_look(&c);
	there = host_cgroups_verdict(&c, 0);
	if (!be_in(home) || rmdir(group) < 0)
		return 2;
	host_cgroups_look(&c);
	gone = host_cgroups_verdict(&c, 0);
	host_cgroups_close(&c);
	return there == FAST_UNWATCHABLE || gone != there ? 3 : 0;
}

static void a_group_that_has_gone_is_as_it_was(void **state)
{
	int result = geteuid() == 0 ? in_child(leave_a_group_that_goes) : 1;

	if (result == 1) {
		print_message("# needs root, and a hierarchy in which groups can be made\n");
		skip();
	}
	assert_int_equal(result, 0);
}

/* Who lacks descriptors does not know whether there are groups. */
static void what_can_not_be_read_is_not_absent(void **state)
{
	struct rlimit was, none = { 0 };
	struct host_cgroups c;
	enum fast_reason verdict;

	host_cgroups_open(&c);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	host_cgroups_look(&c);
	verdict = host_cgroups_verdict(&c, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(c.err, -EMFILE);
	assert_int_equal(verdict, FAST_UNWATCHABLE);
	host_cgroups_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hosts_mount_stays_as_it_is),
		cmocka_unit_test(a_group_that_hides_the_hierarchy_is_not_it),
		cmocka_unit_test(a_group_that_has_gone_is_as_it_was),
		cmocka_unit_test(what_can_not_be_read_is_not_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
