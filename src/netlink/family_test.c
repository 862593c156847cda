/* SPDX-License-Identifier: BSD-2-Clause */
/* family_test.c - the checks that every generic netlink request passes first */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/family.h"

/* clang-format off */
static const struct genl_command commands[] = {
	{ 1, "MAKE", true,  false, GENL_ADMIN },
	{ 2, "LIST", false, true,  GENL_ANYONE },
	{ 3, "GET",  true,  true,  GENL_DAEMON_ADMIN },
	{ 5, "NEW",  true,  true,  GENL_ANYONE },
};
/* clang-format on */

static const struct genl_family family = {
	.name = "test",
	.id = 0x20,
	.commands = commands,
	.command_count = ARRAY_SIZE(commands),
	.checked_from = 5,
};

/* Requirements: NL-10, NL-11 */
static void a_command_is_found_and_asked_for_in_a_way_it_has(void **state)
{
	static const struct {
		uint8_t command;
		uint16_t flags;
		int result;
		const char *words;
	} cases[] = {
		/* clang-format off */
		{ 1,   NLM_F_REQUEST,              0,           "" },
		{ 1,   NLM_F_REQUEST | NLM_F_DUMP, -EOPNOTSUPP, "MAKE can not be dumped" },
		{ 1,   NLM_F_REQUEST | NLM_F_ROOT, 0,           "" },
		{ 2,   NLM_F_REQUEST,              -EOPNOTSUPP, "LIST can only be dumped" },
		{ 2,   NLM_F_REQUEST | NLM_F_DUMP, 0,           "" },
		{ 3,   NLM_F_REQUEST,              0,           "" },
		{ 3,   NLM_F_REQUEST | NLM_F_DUMP, 0,           "" },
		{ 0,   NLM_F_REQUEST,              -EOPNOTSUPP, "family test has no command 0" },
		{ 4,   NLM_F_REQUEST | NLM_F_DUMP, -EOPNOTSUPP, "family test has no command 4" },
		{ 255, NLM_F_REQUEST,              -EOPNOTSUPP, "family test has no command 255" },
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct genl_request request = { 0 };
		struct extack ea = { 0 };
		struct test_request r;

		test_request_begin(&r, 0x20, cases[i].flags, cases[i].command);
		attribute_put_u8(&r.w, 1, 1);
		test_request_end(&r);
		assert_int_equal(genl_request_read(&family, &r.message, &request, &ea),
		                 cases[i].result);
		assert_string_equal(ea.text, cases[i].words);
		if (cases[i].result < 0)
			continue;
		assert_int_equal(request.command->number, cases[i].command);
		assert_int_equal(request.dump, (cases[i].flags & NLM_F_DUMP) == NLM_F_DUMP);
		assert_ptr_equal(request.attributes.at, r.at + 20);
		assert_int_equal(read_left(&request.attributes), 8);
	}
}

/* Requirements: NL-10 */
static void a_message_without_the_header_is_no_request(void **state)
{
	struct octets o = octets("13000000 2000 0500 01000000 02000000 010100 00");
	struct reader datagram = octets_reader(&o);
	struct genl_request request;
	struct extack ea = { 0 };
	struct nl_message m;

	assert_true(nl_message_next(&datagram, &m));
	assert_int_equal(genl_request_read(&family, &m, &request, &ea), -EINVAL);
	assert_string_equal(ea.text, "the message is too short for a generic netlink header");
}

#define WORDS_FLAGS    "ambiguous or reserved bits set in nlmsg_flags"
#define WORDS_RESERVED "genlmsghdr.reserved field is not 0"

/* As 6.12 does with the commands that the family l2tp does not have.
 * Requirements: NL-6 */
static void only_younger_commands_have_their_headers_checked(void **state)
{
	static const struct {
		uint8_t command;
		uint16_t flags;
		uint16_t reserved;
		int result;
		const char *words;
	} cases[] = {
		/* clang-format off */
		{ 1, NLM_F_ROOT,                0, 0,           "" },
		{ 1, NLM_F_CREATE,              7, 0,           "" },
		{ 5, NLM_F_ACK | NLM_F_ECHO,    0, 0,           "" },
		{ 5, NLM_F_DUMP,                0, 0,           "" },
		{ 5, NLM_F_ROOT,                0, -EINVAL,     WORDS_FLAGS },
		{ 5, NLM_F_MATCH,               0, -EINVAL,     WORDS_FLAGS },
		{ 5, NLM_F_DUMP | NLM_F_CREATE, 0, -EINVAL,     WORDS_FLAGS },
		{ 5, NLM_F_ROOT,                1, -EINVAL,     WORDS_RESERVED },
		{ 9, 0,                         0, -EOPNOTSUPP, "family test has no command 9" },
		{ 9, 0,                         1, -EINVAL,     WORDS_RESERVED },
		{ 9, NLM_F_CREATE,              0, -EINVAL,     WORDS_FLAGS },
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct genl_request request;
		struct extack ea = { 0 };
		struct test_request r;

		test_request_begin(&r, 0x20, (uint16_t)(NLM_F_REQUEST | cases[i].flags),
		                   cases[i].command);
		memcpy(r.at + 18, &cases[i].reserved, 2);
		test_request_end(&r);
		assert_int_equal(genl_request_read(&family, &r.message, &request, &ea),
		                 cases[i].result);
		assert_string_equal(ea.text, cases[i].words);
	}
}

/* Requirements: NL-3 */
static void flags_tell_what_a_command_can_and_needs(void **state)
{
	assert_int_equal(genl_command_flags(&commands[0]), 0x1a);
	assert_int_equal(genl_command_flags(&commands[1]), 0x0c);
	assert_int_equal(genl_command_flags(&commands[2]), 0x1e);
	assert_int_equal(genl_command_flags(&commands[3]), 0x0e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_found_and_asked_for_in_a_way_it_has),
		cmocka_unit_test(a_message_without_the_header_is_no_request),
		cmocka_unit_test(only_younger_commands_have_their_headers_checked),
		cmocka_unit_test(flags_tell_what_a_command_can_and_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
