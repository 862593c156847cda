/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_device_message_test.c - counters of interfaces in the family ul2tp, asked for, written and read */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/ul2tp_device_message.h"

static struct test_request t;

static int as_request(const void *octets, size_t len, struct ul2tp_device_request *ret)
{
	const uint8_t number = UL2TP_CMD_DEVICE_GET;
	struct ul2tp_request r;
	int err;

	test_request_begin(&t, UL2TP_FAMILY_ID, NLM_F_REQUEST, number);
	write_bytes(&t.w, octets, len);
	test_request_end(&t);
	err = ul2tp_request_read(&t.message, &ul2tp_family.commands[number - 1], t.attributes, &r,
	                         NULL);
	return err < 0 ? err : ul2tp_device_request_read(&r, ret, NULL);
}

static void numbers_are_asked_for(void **state)
{
	const struct ul2tp_device_request out = { .count = 3, .ifindex = { 7, 0xffffffff, 9 } };
	struct ul2tp_device_request back;
	uint8_t room[OCTETS_MAX];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_device_request_put(&w, &out);
	assert_false(w.failed);
	assert_int_equal(as_request(room, write_len(&w), &back), 0);
	assert_int_equal(back.count, 3);
	assert_memory_equal(back.ifindex, out.ifindex, 3 * sizeof(uint32_t));
}

static void as_many_as_fit_and_no_pieces(void **state)
{
	static const uint32_t many[UL2TP_DEVICES_MAX + 1] = { 1, 2, 3 };
	struct ul2tp_device_request back;
	uint8_t room[OCTETS_MAX];

	for (size_t len = 0; len <= sizeof(many); len++) {
		bool good = len && len % 4 == 0 && len <= 4 * UL2TP_DEVICES_MAX;
		struct writer w = writer_over(room, sizeof(room));

		attribute_put(&w, UL2TP_ATTR_DEVICE_INDEX, many, len);
		assert_int_equal(as_request(room, write_len(&w), &back), good ? 0 : -EINVAL);
		if (good)
			assert_int_equal(back.count, len / 4);
	}
	assert_int_equal(as_request("", 0, &back), -EINVAL);
}

static void counters_are_written_and_read(void **state)
{
	const struct ul2tp_device_message out = {
		.ifindex = 12,
		.name = "l2tpeth0",
		.counters = { [UL2TP_DEVICE_COUNTER_RX_PACKETS] = 1,
		              [UL2TP_DEVICE_COUNTER_TX_DROPPED] = UINT64_MAX },
	};
	struct ul2tp_device_message back;
	uint8_t room[OCTETS_MAX];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_device_message_put(&w, &out);
	assert_false(w.failed);
	assert_int_equal(ul2tp_device_message_read(reader_over(room, write_len(&w)), &back), 0);
	assert_int_equal(back.ifindex, 12);
	assert_string_equal(back.name, "l2tpeth0");
	assert_memory_equal(back.counters, out.counters, sizeof(out.counters));
}

static void an_answer_without_number_is_none(void **state)
{
	struct ul2tp_device_message back;
	uint8_t room[OCTETS_MAX];
	struct writer w = writer_over(room, sizeof(room));

	attribute_put_string(&w, UL2TP_ATTR_DEVICE, "l2tpeth0");
	assert_int_equal(ul2tp_device_message_read(reader_over(room, write_len(&w)), &back),
	                 -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_asked_for),
		cmocka_unit_test(as_many_as_fit_and_no_pieces),
		cmocka_unit_test(counters_are_written_and_read),
		cmocka_unit_test(an_answer_without_number_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
