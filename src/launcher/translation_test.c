/* SPDX-License-Identifier: BSD-2-Clause */
/* translation_test.c - l2tp's numbers are replaced where they stand, and nowhere else */
#include "netlink/test_octets.h"

#include <linux/genetlink.h>

#include "launcher/family_numbers.h"
#include "launcher/socket_list.h"
#include "launcher/translation.h"

static const struct l2tp_numbers program = { 0x3fe, 0x3ff }, daemon_numbers = { 0x20, 0x10 };

static void assert_request(const char *before, const char *after)
{
	struct octets o = octets(before), expected = octets(after);

	translate_request(o.at, o.len, &program, &daemon_numbers, 0x1234);
	assert_int_equal(o.len, expected.len);
	assert_memory_equal(o.at, expected.at, o.len);
}

static void a_request_gets_the_daemons_number_and_the_programs_port(void **state)
{
	assert_request("14000000 fe03 0500 01000000 00000000 00010000",
	               "14000000 2000 0500 01000000 34120000 00010000");
}

static void a_question_about_the_number_asks_for_the_daemons(void **state)
{
	assert_request("1c000000 1000 0500 01000000 00000000 03010000 06000100 fe030000",
	               "1c000000 1000 0500 01000000 34120000 03010000 06000100 20000000");
	assert_request("1c000000 1000 0500 01000000 00000000 03010000 06000100 fd030000",
	               "1c000000 1000 0500 01000000 34120000 03010000 06000100 fd030000");
}

static void what_is_cut_off_stays_as_it_is(void **state)
{
	/* an attribute with half a number; a header that promises more than there is */
	assert_request("19000000 1000 0500 01000000 00000000 03010000 05000100 fe",
	               "19000000 1000 0500 01000000 34120000 03010000 05000100 fe");
	assert_request("40000000 fe03 0500 01000000 00000000",
	               "40000000 fe03 0500 01000000 00000000");
	assert_request("0500", "0500");
}

static void assert_answer(const char *before, const char *after, const char *request)
{
	struct octets o = octets(before), expected = octets(after), r = octets(request);

	translate_answer(o.at, o.len, &daemon_numbers, &program, r.len ? r.at : NULL, r.len);
	assert_memory_equal(o.at, expected.at, expected.len);
}

static void an_answer_gets_the_programs_number(void **state)
{
	assert_answer("14000000 2000 0000 01000000 34120000 00010000",
	              "14000000 fe03 0000 01000000 34120000 00010000", "");
}

static void a_description_has_the_programs_numbers(void **state)
{
	assert_answer("38000000 1000 0000 01000000 34120000 01020000 06000100 20000000"
	              "1c000700 18000100 08000200 10000000 09000100 6c32747000 000000",
	              "38000000 1000 0000 01000000 34120000 01020000 06000100 fe030000"
	              "1c000700 18000100 08000200 ff030000 09000100 6c32747000 000000",
	              "");
}

#define REQUEST "18000000 fe03 0500 01000000 00000000 03010000 aabbccdd"

static void a_quote_is_what_the_program_wrote(void **state)
{
	assert_answer("2c000000 0200 0000 01000000 34120000 edffffff"
	              "18000000 2000 0500 01000000 34120000 03010000 aabbccdd",
	              "2c000000 0200 0000 01000000 34120000 edffffff" REQUEST, REQUEST);
	/* capped: the header alone, and behind it words */
	assert_answer("2c000000 0200 0003 01000000 34120000 edffffff"
	              "18000000 2000 0500 01000000 34120000 08000100 4e6f0000",
	              "2c000000 0200 0003 01000000 34120000 edffffff"
	              "18000000 fe03 0500 01000000 00000000 08000100 4e6f0000",
	              REQUEST);
}

static struct nl_message message(const struct octets *o)
{
	struct reader datagram = reader_over(o->at, o->len);
	struct nl_message m = { 0 };

	assert_true(nl_message_next(&datagram, &m));
	return m;
}

static bool about_l2tp(const char *hex)
{
	struct octets o = octets(hex);
	struct nl_message m = message(&o);
	struct control_question q;

	return control_question_read(&m, program.family, &q) && q.about_l2tp;
}

static void questions_about_l2tp_are_told_from_others(void **state)
{
	/* by name, with and without NUL; by number; by both the name decides */
	assert_true(about_l2tp(
		"20000000 1000 0500 01000000 00000000 03010000 09000200 6c32747000 000000"));
	assert_true(about_l2tp("1c000000 1000 0500 01000000 00000000 03010000 08000200 6c327470"));
	assert_true(about_l2tp("1c000000 1000 0500 01000000 00000000 03010000 06000100 fe030000"));
	assert_false(about_l2tp(
		"20000000 1000 0500 01000000 00000000 03010000 0a000200 6c3274707800 0000"));
	assert_false(about_l2tp("24000000 1000 0500 01000000 00000000 03010000 06000100 fe030000"
	                        "07000200 6c327400"));
	assert_false(about_l2tp("14000000 1000 0500 01000000 00000000 03010000"));
	assert_false(about_l2tp(
		"20000000 fe03 0500 01000000 00000000 03010000 09000200 6c32747000 000000"));
}

static void a_family_is_known_by_its_name(void **state)
{
	struct octets o =
		octets("20000000 1000 0200 01000000 00000000 01020000 09000200 6c32747000 000000");
	struct nl_message m = message(&o);

	assert_true(control_message_names(&m, "l2tp"));
	assert_false(control_message_names(&m, "l2t"));
	assert_int_equal(control_message_number(&m), 0);
	o = octets("1c000000 1000 0200 01000000 00000000 01020000 06000100 fe030000");
	m = message(&o);
	assert_int_equal(control_message_number(&m), 0x3fe);
}

static void numbers_are_taken_from_the_top(void **state)
{
	struct octets o = octets("38000000 1000 0200 01000000 00000000 01020000 06000100 fe030000"
	                         "1c000700 18000100 08000200 ff030000 09000100 6c32747000 000000");
	struct family_numbers taken = { 0 };
	struct nl_message m = message(&o);
	uint16_t family;
	uint32_t group;

	family_numbers_free_in(&taken, &family, &group);
	assert_int_equal(family, 0x3fe);
	assert_int_equal(group, 0x3ff);
	family_numbers_note(&taken, &m);
	family_numbers_free_in(&taken, &family, &group);
	assert_int_equal(family, 0x3fd);
	assert_int_equal(group, 0x3fe);
}

static void a_line_of_the_kernels_list_is_read(void **state)
{
	struct socket_entry e;

	assert_int_equal(
		socket_entry_read("0000000041a92ad9 15  4294960184 00000001 2304     0        0"
	                          "     2        0        21342   ",
	                          &e),
		0);
	assert_int_equal(e.ino, 21342);
	assert_int_equal(e.queued, 2304);
	assert_int_equal(e.port, 4294960184);
	assert_true(socket_entry_read(
			    "sk               Eth Pid        Groups   Rmem     Wmem     Dump  "
			    "Locks    Drops    Inode",
			    &e) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_gets_the_daemons_number_and_the_programs_port),
		cmocka_unit_test(a_question_about_the_number_asks_for_the_daemons),
		cmocka_unit_test(what_is_cut_off_stays_as_it_is),
		cmocka_unit_test(an_answer_gets_the_programs_number),
		cmocka_unit_test(a_description_has_the_programs_numbers),
		cmocka_unit_test(a_quote_is_what_the_program_wrote),
		cmocka_unit_test(questions_about_l2tp_are_told_from_others),
		cmocka_unit_test(a_family_is_known_by_its_name),
		cmocka_unit_test(numbers_are_taken_from_the_top),
		cmocka_unit_test(a_line_of_the_kernels_list_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
