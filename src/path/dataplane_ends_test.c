/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_ends_test.c - which of programs' sockets have a number in common, as they come and go */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include "base/cleanup.h"
#include "path/dataplane_private.h"

#define PORT 1701

struct fixture {
	struct dataplane dp;
	struct endpoint one, same, third, other_peer, other_netns, unconnected;
};

static union address address_of(const char *text)
{
	union address a = { .v4 = { .sin_family = AF_INET, .sin_port = htons(PORT) } };

	assert_int_equal(inet_pton(AF_INET, text, &a.v4.sin_addr), 1);
	return a;
}

static void socket_init(struct endpoint *e, uint64_t netns, const char *peer)
{
	*e = (struct endpoint){ .at.netns.cookie = netns };
	e->at.params.local = address_of("192.0.2.1");
	if (peer)
		e->at.params.peer = address_of(peer);
}

static int begin(void **state)
{
	static struct fixture f;

	f = (struct fixture){ 0 };
	socket_init(&f.one, 1, "192.0.2.2");
	socket_init(&f.same, 1, "192.0.2.2");
	socket_init(&f.third, 1, "192.0.2.2");
	socket_init(&f.other_peer, 1, "192.0.2.3");
	socket_init(&f.other_netns, 2, "192.0.2.2");
	socket_init(&f.unconnected, 1, NULL);
	*state = &f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;
	struct endpoint *all[] = { &f->one,        &f->same,        &f->third,
		                   &f->other_peer, &f->other_netns, &f->unconnected };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		dataplane_ends_leave(&f->dp, all[i]);
	buckets_release(&f->dp.by_ends);
	return 0;
}

/* Requirements: RX-3, RX-10 */
static void those_with_the_same_two_addresses_share_a_number(void **state)
{
	struct fixture *f = *state;

	dataplane_ends_join(&f->dp, &f->one);
	assert_int_equal(f->one.ends, 0);
	dataplane_ends_join(&f->dp, &f->same);
	assert_int_not_equal(f->one.ends, 0);
	assert_int_equal(f->same.ends, f->one.ends);
	dataplane_ends_join(&f->dp, &f->third);
	assert_int_equal(f->third.ends, f->one.ends);
}

static void others_have_none(void **state)
{
	struct fixture *f = *state;

	dataplane_ends_join(&f->dp, &f->one);
	dataplane_ends_join(&f->dp, &f->other_peer);
	dataplane_ends_join(&f->dp, &f->other_netns);
	dataplane_ends_join(&f->dp, &f->unconnected);
	assert_false(f->unconnected.in_by_ends);
	assert_int_equal(f->one.ends, 0);
	assert_int_equal(f->other_peer.ends, 0);
	assert_int_equal(f->other_netns.ends, 0);
}

static void one_that_leaves_has_none_and_the_others_keep_theirs(void **state)
{
	struct fixture *f = *state;
	uint64_t ends;

	dataplane_ends_join(&f->dp, &f->one);
	dataplane_ends_join(&f->dp, &f->same);
	ends = f->same.ends;
	dataplane_ends_leave(&f->dp, &f->one);
	dataplane_ends_leave(&f->dp, &f->one); /* again: nothing */
	assert_int_equal(f->one.ends, 0);
	assert_int_equal(f->same.ends, ends);
	dataplane_ends_join(&f->dp, &f->third);
	assert_int_equal(f->third.ends, ends);
}

/* Two pairs are never taken for one. */
static void a_number_is_not_given_twice(void **state)
{
	struct fixture *f = *state;

	socket_init(&f->third, 1, "192.0.2.3");
	dataplane_ends_join(&f->dp, &f->one);
	dataplane_ends_join(&f->dp, &f->same);
	dataplane_ends_join(&f->dp, &f->other_peer);
	dataplane_ends_join(&f->dp, &f->third);
	assert_int_equal(f->third.ends, f->other_peer.ends);
	assert_int_not_equal(f->third.ends, f->one.ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(those_with_the_same_two_addresses_share_a_number,
		                                begin, end),
		cmocka_unit_test_setup_teardown(others_have_none, begin, end),
		cmocka_unit_test_setup_teardown(one_that_leaves_has_none_and_the_others_keep_theirs,
		                                begin, end),
		cmocka_unit_test_setup_teardown(a_number_is_not_given_twice, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
