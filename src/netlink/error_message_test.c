/* SPDX-License-Identifier: BSD-2-Clause */
/* error_message_test.c - acknowledgements and refusals, octet for octet those of Linux 6.12 */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/error_message.h"

#define POLICY_WORDS "Attribute failed policy validation"

/* TUNNEL_GET with a CONN_ID of two octets. */
#define SHORT_REQUEST "1c000000 2300 0500 2b5bb435 00000000 04010000 06000900 01000000"
#define SHORT_WORDS                                                                                \
	"27000100 417474726962757465206661696c656420706f6c6963792076616c69646174696f6e00 00"       \
	"08000200 14000000"                                                                        \
	"24000480 0c000400 0000000000000000 0c000500 ffffffff00000000 08000100 04000000"
/* TUNNEL_GET of a tunnel that does not exist. */
#define UNKNOWN_REQUEST "1c000000 2300 0500 435bb435 00000000 04010000 08000900 63000000"
/* Three octets that are no attribute, which are padded when they are quoted. */
#define TRAILING_REQUEST "17000000 2300 0500 3b5bb435 00000000 04010000 010203"
#define TRAILING_WORDS                                                                             \
	"2c000100 6279746573206c6566746f7665722061667465722070617273696e67206174747269627574657300"

static const struct policy_row conn_id_row = { "tunnel_id", ATTRIBUTE_U32 };

static struct octets request_octets;

static struct nl_message request(const char *hex)
{
	struct reader datagram;
	struct nl_message m;

	request_octets = octets(hex);
	datagram = octets_reader(&request_octets);
	assert_true(nl_message_next(&datagram, &m));
	return m;
}

/* Requirements: NL-21, NL-90 */
static void a_refusal_quotes_the_request_and_says_why(void **state)
{
	const struct extack ea = { POLICY_WORDS, 9 };
	const struct nl_fault fault = { .offset = 20, .row = &conn_id_row };
	const struct nl_message m = request(SHORT_REQUEST);
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));

	assert_true(nl_error_put(&w, &m, -ERANGE, &ea, &fault,
	                         (struct nl_socket_options){ .ext_ack = true }));
	assert_written(&w,
	               "84000000 0200 0002 2b5bb435 00000000 deffffff" SHORT_REQUEST SHORT_WORDS);

	w = writer_over(room, sizeof(room));
	assert_true(nl_error_put(&w, &m, -ERANGE, &ea, &fault,
	                         (struct nl_socket_options){ .ext_ack = true, .cap_ack = true }));
	assert_written(&w, "78000000 0200 0003 2b5bb435 00000000 deffffff"
	                   "1c000000 2300 0500 2b5bb435 00000000" SHORT_WORDS);
}

/* Requirements: NL-90 */
static void words_are_for_those_who_asked(void **state)
{
	const struct extack ea = { POLICY_WORDS, 9 };
	const struct nl_fault fault = { .offset = 20, .row = &conn_id_row, .trailing = true };
	const struct nl_message m = request(SHORT_REQUEST);
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));

	assert_true(nl_error_put(&w, &m, -ERANGE, &ea, &fault, (struct nl_socket_options){ 0 }));
	assert_written(&w, "30000000 0200 0000 2b5bb435 00000000 deffffff" SHORT_REQUEST);

	w = writer_over(room, sizeof(room));
	assert_true(nl_error_put(&w, &m, -ERANGE, &ea, &fault,
	                         (struct nl_socket_options){ .cap_ack = true }));
	assert_written(&w, "24000000 0200 0001 2b5bb435 00000000 deffffff"
	                   "1c000000 2300 0500 2b5bb435 00000000");
}

/* Requirements: NL-90 */
static void with_nothing_to_say_no_flag_says_so(void **state)
{
	const struct extack silent = { "", 0 };
	const struct nl_fault none = { 0 };
	const struct nl_message m = request(UNKNOWN_REQUEST);
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));

	assert_true(nl_error_put(&w, &m, -ENODEV, &silent, &none,
	                         (struct nl_socket_options){ .ext_ack = true }));
	assert_written(&w, "30000000 0200 0000 435bb435 00000000 edffffff" UNKNOWN_REQUEST);

	w = writer_over(room, sizeof(room));
	assert_true(nl_error_put(&w, &m, -ENODEV, NULL, NULL,
	                         (struct nl_socket_options){ .ext_ack = true, .cap_ack = true }));
	assert_written(&w, "24000000 0200 0001 435bb435 00000000 edffffff"
	                   "1c000000 2300 0500 435bb435 00000000");
}

/* Requirements: NL-90 */
static void success_quotes_the_header_only(void **state)
{
	const struct extack left_over = { "from an attempt that did not count", 9 };
	const struct nl_fault fault = { .offset = 20, .row = &conn_id_row };
	const struct nl_message m = request(UNKNOWN_REQUEST);
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));

	assert_true(nl_error_put(&w, &m, 0, &left_over, &fault,
	                         (struct nl_socket_options){ .ext_ack = true }));
	assert_written(&w, "24000000 0200 0001 435bb435 00000000 00000000"
	                   "1c000000 2300 0500 435bb435 00000000");
}

/* Requirements: NL-20 */
static void octets_left_over_are_mentioned_even_in_an_acknowledgement(void **state)
{
	const struct extack silent = { "", 0 };
	const struct extack missing = { "tunnel_id is missing", 0 };
	const struct nl_fault fault = { .trailing = true };
	const struct nl_socket_options options = { .ext_ack = true };
	const struct nl_message m = request(TRAILING_REQUEST);
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));

	assert_true(nl_error_put(&w, &m, 0, NULL, &fault, options));
	assert_written(&w, "50000000 0200 0003 3b5bb435 00000000 00000000"
	                   "17000000 2300 0500 3b5bb435 00000000" TRAILING_WORDS);

	w = writer_over(room, sizeof(room));
	assert_true(nl_error_put(&w, &m, -EINVAL, &silent, &fault, options));
	assert_written(&w, "58000000 0200 0002 3b5bb435 00000000 eaffffff" TRAILING_REQUEST
	                   "00" TRAILING_WORDS);

	/* words of our own say more */
	w = writer_over(room, sizeof(room));
	assert_true(nl_error_put(&w, &m, -EINVAL, &missing, &fault, options));
	assert_written(&w, "48000000 0200 0002 3b5bb435 00000000 eaffffff" TRAILING_REQUEST "00"
	                   "19000100 74756e6e656c5f6964206973206d697373696e6700 000000");
}

static void words_that_repeat_the_request_stay_one_line(void **state)
{
	const struct extack ea = { "no \"a\n\x1b\x7f\xc3\xa9\"", 0 };
	const struct nl_message m = request(UNKNOWN_REQUEST);
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));

	assert_true(nl_error_put(&w, &m, -EINVAL, &ea, NULL,
	                         (struct nl_socket_options){ .ext_ack = true, .cap_ack = true }));
	assert_written(&w, "34000000 0200 0003 435bb435 00000000 eaffffff"
	                   "1c000000 2300 0500 435bb435 00000000"
	                   "10000100 6e6f2022613f3f3fc3a92200");
}

static void an_answer_needs_no_more_than_it_says(void **state)
{
	struct extack ea = { .attribute = 9 };
	const struct nl_fault fault = { .offset = 20, .row = &conn_id_row };
	const struct nl_message m = request(TRAILING_REQUEST);
	uint8_t room[NL_ERROR_OVERHEAD + 23];
	struct writer w = writer_over(room, sizeof(room));

	memset(ea.text, 'x', sizeof(ea.text) - 1);
	assert_true(nl_error_put(&w, &m, -EINVAL, &ea, &fault,
	                         (struct nl_socket_options){ .ext_ack = true }));

	w = writer_over(room, 40);
	assert_false(nl_error_put(&w, &m, -EINVAL, &ea, &fault,
	                          (struct nl_socket_options){ .ext_ack = true }));
	assert_int_equal(write_len(&w), 0);
}

static void what_is_written_can_be_read(void **state)
{
	static const struct {
		const char *hex;
		int error;
		const char *text;
		uint32_t offset;
	} cases[] = {
		/* clang-format off */
		{ "84000000 0200 0002 2b5bb435 00000000 deffffff" SHORT_REQUEST SHORT_WORDS, -ERANGE, POLICY_WORDS, 20 },
		{ "78000000 0200 0003 2b5bb435 00000000 deffffff 1c000000 2300 0500 2b5bb435 00000000" SHORT_WORDS,
		  -ERANGE, POLICY_WORDS, 20 },
		{ "30000000 0200 0000 435bb435 00000000 edffffff" UNKNOWN_REQUEST, -ENODEV, "", 0 },
		{ "58000000 0200 0002 3b5bb435 00000000 eaffffff" TRAILING_REQUEST "00" TRAILING_WORDS,
		  -EINVAL, "bytes leftover after parsing attributes", 0 },
		{ "24000000 0200 0001 435bb435 00000000 00000000 1c000000 2300 0500 435bb435 00000000", 0, "", 0 },
		/* the quoted request is longer than the message: nothing after it can be read */
		{ "30000000 0200 0002 435bb435 00000000 edffffff ffffffff 2300 0500 435bb435 00000000"
		  "04010000 08000900 63000000", -ENODEV, "", 0 },
		/* words without their NUL are not taken */
		{ "2c000000 0200 0003 435bb435 00000000 edffffff 1c000000 2300 0500 435bb435 00000000"
		  "08000100 61626364", -ENODEV, "", 0 },
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct octets o = octets(cases[i].hex);
		struct reader datagram = octets_reader(&o);
		struct nl_error error;
		struct nl_message m;

		assert_true(nl_message_next(&datagram, &m));
		assert_int_equal(nl_error_read(&m, &error), 0);
		assert_int_equal(error.error, cases[i].error);
		assert_string_equal(error.text, cases[i].text);
		assert_int_equal(error.offset, cases[i].offset);
	}
}

static void what_is_no_errno_is_malformed(void **state)
{
	static const char *const cases[] = {
		"14000000 0200 0000 435bb435 00000000 edffffff",          /* quotes nothing */
		"12000000 0200 0000 435bb435 00000000 edff 0000",         /* cut off */
		"18000000 0200 0000 435bb435 00000000 01000000 10000000", /* positive */
		"18000000 0200 0000 435bb435 00000000 00f0ffff 10000000", /* -4096 */
		"18000000 0200 0000 435bb435 00000000 00000080 10000000", /* INT_MIN */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct octets o = octets(cases[i]);
		struct reader datagram = octets_reader(&o);
		struct nl_error error;
		struct nl_message m;

		assert_true(nl_message_next(&datagram, &m));
		assert_int_equal(nl_error_read(&m, &error), -EBADMSG);
	}
}

/* Requirements: NL-56 */
static void done_carries_a_status(void **state)
{
	static const struct {
		const char *hex;
		int status;
	} cases[] = {
		{ "14000000 0300 0200 05000000 06000000 00000000", 0 },
		{ "14000000 0300 0200 05000000 06000000 f4ffffff", -ENOMEM },
		{ "14000000 0300 0200 05000000 06000000 01000000", -EBADMSG },
		{ "10000000 0300 0200 05000000 06000000", -EBADMSG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct octets o = octets(cases[i].hex);
		struct reader datagram = octets_reader(&o);
		struct nl_message m;

		assert_true(nl_message_next(&datagram, &m));
		assert_int_equal(nl_done_read(&m), cases[i].status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_quotes_the_request_and_says_why),
		cmocka_unit_test(words_are_for_those_who_asked),
		cmocka_unit_test(with_nothing_to_say_no_flag_says_so),
		cmocka_unit_test(success_quotes_the_header_only),
		cmocka_unit_test(octets_left_over_are_mentioned_even_in_an_acknowledgement),
		cmocka_unit_test(words_that_repeat_the_request_stay_one_line),
		cmocka_unit_test(an_answer_needs_no_more_than_it_says),
		cmocka_unit_test(what_is_written_can_be_read),
		cmocka_unit_test(what_is_no_errno_is_malformed),
		cmocka_unit_test(done_carries_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
