/* SPDX-License-Identifier: BSD-2-Clause */
/* policer_test.c - what passes is the burst and the rate, to the octet */
#include "packet/policer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static unsigned int passing(struct policer *p, unsigned int packets, size_t len, uint64_t now_ms)
{
	unsigned int passed = 0;

	while (packets--)
		passed += policer_passes(p, len, now_ms);
	return passed;
}

static void without_a_rate_all_passes(void **state)
{
	struct policer p = { 0 };

	assert_int_equal(passing(&p, 1000, 65535, 0), 1000);
}

static void a_burst_passes_at_once(void **state)
{
	struct policer p;

	policer_set(&p, 8000, 10000, 5);
	assert_int_equal(passing(&p, 100, 1000, 5), 10);
	assert_int_equal(passing(&p, 100, 1, 5), 0);
}

/* 8000 bits a second: an octet each millisecond. */
static void the_rate_is_exact(void **state)
{
	struct policer p;
	unsigned int octets = 0;

	policer_set(&p, 8000, 1500, 0);
	assert_int_equal(passing(&p, 1, 1500, 0), 1);
	for (uint64_t ms = 1; ms <= 100000; ms++)
		octets += passing(&p, 10, 1, ms);
	assert_int_equal(octets, 100000);
}

/* A rate that earns less than an octet each millisecond still adds up. */
static void slow_rates_are_not_rounded_away(void **state)
{
	struct policer p;
	unsigned int octets = 0;

	policer_set(&p, 1001, 1500, 0);
	passing(&p, 1, 1500, 0);
	for (uint64_t ms = 1; ms <= 8000000; ms++)
		octets += policer_passes(&p, 1, ms);
	assert_int_equal(octets, 1001000);
}

static void no_more_than_a_burst_is_saved_up(void **state)
{
	struct policer p;

	policer_set(&p, POLICER_RATE_MAX, POLICER_BURST_MAX, 0);
	assert_int_equal(passing(&p, 20000, 65536, 0), POLICER_BURST_MAX / 65536);
	assert_int_equal(passing(&p, 20000, 65536, UINT64_MAX), POLICER_BURST_MAX / 65536);
	/* A clock that goes backwards earns nothing. */
	assert_int_equal(passing(&p, 10, 65536, 3), 0);
}

static void what_is_too_long_leaves_credit_for_what_is_not(void **state)
{
	struct policer p;

	policer_set(&p, 1000000, 2000, 0);
	assert_false(policer_passes(&p, 2001, 0));
	assert_true(policer_passes(&p, 2000, 0));
}

static void bursts(void **state)
{
	assert_int_equal(policer_burst(1000), 65536);
	assert_int_equal(policer_burst(800000000), 10000000);
	assert_int_equal(policer_burst(POLICER_RATE_MAX), POLICER_BURST_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_rate_all_passes),
		cmocka_unit_test(a_burst_passes_at_once),
		cmocka_unit_test(the_rate_is_exact),
		cmocka_unit_test(slow_rates_are_not_rounded_away),
		cmocka_unit_test(no_more_than_a_burst_is_saved_up),
		cmocka_unit_test(what_is_too_long_leaves_credit_for_what_is_not),
		cmocka_unit_test(bursts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
