/* SPDX-License-Identifier: BSD-2-Clause */
/* namespaces_test.c - what we have in a network namespace does not keep it alive */
#include "keeper/test_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/cleanup.h"

/* Two of the keeper's looks, and what the engine takes: after that, what is still there is kept. */
#define WITHIN_MS 1000
/* What must go may take longer on a busy machine. */
#define AT_MOST_MS 60000
#define LOOK_MS    20

struct fixture {
	struct test_daemon daemon;
};

static int start(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || geteuid() != 0)
		return 0;
	return test_daemon_start(&f->daemon) ? 0 : -1;
}

static int stop(void **state)
{
	struct fixture *f = *state;
	int status = f->daemon.pid > 0 ? test_daemon_stop(&f->daemon) : 0;

	free(f);
	return status;
}

static void need_root(void)
{
	if (geteuid() != 0) {
		print_message("# needs root: namespaces are made\n");
		skip();
	}
}

static void sleep_ms(int ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}

/* A process of its own in a new namespace, with an endpoint and a device there; ends when told. */
struct tenant {
	pid_t pid;
	int tell;
	ino_t netns;
};

static void tenant_main(const struct test_daemon *d, enum order_kind first, int told, int ready)
{
	struct order endpoint = { .kind = ORDER_ENDPOINT, .endpoint = { .protocol = IPPROTO_UDP } };
	struct order device = { .kind = ORDER_DEVICE, .mtu.otherwise_bytes = 1446 };
	struct order order = { .kind = first };
	struct result a, b;
	struct stat st;
	int connection;
	char c;

	endpoint.endpoint.local.v4.sin_family = AF_INET;
	if (unshare(CLONE_NEWNET) < 0)
		_exit(1);
	connection = test_connect(d);
	test_order(connection, &order, &a);
	if (!test_order(connection, &endpoint, &a) || a.err ||
	    !test_order(connection, &device, &b) || b.err)
		_exit(2);
	close(connection);
	stat("/proc/self/ns/net", &st);
	if (write(ready, &st.st_ino, sizeof(st.st_ino)) < 0 || read(told, &c, 1) < 0)
		_exit(3);
	_exit(0);
}

/* @first: what the engine is told before */
static struct tenant tenant_start(const struct test_daemon *d, enum order_kind first)
{
	struct tenant t = { 0 };
	int told[2], ready[2];

	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	fflush(NULL);
	t.pid = fork();
	if (t.pid == 0) {
		close(told[1]);
		tenant_main(d, first, told[0], ready[1]);
	}
	close(told[0]);
	close(ready[1]);
	t.tell = told[1];
	assert_int_equal(read(ready[0], &t.netns, sizeof(t.netns)), sizeof(t.netns));
	close(ready[0]);
	return t;
}

static void tenant_stop(struct tenant *t)
{
	close(t->tell);
	assert_int_equal(waitpid(t->pid, NULL, 0), t->pid);
}

static bool ask_what_is_held(struct fixture *f, struct result *ret)
{
	struct order order = { .kind = ORDER_RESUMED };
	AUTO_FD connection = test_connect(&f->daemon);

	return test_order(connection, &order, ret);
}

/* An engine that is about to die answers nobody; the next one does. */
static struct result count_objects(struct fixture *f)
{
	struct result r;

	for (int ms = 0; !ask_what_is_held(f, &r); ms += LOOK_MS) {
		assert_true(ms < AT_MOST_MS);
		sleep_ms(LOOK_MS);
	}
	return r;
}

/* How much the keeper holds, once that is nothing, or when all patience is at its end. */
static uint32_t held_at_last(struct fixture *f)
{
	uint32_t held = count_objects(f).held;

	for (int ms = 0; held && ms < AT_MOST_MS; ms += LOOK_MS) {
		sleep_ms(LOOK_MS);
		held = count_objects(f).held;
	}
	return held;
}

/* Crash the engine: what the next one finds is what the keeper still has. */
static uint32_t objects_left(struct fixture *f)
{
	struct order crash = { .kind = ORDER_CRASH };
	uint32_t engines = count_objects(f).engines;
	AUTO_FD connection = test_connect(&f->daemon);
	struct result r;

	test_order(connection, &crash, &r);
	for (int ms = 0; ms < AT_MOST_MS; ms += LOOK_MS) {
		struct order order = { .kind = ORDER_RESUMED };
		AUTO_FD again = test_connect(&f->daemon);

		if (again >= 0 && test_order(again, &order, &r) && r.engines > engines)
			return r.count;
		sleep_ms(LOOK_MS);
	}
	fail();
	return 0;
}

/* Requirements: TUN-12, TUN-47 */
static void test_goes_with_its_last_process(void **state)
{
	struct fixture *f = *state;
	struct tenant t;

	need_root();
	t = tenant_start(&f->daemon, ORDER_WHO);
	sleep_ms(WITHIN_MS);
	assert_int_equal(count_objects(f).held, 2);
	tenant_stop(&t);
	assert_int_equal(held_at_last(f), 0);
	assert_int_equal(objects_left(f), 0);
}

static void test_mount_keeps_it(void **state)
{
	struct fixture *f = *state;
	char file[128], source[40];
	struct tenant t;
	int fd;

	need_root();
	t = tenant_start(&f->daemon, ORDER_WHO);
	snprintf(file, sizeof(file), "%s/mount", f->daemon.directory);
	snprintf(source, sizeof(source), "/proc/%d/ns/net", t.pid);
	fd = open(file, O_CREAT | O_CLOEXEC | O_RDONLY, 0600);
	close(fd);
	assert_int_equal(mount(source, file, NULL, MS_BIND, NULL), 0);
	tenant_stop(&t);
	sleep_ms(WITHIN_MS);
	assert_int_equal(count_objects(f).held, 2);
	assert_int_equal(umount2(file, MNT_DETACH), 0);
	unlink(file);
	assert_int_equal(held_at_last(f), 0);
}

/* In a mount namespace of their own @source is mounted at @file. A process there sees that; another, with a lower
 * number, has the root @empty and does not. */
static void guests_main(const char *source, const char *file, const char *empty, int told,
                        int ready)
{
	pid_t sees;
	char c;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(source, file, NULL, MS_BIND, NULL) < 0)
		_exit(1);
	sees = fork();
	if (sees == 0)
		_exit(read(told, &c, 1) < 0);
	if (sees < 0 || chroot(empty) < 0 || write(ready, "", 1) < 0 || read(told, &c, 1) < 0 ||
	    waitpid(sees, NULL, 0) < 0)
		_exit(2);
	_exit(0);
}

/* Return: the first of them; both end when @tell is closed. */
static pid_t guests_start(const struct tenant *t, const char *file, const char *empty, int *tell)
{
	int told[2], ready[2];
	char source[40], c;
	pid_t pid;

	snprintf(source, sizeof(source), "/proc/%d/ns/net", t->pid);
	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(told[1]);
		close(t->tell);
		guests_main(source, file, empty, told[0], ready[1]);
	}
	close(told[0]);
	close(ready[1]);
	*tell = told[1];
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

/* Its mountinfo has only what is below its root. */
static void test_mount_that_a_process_elsewhere_does_not_see_keeps_it(void **state)
{
	struct fixture *f = *state;
	char file[128], empty[128];
	struct tenant t;
	pid_t guests;
	int tell;

	need_root();
	t = tenant_start(&f->daemon, ORDER_WHO);
	snprintf(file, sizeof(file), "%s/mount", f->daemon.directory);
	snprintf(empty, sizeof(empty), "%s/empty", f->daemon.directory);
	close(open(file, O_CREAT | O_CLOEXEC | O_RDONLY, 0600));
	assert_int_equal(mkdir(empty, 0700), 0);
	guests = guests_start(&t, file, empty, &tell);
	tenant_stop(&t);
	sleep_ms(WITHIN_MS);
	assert_int_equal(count_objects(f).held, 2);
	close(tell);
	assert_int_equal(waitpid(guests, NULL, 0), guests);
	assert_int_equal(held_at_last(f), 0);
	unlink(file);
	rmdir(empty);
}

static void test_open_descriptor_keeps_it(void **state)
{
	struct fixture *f = *state;
	char source[40];
	struct tenant t;
	int fd;

	need_root();
	t = tenant_start(&f->daemon, ORDER_WHO);
	snprintf(source, sizeof(source), "/proc/%d/ns/net", t.pid);
	fd = open(source, O_RDONLY | O_CLOEXEC);
	tenant_stop(&t);
	sleep_ms(WITHIN_MS);
	assert_int_equal(count_objects(f).held, 2);
	close(fd);
	assert_int_equal(held_at_last(f), 0);
}

/* The keeper does not wait for an engine that does not close. */
static void test_keeper_closes_what_the_engine_does_not(void **state)
{
	struct fixture *f = *state;
	struct tenant t;

	need_root();
	t = tenant_start(&f->daemon, ORDER_IGNORE_GONE);
	tenant_stop(&t);
	sleep_ms(WITHIN_MS);
	assert_int_equal(count_objects(f).held, 2);
	assert_int_equal(objects_left(f), 0);
}

/* The next is told what this one did not live to do, or what it took up would keep the namespace. */
static void test_engine_that_dies_of_the_news(void **state)
{
	struct fixture *f = *state;
	struct tenant t;

	need_root();
	t = tenant_start(&f->daemon, ORDER_DIE_OF_GONE);
	tenant_stop(&t);
	sleep_ms(WITHIN_MS);
	assert_int_equal(held_at_last(f), 0);
	assert_int_equal(count_objects(f).engines, 2);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(test_goes_with_its_last_process),
		ONE(test_mount_keeps_it),
		ONE(test_mount_that_a_process_elsewhere_does_not_see_keeps_it),
		ONE(test_open_descriptor_keeps_it),
		ONE(test_keeper_closes_what_the_engine_does_not),
		ONE(test_engine_that_dies_of_the_news),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
