/* SPDX-License-Identifier: BSD-2-Clause */
/* reorder_queue_test.c - what waits for the numbers before it: in which order, how long, and how much */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "path/reorder_story.h"

/* Each test begins with it. */
static int a_session_that_waits_100_ms(void **state)
{
	start(3, 100);
	return 0;
}

#define IN_A_SESSION(test) cmocka_unit_test_setup(test, a_session_that_waits_100_ms)

static void nothing_is_held(void)
{
	assert_int_equal(story.pool.packets, 0);
	assert_int_equal(story.pool.octets, 0);
}

/* Requirements: SEQ-6 */
static void an_early_packet_waits_for_its_turn(void **state)
{
	story_goes("0 2 1 3", "0 2h 1+ 2 3");
	counted(0, 0, 1);
	nothing_is_held();
}

/* Requirements: SEQ-6 */
static void the_queue_is_sorted(void **state)
{
	story_goes("0 5 3 4 2 7 1", "0 5h 3H 4H 2H 7h 1+ 2 3 4 5");
	counted(0, 0, 4);
	story_goes("6", "6+ 7");
}

/* Requirements: SEQ-20, SEQ-22, Q-13 */
static void what_waited_too_long_is_discarded_when_the_next_comes(void **state)
{
	story_goes("0 2 3", "0 2h 3h");
	story_goes("100ms 4", "4h"); /* not later than the timeout: still good */
	/* 2 and 3 have expired, 4 has not and redefines what is expected */
	story_goes("1ms 6", "6h 2e 3e 4");
	counted(2, 2, 0);
	story_goes("5", "5+ 6");
}

/* Requirements: SEQ-22 */
static void the_next_survivor_redefines_nr(void **state)
{
	story_goes("0 2 3 5000ms 10", "0 2h 3h 10h 2e 3e 10");
	story_goes("11", "11");
	counted(2, 2, 0);
}

/* Requirements: SEQ-20, SEQ-22 */
static void the_missing_packet_in_time_frees_all(void **state)
{
	story_goes("0 2 3 4 100ms 1", "0 2h 3h 4h 1+ 2 3 4");
	counted(0, 0, 1);
}

/* Requirements: SEQ-20 */
static void a_late_missing_packet_is_delivered_what_expired_is_not(void **state)
{
	story_goes("0 2 3 101ms 1 4", "0 2h 3h 1+ 2e 3e 4");
}

/* Requirements: SEQ-20 */
static void a_packet_dropped_for_its_number_expires_nothing(void **state)
{
	story_goes("0 2 101ms 0", "0 2h 0x");
	assert_true(reorder_holds(&story.r));
}

/* Requirements: SEQ-23 */
static void unnumbered_packets_wait_behind_a_gap(void **state)
{
	story_goes("0 2 u 4 1", "0 2h uh 4h 1+ 2 u");
	story_goes("3", "3+ 4");
	start(3, 100);
	story_goes("0 2 u 101ms u", "0 2h uh uh 2e ue u");
	counted(2, 2, 0);
}

/* Requirements: SEQ-23 */
static void order_among_unnumbered_packets_is_kept(void **state)
{
	story_goes("0 5 u 9 7", "0 5h uh 9h 7H");
	story_goes("1 2 3 4", "1+ 2+ 3+ 4+ 5 u");
	story_goes("6", "6+ 7");
}

/* Requirements: LIM-20 */
static void a_duplicate_of_a_held_packet_is_dropped(void **state)
{
	story_goes("0 2 2 3 2 3 1", "0 2h 2d 3h 2d 3d 1+ 2 3");
	counted(3, 0, 1);
}

/* Requirements: LIM-19 */
static void numbers_that_wrap_while_packets_wait_do_not_stall(void **state)
{
	start(2, 100);
	story.r.nr = 65534;
	story.r.skip = false;
	story_goes("0 65535 1 65534 2", "0h 65535H 1h 65534+ 65535 0 1 2");
}

/* Requirements: SEQ-26 */
static void a_timeout_that_becomes_0_leaves_the_queue(void **state)
{
	story_goes("0 2", "0 2h");
	story.timeout_ms = 0;
	story_goes("3", "3x");
	story_goes("1", "1h"); /* is queued behind, as in the kernel */
	story_goes("101ms u", "uh 2e 1 u");
	story_goes("2 3", "2 3");
}

/* Requirements: SEQ-26 */
static void a_new_timeout_is_for_later_packets(void **state)
{
	story_goes("0 2", "0 2h");
	story.timeout_ms = 1000;
	story_goes("3 101ms 5", "3h 5h 2e 3");
}

/* Requirements: RX-46 */
static void without_a_timeout_a_queued_packet_has_a_second(void **state)
{
	story_goes("0 2", "0 2h");
	story.timeout_ms = 0;
	story_goes("u", "uh");
	story.entries[0].expires_ms = UINT64_MAX; /* let only the second one expire */
	assert_int_equal(story.entries[1].expires_ms, story.now_ms + 1000);
}

/* Requirements: LIM-7 */
static void a_session_holds_so_many(void **state)
{
	static char held[16];

	story_goes("0", "0");
	for (uint32_t ns = 2; ns < REORDER_HELD_MAX + 2; ns++) {
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

	reorder_init(&other, 3, &story.pool);
	story.pool.packets_max = 2;
	story_goes("0 2 3 4", "0 2h 3h 4f");
	story.pool = (struct reorder_pool){ .packets = 2, .packets_max = 9, .octets = 2 * OCTETS };
	story.pool.octets_max = 3 * OCTETS - 1;
	story_goes("5", "5f");
	story.pool.octets_max = 3 * OCTETS;
	story_goes("5", "5h");
	assert_int_equal(story.pool.packets, 3);
	assert_int_equal(story.pool.octets, 3 * OCTETS);
}

/* A full queue must not keep what has expired. */
static void without_room_expired_packets_still_go(void **state)
{
	story.pool.packets_max = 1;
	story_goes("0 2 101ms 4 5", "0 2h 4f 2e 5");
}

/* Requirements: LIM-8 */
static void a_timer_discards_the_same_packets_earlier(void **state)
{
	struct reorder_entry *e;

	assert_true(reorder_deadline_ms(&story.r) == UINT64_MAX);
	story_goes("0 2", "0 2h");
	assert_int_equal(reorder_deadline_ms(&story.r), story.now_ms + 100);
	story_goes("50ms 3 50ms", "3h");
	assert_null(reorder_next_expired(&story.r, story.now_ms));
	story.now_ms += 1;
	e = reorder_next_expired(&story.r, story.now_ms);
	assert_non_null(e);
	assert_int_equal(e->ns, 2);
	assert_null(reorder_next_expired(
		&story.r, story.now_ms)); /* 3 has time, and is not delivered by this */
	/* the late one, and then as if the expired one stood there still */
	story_goes("1 4", "1+ 3 4");
}

/* Requirements: LIM-8 */
static void a_late_packet_after_the_timer_does_not_stop_what_follows(void **state)
{
	story_goes("0 2 101ms", "0 2h");
	assert_non_null(reorder_next_expired(&story.r, story.now_ms));
	story_goes("1 3 5 4", "1 3 5h 4+ 5");
}

/* Requirements: LIM-8 */
static void what_the_timer_did_is_forgotten_with_the_next_number(void **state)
{
	story_goes("0 2 101ms", "0 2h");
	assert_non_null(reorder_next_expired(&story.r, story.now_ms));
	story_goes("5 7 101ms 6 7 9", "5 7h 6+ 7e 7 9h");
}

static void what_is_held_can_be_removed(void **state)
{
	story_goes("0 2 4 u", "0 2h 4h uh");
	assert_int_equal(reorder_remove(&story.r)->ns, 2);
	assert_int_equal(reorder_remove(&story.r)->ns, 4);
	assert_false(reorder_remove(&story.r)->has_ns);
	assert_null(reorder_remove(&story.r));
	nothing_is_held();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_SESSION(an_early_packet_waits_for_its_turn),
		IN_A_SESSION(the_queue_is_sorted),
		IN_A_SESSION(what_waited_too_long_is_discarded_when_the_next_comes),
		IN_A_SESSION(the_next_survivor_redefines_nr),
		IN_A_SESSION(the_missing_packet_in_time_frees_all),
		IN_A_SESSION(a_late_missing_packet_is_delivered_what_expired_is_not),
		IN_A_SESSION(a_packet_dropped_for_its_number_expires_nothing),
		IN_A_SESSION(unnumbered_packets_wait_behind_a_gap),
		IN_A_SESSION(order_among_unnumbered_packets_is_kept),
		IN_A_SESSION(a_duplicate_of_a_held_packet_is_dropped),
		IN_A_SESSION(numbers_that_wrap_while_packets_wait_do_not_stall),
		IN_A_SESSION(a_timeout_that_becomes_0_leaves_the_queue),
		IN_A_SESSION(a_new_timeout_is_for_later_packets),
		IN_A_SESSION(without_a_timeout_a_queued_packet_has_a_second),
		IN_A_SESSION(a_session_holds_so_many),
		IN_A_SESSION(all_sessions_of_a_worker_hold_so_many),
		IN_A_SESSION(without_room_expired_packets_still_go),
		IN_A_SESSION(a_timer_discards_the_same_packets_earlier),
		IN_A_SESSION(a_late_packet_after_the_timer_does_not_stop_what_follows),
		IN_A_SESSION(what_the_timer_did_is_forgotten_with_the_next_number),
		IN_A_SESSION(what_is_held_can_be_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
