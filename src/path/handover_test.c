/* SPDX-License-Identifier: BSD-2-Clause */
/* handover_test.c - what is handed over arrives once, whole and in order, wherever in the ring it lies; full is full */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "path/handover.h"
#include "path/receive.h"
#include "path/worker.h"

#define PACKETS 20000
#define LEN_MAX 65535

static struct worker reader;
static struct handover *handover;
static uint32_t arrived;
static bool in_batch;

/* Of packet @number: none, odd ones, now and then a large one. */
static uint32_t length_of(uint32_t number)
{
	return number % 97 == 0 ? LEN_MAX - number % 5 : number * 7919 % 1601;
}

static uint8_t octet_of(uint32_t number)
{
	return (uint8_t)(number * 31 + 7);
}

/* --- the receiver that handover.c calls */

void receive_begin(struct worker *w)
{
	assert_ptr_equal(w, &reader);
	in_batch = true;
}

void receive_end(struct worker *w)
{
	assert_ptr_equal(w, &reader);
	in_batch = false;
}

void receive_handed(struct worker *w, const struct handed *about, const uint8_t *packet)
{
	assert_true(in_batch);
	assert_ptr_equal(w, &reader);
	assert_int_equal(about->record_index, arrived);
	assert_int_equal(about->len, length_of(arrived));
	for (uint32_t i = 0; i < about->len; i += 1 + (about->len - 1 - i) / 8)
		assert_int_equal(packet[i], octet_of(arrived));
	arrived++;
}

/* --- the two ends */

static bool put(uint32_t number)
{
	static uint8_t packet[LEN_MAX];
	struct handed about = { .record_index = number, .len = length_of(number) };

	memset(packet, octet_of(number), about.len);
	return handover_put(handover, &about, packet);
}

static void take_all(void)
{
	handover_send(handover);
	assert_true(loop_once(reader.loop, 0) >= 0);
}

static int begin(void **state)
{
	(void)state;
	memset((void *)&reader, 0, sizeof(reader));
	arrived = 0;
	reader.loop = loop_new();
	if (!reader.loop || mailbox_open(&reader.mailbox, reader.loop) < 0)
		return -1;
	handover = handover_new(&reader);
	return handover ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	handover_free(handover);
	mailbox_close(&reader.mailbox, reader.loop);
	loop_free(reader.loop);
	return 0;
}

static void test_it_arrives_at_every_place_of_the_ring(void **state)
{
	(void)state;
	for (uint32_t number = 0; number < PACKETS;) {
		for (uint32_t last = number + 1 + number % 13; number < last; number++)
			assert_true(put(number));
		take_all();
		assert_int_equal(arrived, number);
	}
}

static void test_what_finds_no_room_is_not_taken(void **state)
{
	uint32_t number = 0, octets_put = 0;

	(void)state;
	for (int turn = 0; turn < 50; turn++) {
		for (octets_put = 0; put(number); number++)
			octets_put += length_of(number);
		assert_in_range(octets_put, HANDOVER_OCTETS / 2, HANDOVER_OCTETS);
		take_all();
		assert_int_equal(arrived, number);
	}
}

static void *write_all(void *arg)
{
	(void)arg;
	for (uint32_t number = 0; number < PACKETS; number++)
		while (!put(number))
			sched_yield();
	handover_send(handover);
	return NULL;
}

static void test_one_writes_while_the_other_reads(void **state)
{
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_all, NULL), 0);
	while (arrived < PACKETS)
		assert_true(loop_once(reader.loop, 10000) >= 0);
	pthread_join(writer, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_it_arrives_at_every_place_of_the_ring, begin,
		                                end),
		cmocka_unit_test_setup_teardown(test_what_finds_no_room_is_not_taken, begin, end),
		cmocka_unit_test_setup_teardown(test_one_writes_while_the_other_reads, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
