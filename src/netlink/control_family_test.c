/* SPDX-License-Identifier: BSD-2-Clause */
/* control_family_test.c - what nlctrl tells of the families, compared with what Linux 6.12 told */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/control_family.h"
#include "netlink/l2tp_family.h"

/* The answer of a kernel that had given the family the id 0x23 and the group the id 0x0f. */
#define KERNEL_L2TP                                                                                \
	"01020000 09000200 6c32747000 000000 06000100 2300 0000 08000300 01000000"                 \
	"08000400 00000000 08000500 23000000 b8000600"                                             \
	"14000100 08000100 00000000 08000200 0a000000"                                             \
	"14000200 08000100 01000000 08000200 1a000000"                                             \
	"14000300 08000100 02000000 08000200 1a000000"                                             \
	"14000400 08000100 03000000 08000200 1a000000"                                             \
	"14000500 08000100 04000000 08000200 1e000000"                                             \
	"14000600 08000100 05000000 08000200 1a000000"                                             \
	"14000700 08000100 06000000 08000200 1a000000"                                             \
	"14000800 08000100 07000000 08000200 1a000000"                                             \
	"14000900 08000100 08000000 08000200 1e000000"                                             \
	"1c000700 18000100 08000200 0f000000 09000100 6c32747000 000000"
#define HEADER "14010000 1000 0000 07000000 09000000"

static const struct genl_family other = {
	.name = "other", .id = 0x77, .version = 3, .policy = &control_policy
};
static const struct genl_family *const families[] = { &control_family, &l2tp_family, &other };

/* Requirements: NL-1, NL-2, NL-3 */
static void the_family_is_described_as_the_kernel_describes_it(void **state)
{
	const struct nl_message request = { .sequence = 7, .port = 9 };
	struct genl_family family = l2tp_family;
	uint8_t room[512];
	struct writer w = writer_over(room, sizeof(room));

	family.id = 0x23;
	family.group_id = 0x0f;
	assert_true(control_answer_put(&w, &request, 0, &family));
	assert_written(&w, HEADER KERNEL_L2TP);
}

static void nlctrl_tells_of_itself(void **state)
{
	const struct nl_message request = { .sequence = 7, .port = 9 };
	uint8_t room[512];
	struct writer w = writer_over(room, sizeof(room));

	assert_true(control_answer_put(&w, &request, NLM_F_MULTI, &control_family));
	assert_written(&w, "58000000 1000 0200 07000000 09000000 01020000"
	                   "0b000200 6e6c6374726c00 00 06000100 1000 0000 08000300 02000000"
	                   "08000400 00000000 08000500 00000000"
	                   "18000600 14000100 08000100 03000000 08000200 0e000000");
}

static void what_does_not_fit_is_not_written(void **state)
{
	const struct nl_message request = { .sequence = 7, .port = 9 };
	uint8_t room[200];
	struct writer w = writer_over(room, sizeof(room));

	assert_false(control_answer_put(&w, &request, 0, &l2tp_family));
	assert_int_equal(write_len(&w), 0);
	assert_true(control_answer_put(&w, &request, 0, &control_family));
}

/* Requirements: NL-1 */
static void a_family_is_found_by_name_or_id(void **state)
{
	static const struct {
		const char *hex;
		int result;
		const struct genl_family *family;
		uint16_t blamed;
		const char *words;
	} cases[] = {
		/* clang-format off */
		{ "09000200 6c32747000 000000",                        0,       &l2tp_family, 0, "" },
		{ "06000100 2000 0000",                                0,       &l2tp_family, 0, "" },
		{ "06000100 1000 0000",                                0,       &control_family, 0, "" },
		{ "06000100 7700 0000",                                0,       &other, 0, "" },
		/* the name decides */
		{ "06000100 e703 0000 09000200 6c32747000 000000",     0,       &l2tp_family, 0, "" },
		{ "06000100 2000 0000 09000200 6e6f706500 000000",     -ENOENT, NULL, CTRL_ATTR_FAMILY_NAME,
		  "there is no such family here" },
		{ "06000100 e703 0000",                                -ENOENT, NULL, CTRL_ATTR_FAMILY_ID,
		  "there is no family with id 999" },
		{ "",                                                  -EINVAL, NULL, 0,
		  "neither the name nor the id of a family is given" },
		/* an attribute that nlctrl does not take */
		{ "08000900 01000000",                                 -EINVAL, NULL, 0,
		  "neither the name nor the id of a family is given" },
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct genl_family *found = NULL;
		struct extack ea = { 0 };
		struct attributes a;
		struct test_request r;

		test_request_hex(&r, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, cases[i].hex);
		assert_int_equal(policy_parse(&control_policy, control_family.mode, r.attributes,
		                              r.message.start, &a, &ea),
		                 0);
		assert_int_equal(control_find(&a, families, ARRAY_SIZE(families), &found, &ea),
		                 cases[i].result);
		assert_ptr_equal(found, cases[i].family);
		assert_string_equal(ea.text, cases[i].words);
		assert_int_equal(ea.attribute, cases[i].blamed);
	}
}

static void only_getfamily_is_answered(void **state)
{
	for (unsigned int command = 0; command < 256; command++) {
		struct genl_request request;
		struct test_request r;

		test_request_hex(&r, GENL_ID_CTRL, (uint8_t)command, "");
		assert_int_equal(genl_request_read(&control_family, &r.message, &request, NULL),
		                 command == CTRL_CMD_GETFAMILY ? 0 : -EOPNOTSUPP);
	}
}

static void the_client_asks_by_name(void **state)
{
	uint8_t room[64];
	struct writer w = writer_over(room, sizeof(room));

	assert_true(control_request_put(&w, "l2tp", 7));
	assert_written(&w,
	               "20000000 1000 0100 07000000 00000000 03020000 09000200 6c32747000 000000");
	w = writer_over(room, 30);
	assert_false(control_request_put(&w, "l2tp", 7));
}

/* Requirements: NL-1 */
static void the_kernels_answer_is_read(void **state)
{
	struct octets o = octets(HEADER KERNEL_L2TP);
	struct reader datagram = octets_reader(&o);
	struct control_answer answer;
	struct nl_message m;

	assert_true(nl_message_next(&datagram, &m));
	assert_int_equal(control_answer_read(&m, &answer), 0);
	assert_string_equal(answer.name, "l2tp");
	assert_int_equal(answer.id, 0x23);
	assert_int_equal(answer.version, 1);
	assert_int_equal(answer.attribute_max, 35);
	assert_int_equal(answer.group_count, 1);
	assert_int_equal(control_answer_group(&answer, "l2tp"), 0x0f);
	assert_int_equal(control_answer_group(&answer, "else"), 0);
}

static void malformed_answers_are_not_taken(void **state)
{
	static const char *const cases[] = {
		/* clang-format off */
		"18000000 1000 0000 07000000 09000000 01020000 00000000",                   /* neither name nor id */
		"20000000 1000 0000 07000000 09000000 01020000 09000200 6c32747000 000000", /* no id */
		"1c000000 1000 0000 07000000 09000000 01020000 06000100 2300 0000",         /* no name */
		"28000000 1000 0000 07000000 09000000 02020000 09000200 6c32747000 000000"
		"06000100 2300 0000",                                                       /* another command */
		"28000000 2300 0000 07000000 09000000 01020000 09000200 6c32747000 000000"
		"06000100 2300 0000",                                                       /* another family */
		"28000000 1000 0000 07000000 09000000 01020000 09000200 6c32747070 000000"
		"06000100 2300 0000",                                                       /* no NUL */
		"38000000 1000 0000 07000000 09000000 01020000 09000200 6c32747000 000000"
		"06000100 2300 0000 10000700 0c000100 06000200 0f00 0000",                  /* a short group id */
		"12000000 1000 0000 07000000 09000000 0102 0000",                           /* no header */
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct octets o = octets(cases[i]);
		struct reader datagram = octets_reader(&o);
		struct control_answer answer;
		struct nl_message m;

		assert_true(nl_message_next(&datagram, &m));
		assert_int_equal(control_answer_read(&m, &answer), -EBADMSG);
	}
}

static void more_groups_than_fit_are_left_out(void **state)
{
	const struct nl_header header = { GENL_ID_CTRL, 0, 7, 9 };
	uint8_t room[1024];
	struct writer w = writer_over(room, sizeof(room));
	size_t start = genl_message_begin(&w, &header, CTRL_CMD_NEWFAMILY, 2), list;
	struct control_answer answer;
	struct reader datagram;
	struct nl_message m;

	attribute_put_string(&w, CTRL_ATTR_FAMILY_NAME, "many");
	attribute_put_u16(&w, CTRL_ATTR_FAMILY_ID, 0x30);
	list = attribute_nest_begin(&w, CTRL_ATTR_MCAST_GROUPS);
	for (uint16_t i = 1; i <= 2 * CONTROL_GROUPS_MAX; i++) {
		size_t group = attribute_nest_begin(&w, i);

		attribute_put_u32(&w, CTRL_ATTR_MCAST_GRP_ID, i);
		attribute_put_string(&w, CTRL_ATTR_MCAST_GRP_NAME, i == 8 ? "eighth" : "group");
		attribute_nest_end(&w, group);
	}
	attribute_nest_end(&w, list);
	assert_true(nl_message_end(&w, start));
	datagram = reader_over(room, write_len(&w));
	assert_true(nl_message_next(&datagram, &m));
	assert_int_equal(control_answer_read(&m, &answer), 0);
	assert_int_equal(answer.group_count, CONTROL_GROUPS_MAX);
	assert_int_equal(control_answer_group(&answer, "eighth"), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_family_is_described_as_the_kernel_describes_it),
		cmocka_unit_test(nlctrl_tells_of_itself),
		cmocka_unit_test(what_does_not_fit_is_not_written),
		cmocka_unit_test(a_family_is_found_by_name_or_id),
		cmocka_unit_test(only_getfamily_is_answered),
		cmocka_unit_test(the_client_asks_by_name),
		cmocka_unit_test(the_kernels_answer_is_read),
		cmocka_unit_test(malformed_answers_are_not_taken),
		cmocka_unit_test(more_groups_than_fit_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
