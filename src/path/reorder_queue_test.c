/* SPDX-License-Identifier: BSD-2-Clause */
/* reorder_queue_test.c - what waits for the numbers before it: in which order, how long, and how much */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "path/reorder_story.h"

/* Requirements: SEQ-6 */
static void an_early_packet_waits_for_its_turn(void **state)
{
	start(3, 100);
	receive_all(0, 2, 1, 3);
	happened("0 2h 1+ 2 3");
	counted(0, 0, 1);
	assert_int_equal(story.pool.packets, 0);
	assert_int_equal(story.pool.octets, 0);
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
	story.now_ms += 100; /* not later than the timeout: still good */
	receive(4);
	happened("4h");
	story.now_ms += 1;
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
	story.now_ms += 5000;
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
	story.now_ms += 100;
	receive(1);
	happened("0 2h 3h 4h 1+ 2 3 4");
	counted(0, 0, 1);
}

/* Requirements: SEQ-20 */
static void a_late_missing_packet_is_delivered_what_expired_is_not(void **state)
{
	start(3, 100);
	receive_all(0, 2, 3);
	story.now_ms += 101;
	receive_all(1, 4);
	happened("0 2h 3h 1+ 2e 3e 4");
}

/* Requirements: SEQ-20 */
static void a_packet_dropped_for_its_number_expires_nothing(void **state)
{
	start(3, 100);
	receive_all(0, 2);
	story.now_ms += 101;
	receive(0);
	happened("0 2h 0x");
	assert_true(reorder_holds(&story.r));
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
	story.now_ms += 101;
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
	story.r.nr = 65534;
	story.r.skip = false;
	receive_all(0, 65535, 1, 65534, 2);
	happened("0h 65535H 1h 65534+ 65535 0 1 2");
}

/* Requirements: SEQ-26 */
static void a_timeout_that_becomes_0_leaves_the_queue(void **state)
{
	start(3, 100);
	receive_all(0, 2);
	story.timeout_ms = 0;
	receive(3);
	happened("0 2h 3x");
	receive(1); /* is queued behind, as in the kernel */
	happened("1h");
	story.now_ms += 101;
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
	story.timeout_ms = 1000;
	receive(3);
	story.now_ms += 101;
	receive(5);
	happened("0 2h 3h 5h 2e 3");
}

/* Requirements: RX-46 */
static void without_a_timeout_a_queued_packet_has_a_second(void **state)
{
	start(3, 100);
	receive_all(0, 2);
	story.timeout_ms = 0;
	receive(UNNUMBERED);
	story.entries[0].expires_ms = UINT64_MAX; /* let only the second one expire */
	assert_int_equal(story.entries[1].expires_ms, story.now_ms + 1000);
}

/* Requirements: LIM-7 */
static void a_session_holds_so_many(void **state)
{
	static char held[16];

	start(3, 100);
	receive(0);
	for (uint32_t ns = 2; ns < REORDER_HELD_MAX + 2; ns++) {
		story.text[0] = 0;
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
	story.r.skip = false;
	receive(1);
	assert_false(reorder_holds(&story.r));
}

/* Requirements: LIM-7 */
static void all_sessions_of_a_worker_hold_so_many(void **state)
{
	struct reorder other;

	start(3, 100);
	reorder_init(&other, 3, &story.pool);
	story.pool.packets_max = 2;
	receive_all(0, 2, 3, 4);
	happened("0 2h 3h 4f");
	story.pool = (struct reorder_pool){ .packets = 2, .packets_max = 9, .octets = 2 * OCTETS };
	story.pool.octets_max = 3 * OCTETS - 1;
	receive(5);
	happened("5f");
	story.pool.octets_max = 3 * OCTETS;
	receive(5);
	happened("5h");
	assert_int_equal(story.pool.packets, 3);
	assert_int_equal(story.pool.octets, 3 * OCTETS);
}

/* A full queue must not keep what has expired. */
static void without_room_expired_packets_still_go(void **state)
{
	start(3, 100);
	story.pool.packets_max = 1;
	receive_all(0, 2);
	story.now_ms += 101;
	receive_all(4, 5);
	happened("0 2h 4f 2e 5");
}

/* Requirements: LIM-8 */
static void a_timer_discards_the_same_packets_earlier(void **state)
{
	struct reorder_entry *e;

	start(3, 100);
	assert_true(reorder_deadline_ms(&story.r) == UINT64_MAX);
	receive_all(0, 2);
	assert_int_equal(reorder_deadline_ms(&story.r), story.now_ms + 100);
	story.now_ms += 50;
	receive(3);
	story.now_ms += 50;
	assert_null(reorder_next_expired(&story.r, story.now_ms));
	story.now_ms += 1;
	e = reorder_next_expired(&story.r, story.now_ms);
	assert_non_null(e);
	assert_int_equal(e->ns, 2);
	assert_null(reorder_next_expired(
		&story.r, story.now_ms)); /* 3 has time, and is not delivered by this */
	story.text[0] = 0;
	/* the late one, and then as if the expired one stood there still */
	receive_all(1, 4);
	happened("1+ 3 4");
}

/* Requirements: LIM-8 */
static void a_late_packet_after_the_timer_does_not_stop_what_follows(void **state)
{
	start(3, 100);
	receive_all(0, 2);
	story.now_ms += 101;
	assert_non_null(reorder_next_expired(&story.r, story.now_ms));
	receive_all(1, 3, 5, 4);
	happened("0 2h 1 3 5h 4+ 5");
}

/* Requirements: LIM-8 */
static void what_the_timer_did_is_forgotten_with_the_next_number(void **state)
{
	start(3, 100);
	receive_all(0, 2);
	story.now_ms += 101;
	assert_non_null(reorder_next_expired(&story.r, story.now_ms));
	receive_all(5, 7);
	story.now_ms += 101;
	receive_all(6, 7, 9);
	happened("0 2h 5 7h 6+ 7e 7 9h");
}

static void what_is_held_can_be_removed(void **state)
{
	start(3, 100);
	receive_all(0, 2, 4, UNNUMBERED);
	assert_int_equal(reorder_remove(&story.r)->ns, 2);
	assert_int_equal(reorder_remove(&story.r)->ns, 4);
	assert_false(reorder_remove(&story.r)->has_ns);
	assert_null(reorder_remove(&story.r));
	assert_int_equal(story.pool.packets, 0);
	assert_int_equal(story.pool.octets, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
