/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_fast_test.c - what a unit shows of the packets that its session's programs have counted */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "path/unit.h"
#include "path/unit_fast.h"

struct fixture {
	struct unit unit;
	struct unit_record record;
};

static int start(void **state)
{
	struct fixture *f = aligned_alloc(_Alignof(struct fixture), sizeof(*f));

	if (!f)
		return -1;
	memset(f, 0, sizeof(*f));
	list_init(&f->unit.channels);
	f->unit.record = &f->record;
	*state = f;
	return 0;
}

static int stop(void **state)
{
	free(*state);
	return 0;
}

static void test_what_sessions_left_stays(void **state)
{
	struct fixture *f = *state;
	struct unit_fast_count count;

	f->record.fast_rx.packets = 3;
	f->record.fast_rx.octets = 300;
	f->record.fast_rx.last_ms = 7;
	count = unit_fast_count(&f->unit, true);
	assert_int_equal(count.packets, 3);
	assert_int_equal(count.octets, 300);
	assert_int_equal(count.last_ms, 7);
	assert_int_equal(unit_fast_count(&f->unit, false).packets, 0);
}

/* An engine was killed when a channel had left, and what had been subtracted for it was not added yet. */
static void test_what_a_killed_engine_did_not_add_is_not_shown(void **state)
{
	struct fixture *f = *state;
	struct unit_fast_count count;

	f->record.fast_tx.packets -= 5;
	f->record.fast_tx.octets -= 500;
	f->record.fast_tx.last_ms = 9;
	count = unit_fast_count(&f->unit, false);
	assert_int_equal(count.packets, 0);
	assert_int_equal(count.octets, 0);
	assert_int_equal(count.last_ms, 9);
	f->record.fast_tx.packets = 1;
	assert_int_equal(unit_fast_count(&f->unit, false).packets, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_sessions_left_stays, start, stop),
		cmocka_unit_test_setup_teardown(test_what_a_killed_engine_did_not_add_is_not_shown,
		                                start, stop),
	};

	return cmocka_run_group_tests_name("unit_fast", tests, NULL, NULL);
}
