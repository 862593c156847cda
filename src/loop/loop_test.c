/* SPDX-License-Identifier: BSD-2-Clause */
/* loop_test.c - what is to be waited for is, as soon as the system has room for it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "loop/loop.h"

/* Of the calls to come, how many find no room. */
static int no_room;

int __real_epoll_ctl(int epoll, int what, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int what, int fd, struct epoll_event *event);

int __wrap_epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
	if (what == EPOLL_CTL_ADD && no_room > 0) {
		no_room--;
		errno = ENOSPC;
		return -1;
	}
	return __real_epoll_ctl(epoll, what, fd, event);
}

struct watched {
	struct watch watch;
	uint32_t seen;
};

static void ready(struct watch *watch, uint32_t events)
{
	char octet;

	assert_int_equal(read(watch->fd, &octet, 1), 1);
	container_of(watch, struct watched, watch)->seen |= events;
}

/* Pipes, from each of which there is something to be read. */
static void watch_all(struct loop *loop, struct watched *all, int (*pipes)[2], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		all[i] = (struct watched){ .watch.fd = -1 };
		assert_int_equal(pipe(pipes[i]), 0);
		assert_int_equal(write(pipes[i][1], "", 1), 1);
		loop_add_surely(loop, &all[i].watch, pipes[i][0], EPOLLIN, ready);
	}
}

static void test_what_finds_no_room_is_tried_again(void **state)
{
	struct loop *loop = loop_new();
	struct watched all[3];
	int pipes[3][2];

	assert_non_null(loop);
	no_room = 4; /* the three, and one once more */
	watch_all(loop, all, pipes, ARRAY_SIZE(all));
	assert_true(loop_puts_off(loop));
	loop_events(loop, &all[1].watch, EPOLLIN | EPOLLPRI);
	loop_remove(loop, &all[2].watch);
	assert_int_equal(all[2].watch.fd, -1);
	for (int i = 0; i < 10 && loop_puts_off(loop); i++)
		loop_once(loop, LOOP_AGAIN_MS);
	assert_false(loop_puts_off(loop));
	loop_once(loop, 0);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		assert_int_equal(all[i].seen, i == 2 ? 0 : EPOLLIN);
		loop_remove(loop, &all[i].watch);
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_finds_no_room_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
