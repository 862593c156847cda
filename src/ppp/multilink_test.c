/* SPDX-License-Identifier: BSD-2-Clause */
/* multilink_test.c - headers octet by octet; fragments in any order, some lost */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ppp/multilink.h"

#define FRAGMENTS 400

static struct multilink_fragment fragments[FRAGMENTS];

static struct multilink *begin(void)
{
	static struct multilink m;

	multilink_init(&m);
	return &m;
}

/* @kind: 'b' begins, 'm' is in the middle, 'e' ends, 'w' is a whole packet */
static bool add(struct multilink *m, uint32_t seq, char kind)
{
	struct multilink_fragment *f = &fragments[seq % FRAGMENTS];

	*f = (struct multilink_fragment){
		.seq = seq,
		.begin = kind == 'b' || kind == 'w',
		.end = kind == 'e' || kind == 'w',
	};
	return multilink_add(m, f);
}

/* @count, @first: of what came out */
static void take(struct multilink *m, enum multilink_answer wanted, uint32_t first,
                 unsigned int count)
{
	struct list out;
	unsigned int n = 0;

	list_init(&out);
	assert_int_equal(multilink_take(m, &out), wanted);
	list_for_each (node, &out)
		assert_int_equal(list_entry(node, struct multilink_fragment, node)->seq,
		                 first + n++);
	assert_int_equal(n, count);
}

/* Requirements: PPP-70 */
static void headers(void **state)
{
	struct multilink_header h = { .begin = true, .seq = 0x12345678 }, back;
	uint8_t at[MULTILINK_HEADER_MAX + 1] = { 0 };

	assert_int_equal(multilink_write(&h, false, at), 4);
	assert_memory_equal(at, "\x80\x34\x56\x78", 4);
	assert_int_equal(multilink_read(at, 5, false, &back), 4);
	assert_true(back.begin && !back.end && back.seq == 0x345678);
	h.end = true;
	assert_int_equal(multilink_write(&h, true, at), 2);
	assert_memory_equal(at, "\xc6\x78", 2);
	assert_int_equal(multilink_read(at, 3, true, &back), 2);
	assert_true(back.begin && back.end && back.seq == 0x678);
	assert_int_equal(multilink_read(at, 4, false, &back), 0);
	assert_int_equal(multilink_read(at, 2, true, &back), 0);
	assert_int_equal(multilink_read(at, 0, true, &back), 0);
}

static void numbers_are_continued(void **state)
{
	struct multilink *m = begin();

	assert_int_equal(multilink_expand(m, 0, true), 0);
	assert_int_equal(multilink_expand(m, 5, false), 5);
	multilink_seen(m, 0x1ffe);
	assert_int_equal(multilink_expand(m, 0xfff, true), 0x1fff);
	assert_int_equal(multilink_expand(m, 3, true), 0x2003);
	assert_int_equal(multilink_expand(m, 0xff0, true), 0x1ff0);
	multilink_seen(m, 5);
	assert_int_equal(m->min, 0x1ffe);
}

/* Requirements: PPP-71 */
static void fragments_in_any_order(void **state)
{
	struct multilink *m = begin();

	assert_true(multilink_is_next(m, 0));
	assert_true(add(m, 2, 'e'));
	take(m, MULTILINK_WAIT, 0, 0);
	assert_true(add(m, 3, 'w'));
	assert_true(add(m, 0, 'b'));
	take(m, MULTILINK_WAIT, 0, 0);
	assert_true(add(m, 1, 'm'));
	take(m, MULTILINK_PACKET, 0, 3);
	take(m, MULTILINK_PACKET, 3, 1);
	take(m, MULTILINK_WAIT, 0, 0);
	assert_false(add(m, 3, 'w'));
	assert_true(multilink_is_next(m, 4));
	multilink_pass(m);
	assert_true(add(m, 5, 'w'));
	assert_false(multilink_is_next(m, 5));
	take(m, MULTILINK_PACKET, 5, 1);
}

static void one_that_comes_twice(void **state)
{
	struct multilink *m = begin();
	struct multilink_fragment again = { .seq = 1 };

	assert_true(add(m, 1, 'm'));
	assert_false(multilink_add(m, &again));
	assert_true(add(m, 0, 'b'));
	assert_false(multilink_add(m, &again));
}

static void what_all_links_have_passed_is_lost(void **state)
{
	struct multilink *m = begin();

	add(m, 0, 'b');
	add(m, 2, 'e');
	multilink_seen(m, 0);
	take(m, MULTILINK_WAIT, 0, 0);
	add(m, 4, 'e'); /* 3 was its beginning */
	add(m, 5, 'w');
	multilink_seen(m, 4);
	take(m, MULTILINK_LOST, 0, 1);
	struct list rest;

	list_init(&rest);
	assert_int_equal(multilink_take(m, &rest), MULTILINK_REST); /* 2 and 4 */
	assert_ptr_equal(rest.next, &fragments[2].node);
	assert_ptr_equal(rest.prev, &fragments[4].node);
	take(m, MULTILINK_PACKET, 5, 1);
}

static void the_beginning_is_lost(void **state)
{
	struct multilink *m = begin();

	add(m, 1, 'm');
	add(m, 2, 'e');
	multilink_seen(m, 2);
	take(m, MULTILINK_LOST, 1, 2);
	take(m, MULTILINK_WAIT, 0, 0);
	assert_true(multilink_is_next(m, 3));
}

static void an_end_is_lacking(void **state)
{
	struct multilink *m = begin();

	add(m, 0, 'b');
	add(m, 1, 'b');
	add(m, 2, 'e');
	take(m, MULTILINK_LOST, 0, 1);
	take(m, MULTILINK_PACKET, 1, 2);
}

static void too_many_do_not_wait(void **state)
{
	struct multilink *m = begin();

	for (uint32_t seq = 1; seq <= MULTILINK_WAITING_MAX; seq++)
		add(m, seq, 'w');
	take(m, MULTILINK_WAIT, 0, 0);
	add(m, MULTILINK_WAITING_MAX + 1, 'w');
	take(m, MULTILINK_LOST, 0, 0);
	for (uint32_t seq = 1; seq <= MULTILINK_WAITING_MAX + 1; seq++)
		take(m, MULTILINK_PACKET, seq, 1);
	assert_int_equal(m->waiting, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(numbers_are_continued),
		cmocka_unit_test(fragments_in_any_order),
		cmocka_unit_test(one_that_comes_twice),
		cmocka_unit_test(what_all_links_have_passed_is_lost),
		cmocka_unit_test(the_beginning_is_lost),
		cmocka_unit_test(an_end_is_lacking),
		cmocka_unit_test(too_many_do_not_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
