/* SPDX-License-Identifier: BSD-2-Clause */
/* burst_test.c - tests of burst.c, with a clock of their own */
#include "keeper/burst.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
	uint64_t now_ns, look_ns;       /* what a look takes */
	unsigned int looks, arrives_at; /* the look before which a request arrives; 0: none does */
	int pair[2];
} world;

int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	*now = (struct timespec){ .tv_sec = (time_t)(world.now_ns / 1000000000),
		                  .tv_nsec = (long)(world.now_ns % 1000000000) };
	return 0;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	assert_int_equal(timeout_ms, 0);
	world.now_ns += world.look_ns;
	if (++world.looks == world.arrives_at)
		assert_int_equal(send(world.pair[1], "", 1, 0), 1);
	return __real_poll(fds, count, timeout_ms);
}

static int begin(void **state)
{
	world.now_ns = 1000000000;
	world.look_ns = 1000;
	world.looks = world.arrives_at = 0;
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, world.pair);
}

static int end(void **state)
{
	close(world.pair[0]);
	close(world.pair[1]);
	return 0;
}

/* The first look is at once, the last when the time is over. */
#define LOOKS (BURST_AWAKE_US + 1)

static unsigned int looks(struct burst *b)
{
	world.looks = 0;
	burst_stay_awake(b, world.pair[0]);
	return world.looks;
}

static void one_interface_is_no_burst(void **state)
{
	struct burst b = { 0 };

	assert_int_equal(looks(&b), 0);
	burst_note(&b, true);
	assert_int_equal(looks(&b), 0);
	world.now_ns += BURST_GAP_MS * 1000000ULL;
	burst_note(&b, true);
	assert_int_equal(looks(&b), 0);
}

static void after_the_second_it_stays_awake(void **state)
{
	struct burst b = { 0 };

	burst_note(&b, true);
	world.now_ns += BURST_GAP_MS * 1000000ULL - 1;
	burst_note(&b, true);
	assert_int_equal(looks(&b), LOOKS);
	assert_int_equal(looks(&b), 0); /* once: what is asked for next decides */
}

static void a_request_ends_the_wait(void **state)
{
	struct burst b = { 0 };

	burst_note(&b, true);
	burst_note(&b, true);
	world.arrives_at = 7;
	assert_int_equal(looks(&b), 7);
}

static void other_requests_end_a_burst(void **state)
{
	struct burst b = { 0 };

	burst_note(&b, true);
	burst_note(&b, true);
	burst_note(&b, false);
	assert_int_equal(looks(&b), 0);
	burst_note(&b, true); /* and the next interface finds it again */
	assert_int_equal(looks(&b), LOOKS);
}

static void is_not_waited_for(struct burst *b)
{
	world.look_ns = 1000;
	for (int i = 0; i < SOON_CROWDED_WAITS; i++) {
		burst_note(b, true);
		assert_int_equal(looks(b), 1);
	}
	burst_note(b, true);
	assert_int_equal(looks(b), LOOKS);
}

/* A wait that lost the processor for long is not made again soon, whether a request had come meanwhile or not. */
static void others_on_the_processor_are_not_waited_for(void **state)
{
	struct burst b = { 0 };
	char octet;

	for (int comes = 0; comes < 2; comes++) {
		burst_note(&b, true);
		burst_note(&b, true);
		world.look_ns = SOON_CROWDED_NS + 1;
		world.arrives_at = comes ? 2 : 0;
		assert_int_equal(looks(&b), 2);
		world.arrives_at = 0;
		if (comes)
			assert_int_equal(recv(world.pair[0], &octet, 1, 0), 1);
		is_not_waited_for(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_interface_is_no_burst, begin, end),
		cmocka_unit_test_setup_teardown(after_the_second_it_stays_awake, begin, end),
		cmocka_unit_test_setup_teardown(a_request_ends_the_wait, begin, end),
		cmocka_unit_test_setup_teardown(other_requests_end_a_burst, begin, end),
		cmocka_unit_test_setup_teardown(others_on_the_processor_are_not_waited_for, begin,
		                                end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
