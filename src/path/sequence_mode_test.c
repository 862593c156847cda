/* SPDX-License-Identifier: BSD-2-Clause */
/* sequence_mode_test.c - every combination of flags, with and without a number */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "path/sequence_mode.h"

/* Requirements: RX-42, Q-16 */
static void a_number_switches_send_seq_on_unless_lns(void **state)
{
	for (int recv_seq = 0; recv_seq <= 1; recv_seq++) {
		assert_int_equal(sequence_mode(true, recv_seq, false, false), SEQUENCE_SWITCH_ON);
		assert_int_equal(sequence_mode(true, recv_seq, false, true), SEQUENCE_AS_IS);
		assert_int_equal(sequence_mode(true, recv_seq, true, false), SEQUENCE_AS_IS);
		assert_int_equal(sequence_mode(true, recv_seq, true, true), SEQUENCE_AS_IS);
	}
}

/* Requirements: RX-43, Q-16 */
static void without_a_number_send_seq_is_switched_off_unless_lns(void **state)
{
	assert_int_equal(sequence_mode(false, false, false, false), SEQUENCE_AS_IS);
	assert_int_equal(sequence_mode(false, false, false, true), SEQUENCE_SWITCH_OFF);
	assert_int_equal(sequence_mode(false, false, true, false), SEQUENCE_AS_IS);
	assert_int_equal(sequence_mode(false, false, true, true), SEQUENCE_REFUSED);
}

/* Requirements: RX-43, SEQ-27 */
static void where_numbers_are_required_none_is_refused(void **state)
{
	for (int lns_mode = 0; lns_mode <= 1; lns_mode++)
		for (int send_seq = 0; send_seq <= 1; send_seq++)
			assert_int_equal(sequence_mode(false, true, lns_mode, send_seq),
			                 SEQUENCE_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_switches_send_seq_on_unless_lns),
		cmocka_unit_test(without_a_number_send_seq_is_switched_off_unless_lns),
		cmocka_unit_test(where_numbers_are_required_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
