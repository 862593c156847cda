/* SPDX-License-Identifier: BSD-2-Clause */
/* host_watch_news_test.c - what happens on the host is told to those whom it concerns, and to nobody else */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/monotonic.h"
#include "keeper/host_watch_fixture.h"

/* With thousands of them, each that goes would have all others looked at. */
static void what_befalls_a_sessions_interface_is_told_of_it_alone(void **state)
{
	struct host_watch_fixture *f = begin(false);

	assert_int_equal(verdict(f, &f->v4), FAST_USED);
	during(f, &f->v4, "tc qdisc add dev eth root " SHAPER, FAST_DEVICE_QDISC,
	       "tc qdisc del dev eth root");
	assert_false(f->news.all);
	assert_int_equal(f->news.count, 1);
	assert_int_equal(f->news.devices[0], f->device);
	do_("ip link del eth");
	expect(f, &f->v4, FAST_NO_DEVICE);
	assert_false(f->news.all);
	end(f);
}

static void routes_are_told(void **state)
{
	struct host_watch_fixture *f = begin(true);
	uint64_t start = monotonic_ms();

	expect(f, &f->v4, FAST_USED);
	f->told = 0;
	do_("ip route add 198.51.100.0/24 via 192.0.2.9");
	while (f->told == 0 && monotonic_ms() < start + WITHIN_MS) {
		poll(&(struct pollfd){ .fd = f->watches.epoll, .events = POLLIN }, 1, 20);
		host_watches_ready(&f->watches, monotonic_ms());
		if (monotonic_ms() >= f->watches.look_ms)
			host_watches_look(&f->watches, monotonic_ms());
	}
	assert_int_not_equal(f->told, 0);
	assert_true(f->news.routes);
	assert_false(f->news.all);
	end(f);
}

/* What happens for a moment, in the keeper's loop. */
static void pass(struct host_watch_fixture *f, uint64_t ms)
{
	uint64_t until = monotonic_ms() + ms;

	f->told = 0;
	f->news = (struct host_news){ 0 };
	while (monotonic_ms() < until && !f->news.all) {
		poll(&(struct pollfd){ .fd = f->watches.epoll, .events = POLLIN }, 1, 20);
		host_watches_ready(&f->watches, monotonic_ms());
		if (monotonic_ms() >= f->watches.look_ms)
			host_watches_look(&f->watches, monotonic_ms());
	}
}

/* With thousands on the fast path, each login would have all of them looked at. */
static void an_interface_that_comes_concerns_nobody_else(void **state)
{
	struct host_watch_fixture *f = begin(false);

	do_("echo 1 >/proc/sys/net/ipv4/conf/default/rp_filter");
	expect(f, &f->v4, FAST_USED);
	pass(f, 300);
	do_("ip tuntap add login mode tap && echo 0 >/proc/sys/net/ipv4/conf/login/rp_filter");
	pass(f, 500);
	assert_false(f->news.all);
	assert_true(f->news.arrived);
	end(f);
}

static void reverse_paths_that_are_asked_for_are_told(void **state)
{
	static const char *const writes[] = {
		"echo 1 >/proc/sys/net/ipv4/conf/under/rp_filter",
		"echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter",
	};
	struct host_watch_fixture *f = begin(false);

	expect(f, &f->v4, FAST_USED);
	pass(f, 300);
	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		do_(writes[i]);
		pass(f, WITHIN_MS);
		assert_true(f->news.all);
	}
	end(f);
}

/* What it has is asked for when it is told of: by then the kernel has given it that. */
static void an_underlay_that_comes_is_told(void **state)
{
	struct host_watch_fixture *f = begin(false);
	char command[100];

	do_("ip link del under");
	expect(f, &f->v4, FAST_NO_ROUTE);
	pass(f, 300);
	do_("echo 1 >/proc/sys/net/ipv4/conf/default/rp_filter");
	assert_int_equal(verdict(f, &f->v4), FAST_NO_ROUTE);
	snprintf(command, sizeof(command), "ip link add under index %d type veth peer name other",
	         f->underlay);
	do_(command);
	pass(f, WITHIN_MS);
	assert_true(f->news.all);
	end(f);
}

/* More news than there is room for. */
static void news_that_are_lost(void **state)
{
	struct host_watch_fixture *f = begin(false);
	expect(f, &f->v4, FAST_USED);
	do_("for i in $(seq 4000); do echo rule add to 198.51.100.$((i % 250)) pref $i table 7; done | ip -batch - && "
	    "tc qdisc add dev eth root " SHAPER
	    " && ip xfrm policy add dir out src 192.0.2.1 dst 192.0.2.2 action block");
	expect(f, &f->v4, FAST_XFRM);
	do_("ip xfrm policy flush");
	expect(f, &f->v4, FAST_DEVICE_QDISC);
	end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_befalls_a_sessions_interface_is_told_of_it_alone),
		cmocka_unit_test(routes_are_told),
		cmocka_unit_test(an_interface_that_comes_concerns_nobody_else),
		cmocka_unit_test(reverse_paths_that_are_asked_for_are_told),
		cmocka_unit_test(an_underlay_that_comes_is_told),
		cmocka_unit_test(news_that_are_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
