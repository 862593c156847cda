/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_ppp_message_test.c - requests about PPPoL2TP sockets and files of /dev/ppp, written and read */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/ul2tp_ppp_message.h"

#define HANDLE UINT64_C(0x1234567890abcdef)

static struct test_request t;

/* Reads what was written as the server would: strictly. */
static int as_request(uint8_t number, const struct writer *w, struct ul2tp_request *r)
{
	assert_false(w->failed);
	test_request_begin(&t, UL2TP_FAMILY_ID, NLM_F_REQUEST, number);
	write_bytes(&t.w, w->start, write_len(w));
	test_request_end(&t);
	return ul2tp_request_read(&t.message, &ul2tp_family.commands[number - 1], t.attributes, r,
	                          NULL);
}

/* What comes out when all that a request can have is written for one command. */
static struct ul2tp_ppp_request through(enum ul2tp_command command)
{
	const struct ul2tp_ppp_request all = {
		.handle = HANDLE,
		.name = reader_over("a name", 6),
		.pid = 4711,
		.ioctl = 0x40047438,
		.data = reader_over("an argument", 11),
		.option = 5,
		.value = reader_over("1234", 4),
	};
	static uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));
	struct ul2tp_request r;

	ul2tp_ppp_request_put(&w, command, &all);
	assert_int_equal(as_request(command, &w, &r), 0);
	return ul2tp_ppp_request_read(&r);
}

static void assert_octets(struct reader r, const char *expected)
{
	assert_int_equal(read_left(&r), strlen(expected));
	assert_memory_equal(r.at, expected, strlen(expected));
}

static void open_is_written_and_read(void **state)
{
	for (int i = 0; i < 2; i++) {
		const struct ul2tp_ppp_open o = { UL2TP_PPP_FILE, i };
		uint8_t room[64];
		struct writer w = writer_over(room, sizeof(room));
		struct ul2tp_ppp_open back;
		struct ul2tp_request r;

		ul2tp_ppp_open_put(&w, &o);
		assert_int_equal(as_request(UL2TP_CMD_PPP_OPEN, &w, &r), 0);
		back = ul2tp_ppp_open_read(&r);
		assert_int_equal(back.kind, UL2TP_PPP_FILE);
		assert_int_equal(back.empty_reads, i);
	}
}

static void a_kind_that_there_is_not_is_refused(void **state)
{
	const struct ul2tp_ppp_open o = { UL2TP_PPP_KINDS, false };
	uint8_t room[64];
	struct writer w = writer_over(room, sizeof(room));
	struct ul2tp_request r;

	ul2tp_ppp_open_put(&w, &o);
	assert_int_equal(as_request(UL2TP_CMD_PPP_OPEN, &w, &r), -EINVAL);
}

static void each_command_has_what_it_needs_and_no_more(void **state)
{
	struct ul2tp_ppp_request back = through(UL2TP_CMD_PPP_CONNECT);

	assert_int_equal(back.handle, HANDLE);
	assert_octets(back.name, "a name");
	assert_int_equal(back.pid, 4711);
	assert_int_equal(back.ioctl, 0);
	assert_octets(back.data, "");

	back = through(UL2TP_CMD_PPP_IOCTL);
	assert_int_equal(back.handle, HANDLE);
	assert_int_equal(back.ioctl, 0x40047438);
	assert_octets(back.data, "an argument");
	assert_octets(back.name, "");
	assert_int_equal(back.pid, 0);

	back = through(UL2TP_CMD_PPP_OPTION_SET);
	assert_int_equal(back.option, 5);
	assert_octets(back.value, "1234");
	assert_octets(back.data, "");

	back = through(UL2TP_CMD_PPP_CLOSE);
	assert_int_equal(back.handle, HANDLE);
	assert_int_equal(back.option, 0);
	assert_octets(back.value, "");
	assert_int_equal(through(UL2TP_CMD_PPP_GET).handle, HANDLE);
}

static void without_a_handle_none_is_taken(void **state)
{
	static const uint8_t commands[] = { UL2TP_CMD_PPP_CLOSE,      UL2TP_CMD_PPP_CONNECT,
		                            UL2TP_CMD_PPP_IOCTL,      UL2TP_CMD_PPP_OPTION_SET,
		                            UL2TP_CMD_PPP_OPTION_GET, UL2TP_CMD_PPP_GET };
	uint8_t room[4];
	const struct writer nothing = writer_over(room, sizeof(room));
	struct ul2tp_request r;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		assert_int_equal(as_request(commands[i], &nothing, &r), -EINVAL);
}

static void an_answer_has_what_there_is(void **state)
{
	const struct ul2tp_ppp_state_message s = {
		.has_handle = true,
		.handle = HANDLE,
		.has_kind = true,
		.kind = UL2TP_PPP_SOCKET,
		.has_state = true,
		.state = UL2TP_PPP_BOUND,
		.has_channel = true,
		.channel = 3,
		.has_unit = true,
		.unit = 0,
		.name = reader_over("a name", 6),
		.data = reader_over("what was asked for", 18),
		.value = reader_over("1", 1),
	};
	struct ul2tp_ppp_state_message back;
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_ppp_state_put(&w, &s);
	assert_false(w.failed);
	assert_int_equal(ul2tp_ppp_state_read(reader_over(room, write_len(&w)), &back), 0);
	assert_int_equal(back.handle, HANDLE);
	assert_int_equal(back.kind, UL2TP_PPP_SOCKET);
	assert_int_equal(back.state, UL2TP_PPP_BOUND);
	assert_true(back.has_channel);
	assert_int_equal(back.channel, 3);
	assert_true(back.has_unit);
	assert_int_equal(back.unit, 0);
	assert_octets(back.name, "a name");
	assert_octets(back.data, "what was asked for");
	assert_octets(back.value, "1");

	assert_int_equal(ul2tp_ppp_state_read(reader_over(room, 0), &back), 0);
	assert_false(back.has_handle || back.has_kind || back.has_state || back.has_channel ||
	             back.has_unit);
	assert_octets(back.name, "");
}

static void a_malformed_answer_is_not_taken(void **state)
{
	const struct octets short_handle = octets("08002600 01000000"),
			    short_unit = octets("06002d00 0100 0000");
	struct ul2tp_ppp_state_message back;

	assert_int_equal(UL2TP_ATTR_PPP_HANDLE, 0x26);
	assert_int_equal(UL2TP_ATTR_PPP_UNIT, 0x2d);
	assert_int_equal(ul2tp_ppp_state_read(octets_reader(&short_handle), &back), -EBADMSG);
	assert_int_equal(ul2tp_ppp_state_read(octets_reader(&short_unit), &back), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_is_written_and_read),
		cmocka_unit_test(a_kind_that_there_is_not_is_refused),
		cmocka_unit_test(each_command_has_what_it_needs_and_no_more),
		cmocka_unit_test(without_a_handle_none_is_taken),
		cmocka_unit_test(an_answer_has_what_there_is),
		cmocka_unit_test(a_malformed_answer_is_not_taken),
	};

	return cmocka_run_group_tests_name("ul2tp_ppp_message", tests, NULL, NULL);
}
