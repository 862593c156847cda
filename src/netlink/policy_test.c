/* SPDX-License-Identifier: BSD-2-Clause */
/* policy_test.c - what attributes are accepted, liberally as the kernel and strictly */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/policy.h"

enum {
	A_U8 = 1,
	A_U16,
	A_U32,
	A_U64,
	A_MSECS,
	A_NAME,
	A_COOKIE,
	A_NEST,
	A_FLAG,
	A_ANY,
	A_RANGE,
	A_HOLE,
	A_TEXT,
	A_COUNT,
};

/* clang-format off */
static const struct policy_row rows[] = {
	[A_U8]     = { "u8",     ATTRIBUTE_U8 },
	[A_U16]    = { "u16",    ATTRIBUTE_U16 },
	[A_U32]    = { "u32",    ATTRIBUTE_U32 },
	[A_U64]    = { "u64",    ATTRIBUTE_U64 },
	[A_MSECS]  = { "msecs",  ATTRIBUTE_MSECS },
	[A_NAME]   = { "name",   ATTRIBUTE_STRING, .min = 1, .max = 15 },
	[A_COOKIE] = { "cookie", ATTRIBUTE_BINARY, .max = 8 },
	[A_NEST]   = { "nest",   ATTRIBUTE_NEST },
	[A_FLAG]   = { "flag",   ATTRIBUTE_FLAG },
	[A_ANY]    = { "any",    ATTRIBUTE_ANY },
	[A_RANGE]  = { "range",  ATTRIBUTE_U8, .min = 1, .max = 3 },
	[A_TEXT]   = { "text",   ATTRIBUTE_STRING },
};
/* clang-format on */

static const struct policy policy = { rows, A_COUNT };

#define TEST_TYPE 0x20
#define FIRST     20 /* offset of the first attribute: behind both headers */

/* What one attribute list does. */
struct parse_row {
	const char *hex;
	int result;
	uint16_t blamed; /* attribute number */
	const char *words;
	uint32_t offset;
};

static void check(enum policy_mode mode, const struct parse_row *expected)
{
	struct extack ea = { 0 };
	struct attributes a;
	struct test_request r;

	test_request_hex(&r, TEST_TYPE, 1, expected->hex);
	assert_int_equal(policy_parse(&policy, mode, r.attributes, r.message.start, &a, &ea),
	                 expected->result);
	assert_string_equal(ea.text, expected->words ? expected->words : "");
	assert_int_equal(ea.attribute, expected->blamed);
	assert_int_equal(attributes_fault(&a, &ea).offset, expected->offset);
	if (expected->result < 0)
		for (uint16_t n = 0; n < ATTRIBUTES_MAX; n++)
			assert_false(attributes_has(&a, n));
}

/* Requirements: NL-20 */
static void liberal_skips_what_it_does_not_know_and_the_last_one_wins(void **state)
{
	struct extack ea = { 0 };
	struct attributes a;
	struct test_request r;

	test_request_hex(&r, TEST_TYPE, 1,
	                 "08000000 11111111" /* number 0 */
	                 "08000300 22222222"
	                 "08000300 33333333"
	                 "05000c00 44000000" /* a number without a row */
	                 "0800ff3f 55555555" /* far above the rows */
	                 "06000280 66660000" /* with the nested bit */
	                 "06000140 77770000" /* with the byte order bit; and too long */
	                 "aabbcc");          /* no attribute */
	assert_int_equal(
		policy_parse(&policy, POLICY_LIBERAL, r.attributes, r.message.start, &a, &ea), 0);
	assert_int_equal(attributes_u32(&a, A_U32), 0x33333333);
	assert_int_equal(attributes_u16(&a, A_U16), 0x6666);
	assert_int_equal(attributes_u8(&a, A_U8), 0x77);
	assert_false(attributes_has(&a, 0));
	assert_false(attributes_has(&a, A_HOLE));
	assert_int_equal(a.inexact, UINT64_C(1) << A_U8);
	assert_int_equal(a.trailing, 3);
	assert_string_equal(ea.text, "");

	struct nl_fault fault = attributes_fault(&a, &ea);

	assert_true(fault.trailing);
	assert_int_equal(fault.offset, 0);
	assert_null(fault.row);
}

#define POLICY_WORDS "Attribute failed policy validation"

/* Requirements: NL-21, NL-24 */
static void liberal_refuses_what_the_kernel_refuses(void **state)
{
	static const struct parse_row cases[] = {
		/* clang-format off */
		/* integers: too short is refused, longer is not */
		{ "04000100",                             -ERANGE, A_U8,     POLICY_WORDS, FIRST },
		{ "05000200 11000000",                    -ERANGE, A_U16,    POLICY_WORDS, FIRST },
		{ "07000300 11223300",                    -ERANGE, A_U32,    POLICY_WORDS, FIRST },
		{ "08000400 11223344",                    -ERANGE, A_U64,    POLICY_WORDS, FIRST },
		{ "0b000500 11223344556677 00",           -ERANGE, A_MSECS,  POLICY_WORDS, FIRST },
		{ "08000100 11223344",                    0,       0,        NULL,         0 },
		{ "0c000300 1122334455667788",            0,       0,        NULL,         0 },
		{ "10000500 112233445566778899aabbcc",    0,       0,        NULL,         0 },
		/* limits of values are for the strict */
		{ "05000b00 09000000",                    0,       0,        NULL,         0 },
		/* the second attribute is to blame; also when a good one of its number follows */
		{ "05000100 11000000 04000200",           -ERANGE, A_U16,    POLICY_WORDS, FIRST + 8 },
		{ "04000200 06000200 22220000",           -ERANGE, A_U16,    POLICY_WORDS, FIRST },
		/* strings of at most 15: a NUL within 16 octets */
		{ "04000600",                             -EINVAL, A_NAME,   POLICY_WORDS, FIRST },
		{ "05000600 61000000",                    -EINVAL, A_NAME,   POLICY_WORDS, FIRST },
		{ "05000600 00000000",                    0,       0,        NULL,         0 },
		{ "14000600 61616161616161616161616161616100", 0,  0,        NULL,         0 },
		{ "14000600 61616161616161616161616161616161", -EINVAL, A_NAME, POLICY_WORDS, FIRST },
		{ "15000600 61616161616161616161616161616161 00000000", -EINVAL, A_NAME, POLICY_WORDS, FIRST },
		/* a NUL early, and then more than fits: too long, but for one NUL at the end */
		{ "14000600 61006161616161616161616161616161", -ERANGE, A_NAME, POLICY_WORDS, FIRST },
		{ "14000600 61006161616161616161616161616100", 0,  0,        NULL,         0 },
		{ "15000600 61006161616161616161616161616161 00000000", -ERANGE, A_NAME, POLICY_WORDS, FIRST },
		/* without a limit only the NUL counts */
		{ "05000d00 61000000",                    -EINVAL, A_TEXT,   POLICY_WORDS, FIRST },
		{ "18000d00 6161616161616161616161616161616161616100", 0, 0, NULL,         0 },
		/* octets of at most 8 */
		{ "04000700",                             0,       0,        NULL,         0 },
		{ "0c000700 1122334455667788",            0,       0,        NULL,         0 },
		{ "0d000700 1122334455667788 99000000",   -ERANGE, A_COOKIE, POLICY_WORDS, FIRST },
		/* a nest is empty or holds at least a header */
		{ "04000800",                             0,       0,        NULL,         0 },
		{ "05000800 11000000",                    -ERANGE, A_NEST,   POLICY_WORDS, FIRST },
		{ "07000800 11223300",                    -ERANGE, A_NEST,   POLICY_WORDS, FIRST },
		{ "08000800 11223344",                    0,       0,        NULL,         0 },
		/* presence counts */
		{ "04000900",                             0,       0,        NULL,         0 },
		{ "08000900 11223344",                    0,       0,        NULL,         0 },
		{ "04000a00",                             0,       0,        NULL,         0 },
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(POLICY_LIBERAL, &cases[i]);
}

static void liberal_notes_lengths_that_the_kernel_logs(void **state)
{
	struct attributes a;
	struct test_request r;

	test_request_hex(&r, TEST_TYPE, 1,
	                 "06000100 11110000 06000200 11110000"
	                 "0c000300 1122334455667788 10000500 112233445566778899aabbcc");
	assert_int_equal(
		policy_parse(&policy, POLICY_LIBERAL, r.attributes, r.message.start, &a, NULL), 0);
	/* not of the time: the kernel has another kind for it */
	assert_int_equal(a.inexact, UINT64_C(1) << A_U8 | UINT64_C(1) << A_U32);
	assert_int_equal(attributes_u32(&a, A_U32), 0x44332211);
	assert_int_equal(attributes_u64(&a, A_MSECS), 0x8877665544332211);
	assert_int_equal(attributes_len(&a, A_U32), 8);
	assert_int_equal(attributes_offset(&a, A_U32), FIRST + 16);
}

static void strict_says_what_is_wrong(void **state)
{
	static const struct parse_row cases[] = {
		/* clang-format off */
		{ "05000100 11000000",          0,       0,        NULL, 0 },
		{ "06000100 11110000",          -EINVAL, A_U8,     "u8 has 2 octets, it must have 1", FIRST },
		{ "04000100",                   -EINVAL, A_U8,     "u8 has 0 octets, it must have 1", FIRST },
		{ "0c000500 0000000000000000",  0,       0,        NULL, 0 },
		{ "08000500 00000000",          -EINVAL, A_MSECS,  "msecs has 4 octets, it must have 8", FIRST },
		{ "05000b00 01000000",          0,       0,        NULL, 0 },
		{ "05000b00 03000000",          0,       0,        NULL, 0 },
		{ "05000b00 00000000",          -EINVAL, A_RANGE,  "range is 0, it must be 1 to 3", FIRST },
		{ "05000b00 04000000",          -EINVAL, A_RANGE,  "range is 4, it must be 1 to 3", FIRST },
		{ "08000000 00000000",          -EINVAL, 0,        "attribute 0 is not known here: who asks may be newer than this ul2tpd", FIRST },
		{ "08000c00 00000000",          -EINVAL, A_HOLE,   "attribute 12 is not known here: who asks may be newer than this ul2tpd", FIRST },
		{ "04000a00",                   -EINVAL, A_ANY,    "attribute 10 is not known here: who asks may be newer than this ul2tpd", FIRST },
		{ "0800ff3f 00000000",          -EINVAL, 0x3fff,   "attribute 16383 is not known here: who asks may be newer than this ul2tpd", FIRST },
		{ "05000100 11000000 05000100 11000000", -EINVAL, A_U8, "u8 is given twice", FIRST + 8 },
		{ "05000180 11000000",          -EINVAL, A_U8,     "u8 has a flag it must not have", FIRST },
		{ "05000140 11000000",          -EINVAL, A_U8,     "u8 has a flag it must not have", FIRST },
		{ "04000880",                   0,       0,        NULL, 0 },
		{ "04000800",                   -EINVAL, A_NEST,   "nest lacks the flag NLA_F_NESTED", FIRST },
		{ "040008c0",                   -EINVAL, A_NEST,   "nest lacks the flag NLA_F_NESTED", FIRST },
		{ "04000900",                   0,       0,        NULL, 0 },
		{ "05000900 11000000",          -EINVAL, A_FLAG,   "flag is a flag, it takes no value", FIRST },
		{ "06000600 61000000",          0,       0,        NULL, 0 },
		{ "05000600 61000000",          -EINVAL, A_NAME,   "name does not end with a NUL", FIRST },
		{ "04000600",                   -EINVAL, A_NAME,   "name does not end with a NUL", FIRST },
		{ "05000600 00000000",          -EINVAL, A_NAME,   "name has 0 octets, it must have 1 to 15", FIRST },
		{ "07000600 61006100",          -EINVAL, A_NAME,   "name does not end with a NUL", FIRST },
		{ "08000600 61006100",          -EINVAL, A_NAME,   "name is not one printable line", FIRST },
		{ "07000600 610a0000",          -EINVAL, A_NAME,   "name is not one printable line", FIRST },
		{ "07000600 617f0000",          -EINVAL, A_NAME,   "name is not one printable line", FIRST },
		{ "08000600 c3a96100",          0,       0,        NULL, 0 },
		{ "15000600 61616161616161616161616161616161 00000000",
		                                -EINVAL, A_NAME,   "name has 16 octets, it must have 1 to 15", FIRST },
		{ "0d000700 1122334455667788 99000000",
		                                -EINVAL, A_COOKIE, "cookie has 9 octets, it must have 0 to 8", FIRST },
		{ "05000100 11000000 010203",   -EINVAL, 0,        "3 octets at the end are no attribute", 0 },
		{ "05000100 11000000 0300010011223344",
		                                -EINVAL, 0,        "8 octets at the end are no attribute", 0 },
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(POLICY_STRICT, &cases[i]);
}

static void what_is_absent_reads_as_nothing(void **state)
{
	struct test_request r;
	struct attributes a;

	test_request_hex(&r, TEST_TYPE, 1, "");
	assert_int_equal(
		policy_parse(&policy, POLICY_STRICT, r.attributes, r.message.start, &a, NULL), 0);
	assert_int_equal(attributes_u8(&a, A_U8), 0);
	assert_int_equal(attributes_u16(&a, A_U16), 0);
	assert_int_equal(attributes_u32(&a, A_U32), 0);
	assert_int_equal(attributes_u64(&a, A_U64), 0);
	assert_string_equal(attributes_string(&a, A_NAME), "");
	assert_int_equal(attributes_len(&a, A_COOKIE), 0);
	assert_int_equal(attributes_offset(&a, A_COOKIE), 0);
	assert_int_equal(read_left(&(struct reader[]){ attributes_value(&a, A_NEST) }[0]), 0);
	assert_false(attributes_has(&a, UINT16_MAX));
}

static void an_empty_value_is_not_absent(void **state)
{
	struct test_request r;
	struct attributes a;

	test_request_hex(&r, TEST_TYPE, 1, "04000900");
	assert_int_equal(
		policy_parse(&policy, POLICY_LIBERAL, r.attributes, r.message.start, &a, NULL), 0);
	assert_true(attributes_has(&a, A_FLAG));
}

/* What 6.12 says of such attributes in NLMSGERR_ATTR_POLICY.
 * Requirements: NL-21 */
static void a_row_is_described_as_the_kernel_describes_it(void **state)
{
	static const struct {
		uint16_t number;
		const char *hex;
	} cases[] = {
		/* clang-format off */
		{ A_U8,     "24000480 0c000400 0000000000000000 0c000500 ff00000000000000 08000100 02000000" },
		{ A_U16,    "24000480 0c000400 0000000000000000 0c000500 ffff000000000000 08000100 03000000" },
		{ A_U32,    "24000480 0c000400 0000000000000000 0c000500 ffffffff00000000 08000100 04000000" },
		{ A_U64,    "24000480 0c000400 0000000000000000 0c000500 ffffffffffffffff 08000100 05000000" },
		{ A_MSECS,  "24000480 0c000400 0000000000000000 0c000500 ffffffffffffffff 08000100 11000000" },
		{ A_NAME,   "14000480 08000700 0f000000 08000100 0c000000" },
		{ A_COOKIE, "14000480 08000700 08000000 08000100 0a000000" },
		{ A_NEST,   "0c000480 08000100 0d000000" },
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t room[64];
		struct writer w = writer_over(room, sizeof(room));

		policy_row_put(&w, NLMSGERR_ATTR_POLICY | NLA_F_NESTED, &rows[cases[i].number]);
		assert_written(&w, cases[i].hex);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(liberal_skips_what_it_does_not_know_and_the_last_one_wins),
		cmocka_unit_test(liberal_refuses_what_the_kernel_refuses),
		cmocka_unit_test(liberal_notes_lengths_that_the_kernel_logs),
		cmocka_unit_test(strict_says_what_is_wrong),
		cmocka_unit_test(what_is_absent_reads_as_nothing),
		cmocka_unit_test(an_empty_value_is_not_absent),
		cmocka_unit_test(a_row_is_described_as_the_kernel_describes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
