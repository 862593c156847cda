/* SPDX-License-Identifier: BSD-2-Clause */
/* reorder_test.c - which packets are delivered, held and dropped, rule by rule
 *
 * A packet is known by its number; what happens to it is written down as a word: "5" delivered,
 * "5+" delivered out of order, "5h" held, "5H" held in front of another, "5x" dropped on arrival for its number,
 * "5d" a duplicate, "5f" no room, "5e" expired. Unnumbered packets are "u".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "path/reorder.h"

#define UNNUMBERED UINT32_MAX
#define OCTETS     100

struct fixture {
	struct reorder_pool pool;
	struct reorder r;
	struct reorder_entry entries[REORDER_HELD_MAX + 1];
	uint32_t used;
	uint32_t timeout_ms;
	uint64_t now_ms;
	uint32_t errors, seq_discards, oos_packets; /* as L2TP_ATTR_STATS would have them */
	char story[4096];
};

static struct fixture f;

static void start(uint8_t version, uint32_t timeout_ms)
{
	f = (struct fixture){
		.pool = { .packets_max = UINT32_MAX, .octets_max = UINT64_MAX },
		.timeout_ms = timeout_ms,
		.now_ms = 5000,
	};
	reorder_init(&f.r, version, &f.pool);
}

static void tell(uint32_t ns, const char *what)
{
	size_t at = strlen(f.story);

	if (ns == UNNUMBERED)
		snprintf(f.story + at, sizeof(f.story) - at, " u%s", what);
	else
		snprintf(f.story + at, sizeof(f.story) - at, " %u%s", ns, what);
}

static void count(enum rx_drop why)
{
	const struct drop_reason *reason = rx_drop_reason(why);

	f.errors += !!(reason->counts & COUNT_RX_ERRORS);
	f.seq_discards += !!(reason->counts & COUNT_RX_SEQ_DISCARDS);
}

static const char *word_of(enum rx_drop why)
{
	switch (why) {
	case RX_DROP_NONE:
		return "";
	case RX_DROP_OUTSIDE_WINDOW:
	case RX_DROP_OUT_OF_SEQUENCE:
		return "x";
	case RX_DROP_DUPLICATE:
		return "d";
	case RX_DROP_QUEUE_FULL:
		return "f";
	case RX_DROP_EXPIRED:
		return "e";
	default:
		fail_msg("no such drop here: %d", why);
		return NULL;
	}
}

static void came_out(struct reorder_entry *e, enum rx_drop why)
{
	tell(e->has_ns ? e->ns : UNNUMBERED, word_of(why));
	if (why)
		count(why);
}

static void receive(uint32_t ns)
{
	const struct reorder_arrival a = {
		.has_ns = ns != UNNUMBERED,
		.ns = ns == UNNUMBERED ? 0 : ns,
		.timeout_ms = f.timeout_ms,
		.octets = OCTETS,
		.now_ms = f.now_ms,
	};
	struct reorder_decision d = reorder_receive(&f.r, &a);
	struct reorder_entry *e;
	enum rx_drop why;

	switch (d.verdict) {
	case REORDER_DELIVER:
		tell(ns, d.out_of_order ? "+" : "");
		break;
	case REORDER_HOLD:
		tell(ns, d.out_of_order ? "H" : "h");
		reorder_hold(&f.r, &a, &f.entries[f.used++]);
		break;
	case REORDER_DROP:
		tell(ns, word_of(d.why));
		count(d.why);
		break;
	}
	f.oos_packets += d.out_of_order;
	while ((e = reorder_next(&f.r, f.now_ms, &why)))
		came_out(e, why);
}

#define receive_all(...)                                                                           \
	do {                                                                                       \
		const uint32_t all_[] = { __VA_ARGS__ };                                           \
		for (size_t i_ = 0; i_ < ARRAY_SIZE(all_); i_++)                                   \
			receive(all_[i_]);                                                         \
	} while (0)

static void happened(const char *story)
{
	assert_string_equal(f.story[0] ? f.story + 1 : "", story);
	f.story[0] = 0;
}

static void counted(uint32_t errors, uint32_t seq_discards, uint32_t oos_packets)
{
	assert_int_equal(f.errors, errors);
	assert_int_equal(f.seq_discards, seq_discards);
	assert_int_equal(f.oos_packets, oos_packets);
}

/* Requirements: RX-47 */
static void unnumbered_packets_pass(void **state)
{
	start(3, 0);
	receive_all(UNNUMBERED, UNNUMBERED);
	start(3, 100);
	receive_all(UNNUMBERED, UNNUMBERED);
	happened("u u");
	assert_false(reorder_holds(&f.r));
}

/* Requirements: SEQ-21 */
static void expected_numbers_pass(void **state)
{
	start(3, 0);
	receive_all(0, 1, 2, 3);
	happened("0 1 2 3");
	assert_int_equal(f.r.nr, 4);
	counted(0, 0, 0);
}

/* Requirements: SEQ-21 */
static void numbers_wrap(void **state)
{
	for (uint32_t timeout = 0; timeout <= 100; timeout += 100) {
		start(2, timeout);
		f.r.nr = 65534;
		receive_all(65534, 65535, 0, 1);
		happened("65534 65535 0 1");
		start(3, timeout);
		f.r.nr = 0xfffffe;
		receive_all(0xfffffe, 0xffffff, 0, 1);
		happened("16777214 16777215 0 1");
	}
}

/* Requirements: SEQ-2 */
static void old_and_delivered_numbers_are_errors_only(void **state)
{
	for (uint32_t timeout = 0; timeout <= 100; timeout += 100) {
		start(3, timeout);
		receive_all(0, 1, 2, 2, 0, 1, 3);
		happened("0 1 2 2x 0x 1x 3");
		counted(3, 0, 0);
	}
}

/* Requirements: SEQ-2 */
static void the_window_is_half_the_numbers(void **state)
{
	start(2, 100);
	receive_all(100, (101 + 32767) & 0xffff, 101 + 32766);
	happened("100 32868x 32867h");
	start(3, 100);
	receive_all(100, 101 + 0x7fffff, 101 + 0x7ffffe);
	happened("100 8388708x 8388707h");
	counted(1, 0, 0);
}

/* Requirements: SEQ-3, Q-24 */
static void the_window_holds_for_the_first_packet_too(void **state)
{
	for (uint32_t timeout = 0; timeout <= 100; timeout += 100) {
		start(3, timeout);
		receive_all(0x7fffff, 0x7ffffe);
		happened("8388607x 8388606");
		start(2, timeout);
		receive_all(32767, 32766);
		happened("32767x 32766");
		counted(1, 0, 0);
	}
}

/* Requirements: SEQ-4 */
static void the_first_number_is_believed(void **state)
{
	start(3, 0);
	receive_all(500, 501, 503);
	happened("500 501 503x");
	counted(1, 1, 0);
}

/* Requirements: SEQ-4, Q-23 */
static void six_in_a_row_resynchronise(void **state)
{
	start(3, 0);
	receive_all(0, 9, 10, 11, 12, 13, 14, 15);
	happened("0 9x 10x 11x 12x 13x 14 15");
	counted(5, 5, 0);
}

/* Requirements: SEQ-4 */
static void what_is_not_in_a_row_does_not(void **state)
{
	start(3, 0);
	receive_all(0, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19, 20);
	happened("0 9x 10x 11x 12x 13x 15x 16x 17x 18x 19x 20");
	/* the expected number in between is delivered */
	start(3, 0);
	receive_all(0, 2, 3, 1, 2);
	happened("0 2x 3x 1 2");
}

/* Requirements: SEQ-5 */
static void the_row_is_not_broken_by_expected_numbers(void **state)
{
	start(3, 0);
	receive_all(0, 9, 10, 11, 1, 12, 13, 2, 14);
	happened("0 9x 10x 11x 1 12x 13x 2 14");
	/* nor begun anew by the resynchronisation: the next in the row counts at once */
	start(3, 0);
	receive_all(0, 9, 10, 11, 12, 13, 14);
	happened("0 9x 10x 11x 12x 13x 14");
	f.r.nr = 5;
	receive_all(15, 16);
	happened("15 16");
}

/* Requirements: SEQ-6 */
static void an_early_packet_waits_for_its_turn(void **state)
{
	start(3, 100);
	receive_all(0, 2, 1, 3);
	happened("0 2h 1+ 2 3");
	counted(0, 0, 1);
	assert_int_equal(f.pool.packets, 0);
	assert_int_equal(f.pool.octets, 0);
}

/* Requirements: SEQ-6 */
static void the_queue_is_sorted(void **state)
{
	start(3, 100);
	receive_all(0, 5, 3, 4, 2, 7, 1);
	happened("0 5h 3H 4H 2H 7h 1+ 2 3 4 5");
	counted(0, 0, 4);
	receive(6);
	happened("6+ 7");
}

/* Requirements: SEQ-20, SEQ-22, Q-13 */
static void what_waited_too_long_is_discarded_when_the_next_comes(void **state)
{
	start(3, 100);
	receive_all(0, 2, 3);
	happened("0 2h 3h");
	f.now_ms += 100; /* not later than the timeout: still good */
	receive(4);
	happened("4h");
	f.now_ms += 1;
	receive(6);
	/* 2 and 3 have expired, 4 has not and redefines what is expected */
	happened("6h 2e 3e 4");
	counted(2, 2, 0);
	receive(5);
	happened("5+ 6");
}

/* Requirements: SEQ-22 */
static void the_next_survivor_redefines_nr(void **state)
{
	start(3, 100);
	receive_all(0, 2, 3);
	f.now_ms += 5000;
	receive(10);
	happened("0 2h 3h 10h 2e 3e 10");
	receive(11);
	happened("11");
	counted(2, 2, 0);
}

/* Requirements: SEQ-20, SEQ-22 */
static void the_missing_packet_in_time_frees_all(void **state)
{
	start(3, 100);
	receive_all(0, 2, 3, 4);
	f.now_ms += 100;
	receive(1);
	happened("0 2h 3h 4h 1+ 2 3 4");
	counted(0, 0, 1);
}

/* Requirements: SEQ-20 */
static void a_late_missing_packet_is_delivered_what_expired_is_not(void **state)
{
	start(3, 100);
	receive_all(0, 2, 3);
	f.now_ms += 101;
	receive_all(1, 4);
	happened("0 2h 3h 1+ 2e 3e 4");
}

/* Requirements: SEQ-20 */
static void a_packet_dropped_for_its_number_expires_nothing(void **state)
{
	start(3, 100);
	receive_all(0, 2);
	f.now_ms += 101;
	receive(0);
	happened("0 2h 0x");
	assert_true(reorder_holds(&f.r));
}

/* Requirements: SEQ-23 */
static void unnumbered_packets_wait_behind_a_gap(void **state)
{
	start(3, 100);
	receive_all(0, 2, UNNUMBERED, 4, 1);
	happened("0 2h uh 4h 1+ 2 u");
	receive(3);
	happened("3+ 4");
	start(3, 100);
	receive_all(0, 2, UNNUMBERED);
	f.now_ms += 101;
	receive(UNNUMBERED);
	happened("0 2h uh uh 2e ue u");
	counted(2, 2, 0);
}

/* Requirements: SEQ-23 */
static void order_among_unnumbered_packets_is_kept(void **state)
{
	start(3, 100);
	receive_all(0, 5, UNNUMBERED, 9, 7);
	happened("0 5h uh 9h 7H");
	receive_all(1, 2, 3, 4);
	happened("1+ 2+ 3+ 4+ 5 u");
	receive_all(6);
	happened("6+ 7");
}

/* Requirements: LIM-20 */
static void a_duplicate_of_a_held_packet_is_dropped(void **state)
{
	start(3, 100);
	receive_all(0, 2, 2, 3, 2, 3, 1);
	happened("0 2h 2d 3h 2d 3d 1+ 2 3");
	counted(3, 0, 1);
}

/* Requirements: LIM-19 */
static void numbers_that_wrap_while_packets_wait_do_not_stall(void **state)
{
	start(2, 100);
	f.r.nr = 65534;
	f.r.skip = false;
	receive_all(0, 65535, 1, 65534, 2);
	happened("0h 65535H 1h 65534+ 65535 0 1 2");
}

/* Requirements: SEQ-26 */
static void a_timeout_that_becomes_0_leaves_the_queue(void **state)
{
	start(3, 100);
	receive_all(0, 2);
	f.timeout_ms = 0;
	receive(3);
	happened("0 2h 3x");
	receive(1); /* is queued behind, as in the kernel */
	happened("1h");
	f.now_ms += 101;
	receive(UNNUMBERED);
	happened("uh 2e 1 u");
	receive_all(2, 3);
	happened("2 3");
}

/* Requirements: SEQ-26 */
static void a_new_timeout_is_for_later_packets(void **state)
{
	start(3, 100);
	receive_all(0, 2);
	f.timeout_ms = 1000;
	receive(3);
	f.now_ms += 101;
	receive(5);
	happened("0 2h 3h 5h 2e 3");
}

/* Requirements: RX-46 */
static void without_a_timeout_a_queued_packet_has_a_second(void **state)
{
	start(3, 100);
	receive_all(0, 2);
	f.timeout_ms = 0;
	receive(UNNUMBERED);
	f.entries[0].expires_ms = UINT64_MAX; /* let only the second one expire */
	assert_int_equal(f.entries[1].expires_ms, f.now_ms + 1000);
}

/* Requirements: LIM-7 */
static void a_session_holds_so_many(void **state)
{
	static char held[16];

	start(3, 100);
	receive(0);
	for (uint32_t ns = 2; ns < REORDER_HELD_MAX + 2; ns++) {
		f.story[0] = 0;
		receive(ns);
		snprintf(held, sizeof(held), "%uh", ns);
		happened(held);
	}
	receive(REORDER_HELD_MAX + 2);
	receive(UNNUMBERED);
	snprintf(held, sizeof(held), "%uf uf", REORDER_HELD_MAX + 2);
	happened(held);
	counted(2, 2, 0);
	/* the expected one needs no room, and makes some */
	f.r.skip = false;
	receive(1);
	assert_false(reorder_holds(&f.r));
}

/* Requirements: LIM-7 */
static void all_sessions_of_a_worker_hold_so_many(void **state)
{
	struct reorder other;

	start(3, 100);
	reorder_init(&other, 3, &f.pool);
	f.pool.packets_max = 2;
	receive_all(0, 2, 3, 4);
	happened("0 2h 3h 4f");
	f.pool = (struct reorder_pool){ .packets = 2, .packets_max = 9, .octets = 2 * OCTETS };
	f.pool.octets_max = 3 * OCTETS - 1;
	receive(5);
	happened("5f");
	f.pool.octets_max = 3 * OCTETS;
	receive(5);
	happened("5h");
	assert_int_equal(f.pool.packets, 3);
	assert_int_equal(f.pool.octets, 3 * OCTETS);
}

/* A full queue must not keep what has expired. */
static void without_room_expired_packets_still_go(void **state)
{
	start(3, 100);
	f.pool.packets_max = 1;
	receive_all(0, 2);
	f.now_ms += 101;
	receive_all(4, 5);
	happened("0 2h 4f 2e 5");
}

/* Requirements: LIM-8 */
static void a_timer_discards_the_same_packets_earlier(void **state)
{
	struct reorder_entry *e;

	start(3, 100);
	assert_true(reorder_deadline_ms(&f.r) == UINT64_MAX);
	receive_all(0, 2);
	assert_int_equal(reorder_deadline_ms(&f.r), f.now_ms + 100);
	f.now_ms += 50;
	receive(3);
	f.now_ms += 50;
	assert_null(reorder_next_expired(&f.r, f.now_ms));
	f.now_ms += 1;
	e = reorder_next_expired(&f.r, f.now_ms);
	assert_non_null(e);
	assert_int_equal(e->ns, 2);
	assert_null(reorder_next_expired(&f.r,
	                                 f.now_ms)); /* 3 has time, and is not delivered by this */
	f.story[0] = 0;
	/* the late one, and then as if the expired one stood there still */
	receive_all(1, 4);
	happened("1+ 3 4");
}

/* Requirements: LIM-8 */
static void a_late_packet_after_the_timer_does_not_stop_what_follows(void **state)
{
	start(3, 100);
	receive_all(0, 2);
	f.now_ms += 101;
	assert_non_null(reorder_next_expired(&f.r, f.now_ms));
	receive_all(1, 3, 5, 4);
	happened("0 2h 1 3 5h 4+ 5");
}

/* Requirements: LIM-8 */
static void what_the_timer_did_is_forgotten_with_the_next_number(void **state)
{
	start(3, 100);
	receive_all(0, 2);
	f.now_ms += 101;
	assert_non_null(reorder_next_expired(&f.r, f.now_ms));
	receive_all(5, 7);
	f.now_ms += 101;
	receive_all(6, 7, 9);
	happened("0 2h 5 7h 6+ 7e 7 9h");
}

static void what_is_held_can_be_removed(void **state)
{
	start(3, 100);
	receive_all(0, 2, 4, UNNUMBERED);
	assert_int_equal(reorder_remove(&f.r)->ns, 2);
	assert_int_equal(reorder_remove(&f.r)->ns, 4);
	assert_false(reorder_remove(&f.r)->has_ns);
	assert_null(reorder_remove(&f.r));
	assert_int_equal(f.pool.packets, 0);
	assert_int_equal(f.pool.octets, 0);
}

static void the_record_carries_the_numbers_on(void **state)
{
	struct session_rx_record record = { 0 };

	start(3, 0);
	receive_all(0, 1, 9, 10);
	reorder_save(&f.r, &record);
	assert_int_equal(record.nr, 2);
	assert_int_equal(record.oos_last, 10);
	assert_int_equal(record.oos_count, 1);
	assert_int_equal(record.skip, false);
	assert_int_equal(record.held, 0);

	/* What came meanwhile is lost, so the next number is believed, if it is not an old one. */
	start(3, 0);
	reorder_resume(&f.r, &record);
	receive_all(1, 30, 31);
	happened("1x 30 31");
}

static void a_record_that_is_not_of_this_version_stays_in_range(void **state)
{
	const struct session_rx_record record = { .nr = 0xfffffff, .oos_last = UINT32_MAX };

	start(2, 0);
	reorder_resume(&f.r, &record);
	assert_int_equal(f.r.nr, 0xffff);
	assert_int_equal(f.r.oos_last, 0xffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unnumbered_packets_pass),
		cmocka_unit_test(expected_numbers_pass),
		cmocka_unit_test(numbers_wrap),
		cmocka_unit_test(old_and_delivered_numbers_are_errors_only),
		cmocka_unit_test(the_window_is_half_the_numbers),
		cmocka_unit_test(the_window_holds_for_the_first_packet_too),
		cmocka_unit_test(the_first_number_is_believed),
		cmocka_unit_test(six_in_a_row_resynchronise),
		cmocka_unit_test(what_is_not_in_a_row_does_not),
		cmocka_unit_test(the_row_is_not_broken_by_expected_numbers),
		cmocka_unit_test(an_early_packet_waits_for_its_turn),
		cmocka_unit_test(the_queue_is_sorted),
		cmocka_unit_test(what_waited_too_long_is_discarded_when_the_next_comes),
		cmocka_unit_test(the_next_survivor_redefines_nr),
		cmocka_unit_test(the_missing_packet_in_time_frees_all),
		cmocka_unit_test(a_late_missing_packet_is_delivered_what_expired_is_not),
		cmocka_unit_test(a_packet_dropped_for_its_number_expires_nothing),
		cmocka_unit_test(unnumbered_packets_wait_behind_a_gap),
		cmocka_unit_test(order_among_unnumbered_packets_is_kept),
		cmocka_unit_test(a_duplicate_of_a_held_packet_is_dropped),
		cmocka_unit_test(numbers_that_wrap_while_packets_wait_do_not_stall),
		cmocka_unit_test(a_timeout_that_becomes_0_leaves_the_queue),
		cmocka_unit_test(a_new_timeout_is_for_later_packets),
		cmocka_unit_test(without_a_timeout_a_queued_packet_has_a_second),
		cmocka_unit_test(a_session_holds_so_many),
		cmocka_unit_test(all_sessions_of_a_worker_hold_so_many),
		cmocka_unit_test(without_room_expired_packets_still_go),
		cmocka_unit_test(a_timer_discards_the_same_packets_earlier),
		cmocka_unit_test(a_late_packet_after_the_timer_does_not_stop_what_follows),
		cmocka_unit_test(what_the_timer_did_is_forgotten_with_the_next_number),
		cmocka_unit_test(what_is_held_can_be_removed),
		cmocka_unit_test(the_record_carries_the_numbers_on),
		cmocka_unit_test(a_record_that_is_not_of_this_version_stays_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
