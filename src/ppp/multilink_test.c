/* SPDX-License-Identifier: BSD-2-Clause */
/* multilink_test.c - headers octet by octet; fragments in any order, some lost */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

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

static void nor_without_an_end(void **state)
{
	struct multilink *m = begin();

	add(m, 0, 'b');
	for (uint32_t seq = 1; seq <= MULTILINK_WAITING_MAX - 1; seq++)
		add(m, seq, 'm');
	take(m, MULTILINK_WAIT, 0, 0);
	add(m, MULTILINK_WAITING_MAX, 'm');
	take(m, MULTILINK_LOST, 0, MULTILINK_WAITING_MAX + 1);
	assert_int_equal(m->waiting, 0);
}

static void later_ones_that_are_missing_may_still_come(void **state)
{
	struct multilink *m = begin();

	add(m, 1, 'b');
	add(m, 3, 'b');
	for (uint32_t seq = 5; seq <= MULTILINK_WAITING_MAX + 3; seq++)
		add(m, seq, 'w');
	take(m, MULTILINK_LOST, 0, 0); /* 0 */
	take(m, MULTILINK_LOST, 1, 1);
	take(m, MULTILINK_REST, 0, 0); /* 2 */
	take(m, MULTILINK_WAIT, 0, 0);
	assert_true(add(m, 4, 'e'));
	take(m, MULTILINK_PACKET, 3, 2);
}

/* --- packets over several links, each in order, some frames lost ------------------------------------- */

#define PACKETS      5000
#define LAST_PACKETS 200
#define LINKS_MAX    4
#define DELAY_MAX    24 /* fragments that may be under way on a link */

struct wire {
	struct multilink_fragment *queue[DELAY_MAX];
	unsigned int count;
	uint32_t seen;
};

struct bundle {
	struct multilink m;
	struct wire wires[LINKS_MAX];
	unsigned int links;
	uint32_t lose; /* one in so many; 0: none */
	uint32_t seq;
	uint32_t whole;    /* packets none of whose fragments was lost */
	uint32_t received; /* packets */
	uint32_t last;     /* number of the fragment that came out last */
};

static uint32_t random_state;

/* Return: less than @below */
static uint32_t pick(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return (uint32_t)((uint64_t)random_state * below >> 32);
}

/* Order, one packet at a time. Return: fragments */
static unsigned int look(struct bundle *b, enum multilink_answer answer, struct list *out)
{
	unsigned int count = 0;

	while (!list_empty(out)) {
		struct multilink_fragment *f =
			list_entry(out->next, struct multilink_fragment, node);

		list_remove(&f->node);
		assert_true(multilink_before(b->last, f->seq));
		if (answer == MULTILINK_PACKET) {
			assert_int_equal(f->begin, count == 0);
			assert_int_equal(f->end, list_empty(out));
			assert_true(count == 0 || f->seq == b->last + 1);
		}
		b->last = f->seq;
		free(f);
		count++;
	}
	return count;
}

static void take_all(struct bundle *b)
{
	enum multilink_answer answer;

	do {
		struct list out;

		list_init(&out);
		answer = multilink_take(&b->m, &out);
		if (look(b, answer, &out))
			b->received += answer == MULTILINK_PACKET;
	} while (answer != MULTILINK_WAIT);
	assert_in_range(b->m.waiting, 0, MULTILINK_WAITING_MAX);
}

/* The first frame of a link arrives: its number comes in 12 bits. */
static void arrive(struct bundle *b, struct wire *w)
{
	struct multilink_fragment *f = w->queue[0];
	uint32_t seq, min;

	if (!w->count)
		return;
	w->count--;
	for (unsigned int i = 0; i < w->count; i++)
		w->queue[i] = w->queue[i + 1];
	seq = multilink_expand(&b->m, f->seq & 0xfff, true);
	assert_int_equal(seq, f->seq);
	min = w->seen = seq;
	for (unsigned int i = 0; i < b->links; i++)
		if (multilink_before(b->wires[i].seen, min))
			min = b->wires[i].seen;
	multilink_seen(&b->m, min);
	assert_true(multilink_add(&b->m, f));
	take_all(b);
}

/* Return: false: lost */
static bool send_fragment(struct bundle *b, bool begin, bool end)
{
	struct wire *w = &b->wires[pick(b->links)];
	struct multilink_fragment *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	*f = (struct multilink_fragment){ .seq = b->seq++, .begin = begin, .end = end };
	if (b->lose && !pick(b->lose)) {
		free(f);
		return false;
	}
	if (w->count == DELAY_MAX)
		arrive(b, w);
	w->queue[w->count++] = f;
	return true;
}

static void send_packet(struct bundle *b)
{
	unsigned int count = 1 + pick(5);
	bool whole = true;

	for (unsigned int i = 0; i < count; i++)
		whole = send_fragment(b, !i, i + 1 == count) && whole;
	b->whole += whole;
}

static void carry_many(unsigned int links, uint32_t lose)
{
	struct bundle b = { .links = links, .lose = lose, .last = UINT32_MAX };

	multilink_init(&b.m);
	for (unsigned int i = 0; i < links; i++)
		b.wires[i].seen = UINT32_MAX;
	for (int i = 0; i < PACKETS; i++) {
		send_packet(&b);
		for (uint32_t n = pick(8); n; n--)
			arrive(&b, &b.wires[pick(links)]);
	}
	b.lose = 0;
	for (int i = 0; i < LAST_PACKETS; i++) /* each link comes to here */
		send_packet(&b);
	for (unsigned int i = 0; i < links; i++)
		while (b.wires[i].count)
			arrive(&b, &b.wires[i]);
	if (!lose)
		assert_int_equal(b.m.waiting, 0);
	assert_int_equal(b.whole == PACKETS + LAST_PACKETS, !lose);
	assert_in_range(b.whole - b.received, 0, b.m.waiting);
	look(&b, MULTILINK_LOST, &b.m.queue);
}

/* Requirements: PPP-71 */
static void all_that_is_not_lost_comes_out_in_order(void **state)
{
	random_state = 0x2545f491;
	for (unsigned int links = 1; links <= LINKS_MAX; links++) {
		carry_many(links, 0);
		carry_many(links, 10);
		carry_many(links, 200);
	}
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
		cmocka_unit_test(nor_without_an_end),
		cmocka_unit_test(later_ones_that_are_missing_may_still_come),
		cmocka_unit_test(all_that_is_not_lost_comes_out_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
