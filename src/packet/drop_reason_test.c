/* SPDX-License-Identifier: BSD-2-Clause */
/* drop_reason_test.c - the tables of drop reasons against doc/interfaces.txt and the kernel's counters */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "keeper/records.h"
#include "packet/drop_reason.h"

static const struct drop_reason *reason_of(bool rx, unsigned int reason)
{
	return rx ? rx_drop_reason(reason) : tx_drop_reason(reason);
}

/* The lines of section [drop-reasons], in the order of the tables; 0 at its end. */
static int next_line(FILE *f, char *direction, char *name, char *words)
{
	char line[256];

	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '[')
			return 0;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		assert_int_equal(sscanf(line, "%2s %39s %119[^\n]", direction, name, words), 3);
		return 1;
	}
	return 0;
}

static FILE *open_section(void)
{
	FILE *f = fopen(INTERFACES, "r");
	char line[256];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (!strcmp(line, "[drop-reasons]\n"))
			return f;
	fail_msg("%s has no section [drop-reasons]", INTERFACES);
	return NULL;
}

static void reasons_are_those_of_the_document(void **state)
{
	unsigned int next[2] = { TX_DROP_NONE + 1, RX_DROP_NONE + 1 };
	char direction[3], name[40], words[120];
	FILE *f = open_section();

	while (next_line(f, direction, name, words)) {
		bool rx = !strcmp(direction, "rx");
		const struct drop_reason *r = reason_of(rx, next[rx]++);

		if (!rx)
			assert_string_equal(direction, "tx");
		assert_non_null(r);
		assert_string_equal(r->name, name);
		assert_string_equal(r->words, words);
	}
	fclose(f);
	assert_int_equal(next[true], RX_DROP_REASONS);
	assert_int_equal(next[false], TX_DROP_REASONS);
}

static void names_are_distinct_and_in_kebab_case(void **state)
{
	for (int rx = 0; rx <= 1; rx++)
		for (unsigned int i = 1; reason_of(rx, i); i++) {
			const char *name = reason_of(rx, i)->name;

			assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
			for (unsigned int j = 1; j < i; j++)
				assert_string_not_equal(name, reason_of(rx, j)->name);
		}
}

static void what_is_no_reason_has_no_row(void **state)
{
	assert_null(rx_drop_reason(RX_DROP_NONE));
	assert_null(tx_drop_reason(TX_DROP_NONE));
	assert_null(rx_drop_reason(RX_DROP_REASONS));
	assert_null(tx_drop_reason(TX_DROP_REASONS));
	assert_null(rx_drop_reason(RECORD_DROPS_MAX));
}

static void adds_to(unsigned int reason, uint32_t counts)
{
	assert_int_equal(rx_drop_reason(reason)->counts, counts);
}

/* Section 4.6, "Statistics". Requirements: RX-40, RX-43, RX-45, SEQ-2, SEQ-4, SEQ-20, LIM-7, LIM-20 */
static void session_counters_are_those_of_the_kernel(void **state)
{
	adds_to(RX_DROP_COOKIE, COUNT_RX_COOKIE_DISCARDS | COUNT_RX_ERRORS);
	adds_to(RX_DROP_NO_SEQUENCE, COUNT_RX_SEQ_DISCARDS | COUNT_RX_ERRORS);
	adds_to(RX_DROP_CUT_OFF, COUNT_RX_ERRORS);
	adds_to(RX_DROP_OUTSIDE_WINDOW, COUNT_RX_ERRORS);
	adds_to(RX_DROP_OUT_OF_SEQUENCE, COUNT_RX_SEQ_DISCARDS | COUNT_RX_ERRORS);
	adds_to(RX_DROP_EXPIRED, COUNT_RX_SEQ_DISCARDS | COUNT_RX_ERRORS);
	adds_to(RX_DROP_QUEUE_FULL, COUNT_RX_SEQ_DISCARDS | COUNT_RX_ERRORS);
	adds_to(RX_DROP_DUPLICATE, COUNT_RX_ERRORS);
	adds_to(RX_DROP_DELETED, COUNT_RX_ERRORS);
}

/* Requirements: RX-6, RX-7 */
static void two_reasons_make_a_packet_invalid(void **state)
{
	for (unsigned int i = 1; i < RX_DROP_REASONS; i++)
		assert_int_equal(!!(rx_drop_reason(i)->counts & COUNT_RX_INVALID),
		                 i == RX_DROP_VERSION || i == RX_DROP_TRUNCATED);
}

/* Requirements: RX-5, RX-61, SEQ-21 */
static void unknown_sessions_and_the_pseudowire_add_nothing(void **state)
{
	const unsigned int silent[] = {
		RX_DROP_SHORT,           RX_DROP_CONTROL,     RX_DROP_WRONG_PEER,
		RX_DROP_UNKNOWN_SESSION, RX_DROP_FRAME_SHORT, RX_DROP_NO_DEVICE,
		RX_DROP_DEVICE_DOWN,     RX_DROP_DEVICE_GONE, RX_DROP_DEVICE_BUSY,
		RX_DROP_DEVICE_ERROR,
	};

	for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
		adds_to(silent[i], 0);
}

/* Requirements: TX-1 */
static void whatever_is_not_sent_is_a_transmit_error(void **state)
{
	for (unsigned int i = 1; i <= TX_DROP_OTHER; i++)
		assert_int_equal(tx_drop_reason(i)->counts, COUNT_TX_ERRORS);
	for (unsigned int i = TX_DROP_NP_MODE; i < TX_DROP_REASONS;
	     i++) /* a unit's, not a session's */
		assert_int_equal(tx_drop_reason(i)->counts, 0);
}

static void each_errno_has_its_reason(void **state)
{
	assert_int_equal(tx_drop_of_errno(EMSGSIZE), TX_DROP_TOO_BIG);
	assert_int_equal(tx_drop_of_errno(EDESTADDRREQ), TX_DROP_NO_PEER);
	assert_int_equal(tx_drop_of_errno(ENETUNREACH), TX_DROP_NO_ROUTE);
	assert_int_equal(tx_drop_of_errno(EADDRNOTAVAIL), TX_DROP_NO_SOURCE);
	assert_int_equal(tx_drop_of_errno(ECONNREFUSED), TX_DROP_REFUSED);
	assert_int_equal(tx_drop_of_errno(EPERM), TX_DROP_NOT_PERMITTED);
	assert_int_equal(tx_drop_of_errno(ENOBUFS), TX_DROP_BUFFER_FULL);
	assert_int_equal(tx_drop_of_errno(EIO), TX_DROP_SEGMENT_FAILED);
	assert_int_equal(tx_drop_of_errno(ENOTTY), TX_DROP_OTHER);

	assert_int_equal(rx_drop_of_errno(EIO), RX_DROP_DEVICE_DOWN);
	assert_int_equal(rx_drop_of_errno(EBADFD), RX_DROP_DEVICE_GONE);
	assert_int_equal(rx_drop_of_errno(EBADF), RX_DROP_DEVICE_GONE);
	assert_int_equal(rx_drop_of_errno(EAGAIN), RX_DROP_DEVICE_BUSY);
	assert_int_equal(rx_drop_of_errno(EINVAL), RX_DROP_DEVICE_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons_are_those_of_the_document),
		cmocka_unit_test(names_are_distinct_and_in_kebab_case),
		cmocka_unit_test(what_is_no_reason_has_no_row),
		cmocka_unit_test(session_counters_are_those_of_the_kernel),
		cmocka_unit_test(two_reasons_make_a_packet_invalid),
		cmocka_unit_test(unknown_sessions_and_the_pseudowire_add_nothing),
		cmocka_unit_test(whatever_is_not_sent_is_a_transmit_error),
		cmocka_unit_test(each_errno_has_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
