/* SPDX-License-Identifier: BSD-2-Clause */
/* attribute_test.c - attributes walked over and written */
#include "netlink/test_octets.h"

#include "netlink/attribute.h"

/* Requirements: NL-20 */
static void walks_over_padding_and_splits_off_the_flag_bits(void **state)
{
	struct octets o = octets("0500 0180 aa000000  0400 0240  0700 0300 112233");
	struct reader r = octets_reader(&o);
	struct attribute a;

	assert_true(attribute_next(&r, &a));
	assert_int_equal(a.type, 1);
	assert_int_equal(a.flags, NLA_F_NESTED);
	assert_ptr_equal(a.start, o.at);
	assert_int_equal(read_left(&a.value), 1);
	assert_int_equal(read_u8(&a.value), 0xaa);

	assert_true(attribute_next(&r, &a));
	assert_int_equal(a.type, 2);
	assert_int_equal(a.flags, NLA_F_NET_BYTEORDER);
	assert_int_equal(read_left(&a.value), 0);

	/* the last one may lack its padding */
	assert_true(attribute_next(&r, &a));
	assert_int_equal(a.type, 3);
	assert_int_equal(a.flags, 0);
	assert_int_equal(read_left(&a.value), 3);
	assert_int_equal(read_left(&r), 0);
	assert_false(attribute_next(&r, &a));
}

static void ends_at_octets_that_are_no_attribute(void **state)
{
	static const struct {
		const char *hex;
		size_t left;
	} rows[] = {
		/* clang-format off */
		{ "",                             0 },
		{ "01",                           1 },
		{ "050001",                       3 },
		{ "00000100",                     4 },	/* a length below that of the header */
		{ "0300010011223344",             8 },
		{ "05000100",                     4 },	/* a length beyond the end */
		{ "ffff0100 11223344",            8 },
		{ "04000100 0500020011000000 09", 1 },
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct octets o = octets(rows[i].hex);
		struct reader r = octets_reader(&o);
		struct attribute a;

		while (attribute_next(&r, &a))
			;
		assert_false(r.failed);
		assert_int_equal(read_left(&r), rows[i].left);
	}
}

static void each_kind_is_written_with_its_padding(void **state)
{
	uint8_t room[128];
	struct writer w = writer_over(room, sizeof(room));
	size_t outer, inner;

	attribute_put_u8(&w, 1, 0x11);
	attribute_put_u16(&w, 2, 0x1122);
	attribute_put_u32(&w, 3, 0x11223344);
	attribute_put_u64(&w, 4, 0x1122334455667788);
	attribute_put_string(&w, 5, "abc");
	attribute_put_flag(&w, 6);
	attribute_put(&w, 7, "\x01\x02\x03\x04\x05", 5);
	outer = attribute_nest_begin(&w, 8 | NLA_F_NESTED);
	inner = attribute_nest_begin(&w, 9);
	attribute_put_u8(&w, 10, 1);
	attribute_nest_end(&w, inner);
	attribute_nest_end(&w, outer);
	assert_written(&w, "05000100 11000000 06000200 22110000 08000300 44332211"
	                   "0c000400 8877665544332211 08000500 61626300 04000600"
	                   "09000700 0102030405000000 10000880 0c000900 05000a00 01000000");
}

static void what_is_too_long_for_a_length_fails(void **state)
{
	static uint8_t room[UINT16_MAX + 100];
	static uint8_t value[UINT16_MAX];
	struct writer w = writer_over(room, sizeof(room));
	size_t nest;

	attribute_put(&w, 1, value, UINT16_MAX - NLA_HDRLEN);
	assert_false(w.failed);

	w = writer_over(room, sizeof(room));
	attribute_put(&w, 1, value, UINT16_MAX - NLA_HDRLEN + 1);
	assert_true(w.failed);

	w = writer_over(room, sizeof(room));
	nest = attribute_nest_begin(&w, 1);
	attribute_put(&w, 2, value, UINT16_MAX - NLA_HDRLEN);
	attribute_nest_end(&w, nest);
	assert_true(w.failed);
}

static void what_does_not_fit_fails_and_leaves_the_rest_alone(void **state)
{
	uint8_t room[16] = { 0 };
	struct writer w = writer_over(room, 11);
	size_t nest;

	nest = attribute_nest_begin(&w, 1);
	attribute_put_u32(&w, 2, 0x11223344);
	attribute_nest_end(&w, nest);
	assert_true(w.failed);
	for (size_t i = 11; i < sizeof(room); i++)
		assert_int_equal(room[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_over_padding_and_splits_off_the_flag_bits),
		cmocka_unit_test(ends_at_octets_that_are_no_attribute),
		cmocka_unit_test(each_kind_is_written_with_its_padding),
		cmocka_unit_test(what_is_too_long_for_a_length_fails),
		cmocka_unit_test(what_does_not_fit_fails_and_leaves_the_rest_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
