/* SPDX-License-Identifier: BSD-2-Clause */
/* run_test.c - how a keeper starts and ends: its socket, its engines */
#include "keeper/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "keeper/layout.h"
#include "keeper/listener.h"
#include "keeper/records.h"
#include "keeper/slots.h"
#include "keeper/upgrade.h"

/* Of all processes: how much later it is than it is, and how often an engine was started. */
static struct story {
	atomic_uint_least64_t later_ms;
	atomic_uint engines;
	atomic_bool
		waits; /* whoever polls waits as long as he says: time passes as the story has it */
} * story;

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int err = __real_clock_gettime(clock, now);
	uint64_t ms = story ? atomic_load(&story->later_ms) : 0;
	long ns = now->tv_nsec + (long)(ms % 1000) * 1000000;

	now->tv_sec += (time_t)(ms / 1000) + ns / 1000000000;
	now->tv_nsec = ns % 1000000000;
	return err;
}

/* In a story nobody waits: time passes instead. */
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	bool waits = !story || atomic_load(&story->waits) || timeout_ms < 0;
	int n = __real_poll(fds, count, waits ? timeout_ms : 0);

	if (n == 0 && !waits)
		atomic_fetch_add(&story->later_ms, (uint64_t)timeout_ms);
	return n;
}

#define HEIR_ENDED 7 /* status of the keeper that has taken over */

struct place {
	char directory[64], path[96];
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	*state = p;
	if (!p)
		return -1;
	snprintf(p->directory, sizeof(p->directory), "/tmp/ul2tp-run-XXXXXX");
	if (!mkdtemp(p->directory))
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/socket", p->directory);
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;

	unlink(p->path);
	rmdir(p->directory);
	free(p);
	return 0;
}

static int crash(const struct keeper_start *start, void *arg)
{
	raise(SIGKILL);
	return 0;
}

static int end_at_once(const struct keeper_start *start, void *arg)
{
	return 0;
}

/* Ends only when it is killed. */
static int hang(const struct keeper_start *start, void *arg)
{
	if (write(STDIN_FILENO, "x", 1) == 1)
		for (;;)
			pause();
	return 0;
}

/* What this program is started with, be it to take over from a keeper of its own. */
static char **arguments;

static int keep(const char *path, int (*engine)(const struct keeper_start *start, void *arg),
                void *arg)
{
	struct keeper_options options = {
		.socket_path = path, .max_tunnels = 8, .max_sessions = 8, .argv = arguments
	};

	return keeper_run(&options, engine, arg);
}

static pid_t run(const struct place *p, int (*engine)(const struct keeper_start *start, void *arg),
                 void *arg)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(keep(p->path, engine, arg));
	return pid;
}

static int exit_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_engine_that_dies_again_and_again_ends_it(void **state)
{
	struct place *p = *state;
	struct stat st;

	assert_int_equal(exit_status(run(p, crash, NULL)), EXIT_FAILURE);
	assert_int_equal(stat(p->path, &st), -1);
}

static void test_engine_that_ends_well_ends_it_well(void **state)
{
	assert_int_equal(exit_status(run(*state, end_at_once, NULL)), EXIT_SUCCESS);
}

static void test_engine_that_hangs_is_killed(void **state)
{
	int ready[2], stdin_before;
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	/* Of the descriptors of its parent an engine has only the first three. */
	stdin_before = dup(STDIN_FILENO);
	assert_int_equal(dup2(ready[1], STDIN_FILENO), STDIN_FILENO);
	pid = run(*state, hang, NULL);
	assert_int_equal(dup2(stdin_before, STDIN_FILENO), STDIN_FILENO);
	close(stdin_before);
	assert_int_equal(read(ready[0], &c, 1), 1);
	kill(pid, SIGTERM);
	assert_int_equal(exit_status(pid), EXIT_SUCCESS);
	close(ready[0]);
	close(ready[1]);
}

static int make_story(void **state)
{
	void *shared = mmap(NULL, sizeof(*story), PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED || make_place(state) < 0)
		return -1;
	story = shared;
	return 0;
}

static int remove_story(void **state)
{
	munmap(story, sizeof(*story));
	story = NULL;
	return remove_place(state);
}

static int end_badly(const struct keeper_start *start, void *arg)
{
	atomic_fetch_add(&story->engines, 1);
	return EXIT_FAILURE;
}

/* It is tried for five seconds. */
static void test_engine_that_can_not_start_ends_it_later(void **state)
{
	assert_int_equal(exit_status(run(*state, end_badly, NULL)), EXIT_FAILURE);
	assert_int_equal(atomic_load(&story->engines), 21);
}

static int end_badly_later(const struct keeper_start *start, void *arg)
{
	atomic_fetch_add(&story->later_ms, 10001);
	return atomic_fetch_add(&story->engines, 1) < 50 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Those before had started. */
static void test_engine_that_fails_after_a_while_is_always_replaced(void **state)
{
	assert_int_equal(exit_status(run(*state, end_badly_later, NULL)), EXIT_SUCCESS);
	assert_int_equal(atomic_load(&story->engines), 51);
}

static enum keeper_event_kind next_event(const struct keeper_start *start)
{
	struct pollfd ready = { .fd = keeper_event_fd(start->keeper), .events = POLLIN };
	struct keeper_event event;

	while (keeper_event_read(start->keeper, &event) == 0)
		poll(&ready, 1, -1);
	return event.kind;
}

static void wait_for(unsigned int engines)
{
	while (atomic_load(&story->engines) < engines)
		__real_poll(NULL, 0, 1);
}

/* It is told, and does not pause. */
static int do_not_pause(const struct keeper_start *start, void *arg)
{
	atomic_store(&story->engines, 1);
	if (next_event(start) != KEEPER_EVENT_UPGRADE)
		return EXIT_FAILURE;
	atomic_store(&story->engines, 2);
	return next_event(start) == KEEPER_EVENT_YIELD ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void test_upgrade_does_not_wait_for_an_engine_that_hangs(void **state)
{
	unsigned int seconds = 0;
	int status;
	pid_t pid;

	atomic_store(&story->waits, true);
	pid = run(*state, do_not_pause, NULL);
	wait_for(1);
	kill(pid, SIGUSR2);
	wait_for(2);
	for (; waitpid(pid, &status, WNOHANG) == 0; seconds++) {
		assert_true(seconds < 100);
		atomic_fetch_add(&story->later_ms, 1000);
		kill(pid, SIGHUP); /* it looks at the time */
		__real_poll(NULL, 0, 10);
	}
	assert_true(seconds >= 5);
	assert_int_equal(WEXITSTATUS(status), HEIR_ENDED);
}

static int ask_when_it_is_to_end(const struct keeper_start *start, void *arg)
{
	struct extack ea = { 0 };

	atomic_store(&story->engines, 1);
	if (next_event(start) == KEEPER_EVENT_STOP &&
	    keeper_upgrade(start->keeper, &ea) == -ESHUTDOWN &&
	    !strcmp(ea.text, "ul2tpd is about to end"))
		atomic_store(&story->engines, 2);
	return EXIT_SUCCESS;
}

static void test_upgrade_is_refused_by_one_that_ends(void **state)
{
	pid_t pid;

	atomic_store(&story->waits, true);
	pid = run(*state, ask_when_it_is_to_end, NULL);
	wait_for(1);
	kill(pid, SIGTERM);
	assert_int_equal(exit_status(pid), EXIT_SUCCESS);
	assert_int_equal(atomic_load(&story->engines), 2);
}

static int answer_at_the_third(const struct keeper_start *start, void *arg)
{
	if (atomic_fetch_add(&story->engines, 1) < 2)
		return EXIT_FAILURE;
	keeper_ready(start->keeper);
	return EXIT_SUCCESS;
}

/* What a service manager was told while one ran. */
static void assert_told(const struct place *p, int (*engine)(const struct keeper_start *, void *),
                        const char *const *expected)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", p->directory);
	assert_int_equal(bind(manager, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	exit_status(run(p, engine, NULL));
	unsetenv("NOTIFY_SOCKET");
	for (; *expected; expected++) {
		char text[64] = { 0 };

		assert_true(recv(manager, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
		assert_string_equal(text, *expected);
	}
	unlink(address.sun_path);
	close(manager);
}

static void test_it_is_ready_when_an_engine_answers(void **state)
{
	static const char *const when_it_does[] = { "READY=1", "STOPPING=1", NULL };
	static const char *const never[] = { "STOPPING=1", NULL };

	assert_told(*state, answer_at_the_third, when_it_does);
	assert_int_equal(atomic_load(&story->engines), 3);
	assert_told(*state, end_badly, never);
}

static void test_socket_is_open_to_all_and_goes_at_the_end(void **state)
{
	struct place *p = *state;
	struct listener l;
	struct stat st;

	assert_int_equal(listener_open(&l, p->path), 0);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	listener_close(&l);
	assert_int_equal(stat(p->path, &st), -1);
}

static void test_socket_in_use_is_left_alone(void **state)
{
	struct place *p = *state;
	struct listener first, second;
	struct stat st;

	assert_int_equal(listener_open(&first, p->path), 0);
	assert_int_equal(listener_open(&second, p->path), -EADDRINUSE);
	assert_int_equal(stat(p->path, &st), 0);
	listener_close(&first);
}

static void test_stale_socket_is_replaced(void **state)
{
	struct place *p = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct listener l;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", p->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_int_equal(listener_open(&l, p->path), 0);
	listener_close(&l);
}

#define RIVALS 4
#define ROUNDS 40

/* All begin when @gate is closed, and tell whether they have got it; whoever has keeps it. */
static pid_t rival(const char *path, const int gate[2], int tell)
{
	pid_t pid = fork();
	struct listener l;
	bool has;
	char c;

	if (pid != 0)
		return pid;
	close(gate[1]);
	has = read(gate[0], &c, 1) == 0 && listener_open(&l, path) == 0;
	while (write(tell, has ? "1" : "0", 1) == 1)
		pause();
	_exit(EXIT_FAILURE);
}

static bool someone_listens(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int err;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	err = connect(fd, (struct sockaddr *)&address, sizeof(address));
	close(fd);
	return err == 0;
}

/* Where a dead one has left its socket: the one of the round before. */
static void compete(const struct place *p)
{
	int gate[2], told[2], winners = 0;
	pid_t rivals[RIVALS];
	char has;

	assert_int_equal(pipe(gate), 0);
	assert_int_equal(pipe(told), 0);
	fflush(NULL);
	for (size_t i = 0; i < RIVALS; i++)
		rivals[i] = rival(p->path, gate, told[1]);
	close(gate[0]);
	close(gate[1]);
	for (size_t i = 0; i < RIVALS; i++) {
		assert_int_equal(read(told[0], &has, 1), 1);
		winners += has == '1';
	}
	close(told[0]);
	close(told[1]);
	has = someone_listens(p->path);
	for (size_t i = 0; i < RIVALS; i++) {
		kill(rivals[i], SIGKILL);
		assert_int_equal(waitpid(rivals[i], NULL, 0), rivals[i]);
	}
	assert_int_equal(winners, 1);
	assert_true(has);
}

static void test_one_of_several_gets_a_stale_socket(void **state)
{
	for (int round = 0; round < ROUNDS; round++)
		compete(*state);
}

static void test_other_file_is_not_replaced(void **state)
{
	struct place *p = *state;
	int fd = open(p->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	struct listener l;
	struct stat st;

	close(fd);
	assert_true(listener_open(&l, p->path) < 0);
	assert_int_equal(stat(p->path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void test_records_have_bounds(void **state)
{
	struct records *r = calloc(1, records_size(2, 3));

	assert_non_null(r);
	r->max_tunnels = 2;
	r->max_sessions = 3;
	assert_non_null(records_tunnel(r, 1));
	assert_null(records_tunnel(r, 2));
	assert_non_null(records_session(r, 2));
	assert_null(records_session(r, 3));
	assert_ptr_equal(records_session(r, 2) + 1, records_file(r, 0));
	assert_ptr_equal(records_file(r, 11) + 1, records_unit(r, 0));
	assert_null(records_file(r, 12));
	assert_null(records_unit(r, 3));
	assert_ptr_equal(records_unit(r, 2) + 1, records_unit_filters(r, 0));
	assert_null(records_unit_filters(r, 3));
	assert_int_equal((char *)(records_unit_filters(r, 2) + 1) - (char *)r, records_size(2, 3));
	free(r);
}

static void test_slots_are_bounded_and_used_again(void **state)
{
	struct slots s = { .max = 70 };
	uint32_t slot;
	int object;

	for (uint32_t i = 0; i < 70; i++) {
		assert_int_equal(slots_add(&s, &object, &slot), 0);
		assert_int_equal(slot, i);
	}
	assert_int_equal(slots_add(&s, &object, &slot), -ENFILE);
	assert_ptr_equal(slots_remove(&s, 3), &object);
	assert_null(slots_get(&s, 3));
	assert_null(slots_get(&s, UINT32_MAX));
	assert_null(slots_remove(&s, 3));
	assert_int_equal(slots_add(&s, &object, &slot), 0);
	assert_int_equal(slot, 3);
	free(s.at);
}

#define TOLD(test)   cmocka_unit_test_setup_teardown(test, make_story, remove_story)
#define PLACED(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

/* The keeper that takes over, at @path; or whether it could. */
static int take_over(const char *path)
{
	char text[LAYOUT_TEXT_MAX];

	if (getenv("UL2TP_BEQUEST"))
		return keep(path, end_at_once, NULL) == EXIT_SUCCESS ? HEIR_ENDED : EXIT_FAILURE;
	layout_text(text);
	puts(text);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		PLACED(test_engine_that_dies_again_and_again_ends_it),
		PLACED(test_engine_that_ends_well_ends_it_well),
		PLACED(test_engine_that_hangs_is_killed),
		TOLD(test_engine_that_can_not_start_ends_it_later),
		TOLD(test_engine_that_fails_after_a_while_is_always_replaced),
		TOLD(test_upgrade_does_not_wait_for_an_engine_that_hangs),
		TOLD(test_upgrade_is_refused_by_one_that_ends),
		TOLD(test_it_is_ready_when_an_engine_answers),
		PLACED(test_socket_is_open_to_all_and_goes_at_the_end),
		PLACED(test_socket_in_use_is_left_alone),
		PLACED(test_stale_socket_is_replaced),
		PLACED(test_one_of_several_gets_a_stale_socket),
		PLACED(test_other_file_is_not_replaced),
		cmocka_unit_test(test_records_have_bounds),
		cmocka_unit_test(test_slots_are_bounded_and_used_again),
	};

	arguments = argv;
	if (getenv("UL2TP_BEQUEST") || (argc > 1 && !strcmp(argv[argc - 1], UPGRADE_LAYOUT_OPTION)))
		return take_over("/nonexistent/socket");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
