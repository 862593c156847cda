/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_ring_test.c - order, room, and two threads */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>

#include "path/trace_ring.h"

#define SIZE 8

static bool put(struct trace_ring *ring, uint32_t number)
{
	const struct trace_entry e = { .event = { .ns = number, .nr = ~number } };

	return trace_ring_put(ring, &e);
}

static void what_finds_no_room_is_lost_and_counted(void **state)
{
	struct trace_ring ring = { 0 };

	assert_int_equal(trace_ring_open(&ring, SIZE), 0);
	assert_null(trace_ring_first(&ring));
	for (uint32_t i = 0; i < SIZE; i++)
		assert_true(put(&ring, i));
	assert_false(put(&ring, 100));
	assert_false(put(&ring, 101));
	assert_int_equal(trace_ring_lost(&ring), 2);
	assert_int_equal(trace_ring_lost(&ring), 0);
	for (uint32_t i = 0; i < SIZE; i++) {
		assert_int_equal(trace_ring_first(&ring)->event.ns, i);
		trace_ring_drop(&ring);
	}
	assert_null(trace_ring_first(&ring));
	assert_true(put(&ring, 7));
	assert_int_equal(trace_ring_first(&ring)->event.ns, 7);
	trace_ring_close(&ring);
}

/* As when a probe made a caller write where nobody listens. */
static void without_memory_all_is_lost(void **state)
{
	struct trace_ring ring = { 0 };

	assert_false(put(&ring, 1));
	assert_null(trace_ring_first(&ring));
	assert_int_equal(trace_ring_lost(&ring), 1);
}

#define EVENTS 100000

static void *write_all(void *arg)
{
	struct trace_ring *ring = arg;

	for (uint32_t i = 0; i < EVENTS;) {
		if (put(ring, i))
			i++;
		else
			sched_yield();
	}
	return NULL;
}

static void one_thread_writes_another_reads(void **state)
{
	struct trace_ring ring = { 0 };
	pthread_t writer;

	assert_int_equal(trace_ring_open(&ring, SIZE), 0);
	/* The counters wrap on the way. */
	atomic_store(&ring.written, UINT32_MAX - 50);
	atomic_store(&ring.read, UINT32_MAX - 50);
	assert_int_equal(pthread_create(&writer, NULL, write_all, &ring), 0);
	for (uint32_t i = 0; i < EVENTS;) {
		const struct trace_entry *e = trace_ring_first(&ring);

		if (!e) {
			sched_yield();
			continue;
		}
		assert_int_equal(e->event.ns, i);
		assert_int_equal(e->event.nr, ~i);
		trace_ring_drop(&ring);
		i++;
	}
	pthread_join(writer, NULL);
	assert_null(trace_ring_first(&ring));
	trace_ring_close(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_finds_no_room_is_lost_and_counted),
		cmocka_unit_test(without_memory_all_is_lost),
		cmocka_unit_test(one_thread_writes_another_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
