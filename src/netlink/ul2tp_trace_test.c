/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_trace_test.c - trace events as messages, there and back */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "netlink/ul2tp_trace.h"
#include "netlink/test_octets.h"

static void each_event_has_its_own_name(void **state)
{
	for (unsigned int i = 0; i < UL2TP_TRACE_EVENTS; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(trace_event_name(i), trace_event_name(j));
	assert_null(trace_event_name(UL2TP_TRACE_EVENTS));
	assert_int_equal(trace_events_all(), 0x1fff);
}

/* Everything is filled, so that what an event does not tell is seen to stay away. */
static const struct trace_event full = {
	.time_ns = UINT64_MAX,
	.pid = 77,
	.cpu = 3,
	.process = "fifteen octets!",
	.version = 3,
	.encap = 1,
	.pw_type = 5,
	.fd = -1,
	.tunnel = 1,
	.peer_tunnel = 2,
	.session = 3,
	.peer_session = 4,
	.ns = 5,
	.nr = 6,
	.queue_len = 7,
};

static void each_event_comes_back(void **state)
{
	for (uint8_t i = 0; i < UL2TP_TRACE_EVENTS; i++) {
		struct trace_event e = full, back;
		enum trace_kind kind = trace_event_kind(i);
		bool numbers = kind == TRACE_SEQUENCE || kind == TRACE_PACKET;
		uint8_t room[512];
		struct writer w = writer_over(room, sizeof(room));
		uint64_t lost;

		e.event = i;
		trace_event_put(&w, &e);
		assert_int_equal(trace_message_read(reader_over(room, write_len(&w)), &back, &lost),
		                 0);
		assert_int_equal(lost, 0);
		assert_int_equal(back.event, i);
		assert_true(back.time_ns == UINT64_MAX && back.pid == 77 && back.cpu == 3);
		assert_string_equal(back.process, "fifteen octets!");
		assert_int_equal(back.tunnel, 1);
		assert_int_equal(back.session, kind <= TRACE_TUNNEL ? 0 : 3);
		assert_int_equal(back.fd, kind == TRACE_TUNNEL_REGISTERED ? -1 : 0);
		assert_int_equal(back.version, kind == TRACE_TUNNEL_REGISTERED ? 3 : 0);
		assert_int_equal(back.peer_session, kind == TRACE_SESSION_REGISTERED ? 4 : 0);
		assert_int_equal(back.pw_type, kind == TRACE_SESSION_REGISTERED ? 5 : 0);
		assert_int_equal(back.ns, numbers ? 5 : 0);
		assert_int_equal(back.nr, numbers ? 6 : 0);
		assert_int_equal(back.queue_len, kind == TRACE_PACKET ? 7 : 0);
	}
}

static void what_was_lost(void **state)
{
	struct trace_event e;
	uint8_t room[64];
	struct writer w = writer_over(room, sizeof(room));
	uint64_t lost;

	trace_lost_put(&w, 12345);
	assert_int_equal(trace_message_read(reader_over(room, write_len(&w)), &e, &lost), 0);
	assert_int_equal(lost, 12345);
}

static void malformed_messages_are_not_taken(void **state)
{
	static const char *const cases[] = {
		"",
		"0c002480 05000100 0d000000", /* an event from the future */
		"0c002480 05000800 01000000", /* no event */
		"04002480",
		"14002480 05000100 00000000 06000600 01000000", /* a tunnel of two octets */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct octets o = octets(cases[i]);
		struct trace_event e;
		uint64_t lost;

		assert_int_equal(trace_message_read(octets_reader(&o), &e, &lost), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_has_its_own_name),
		cmocka_unit_test(each_event_comes_back),
		cmocka_unit_test(what_was_lost),
		cmocka_unit_test(malformed_messages_are_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
