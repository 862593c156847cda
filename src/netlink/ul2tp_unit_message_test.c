/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_unit_message_test.c - units of PPP in the family ul2tp, asked for, written and read */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/ul2tp_unit_message.h"

static struct test_request t;

static const uint8_t host[4] = { 10, 0, 0, 7 }, net[16] = { 0x20, 1, 0xd, 0xb8 };

static int as_request(uint8_t number, const struct writer *w, struct ul2tp_request *ret)
{
	assert_false(w->failed);
	test_request_begin(&t, UL2TP_FAMILY_ID, NLM_F_REQUEST, number);
	write_bytes(&t.w, w->start, write_len(w));
	test_request_end(&t);
	return ul2tp_request_read(&t.message, &ul2tp_family.commands[number - 1], t.attributes, ret,
	                          NULL);
}

static struct ul2tp_unit_request there_and_back(enum ul2tp_command command,
                                                const struct ul2tp_unit_request *out)
{
	uint8_t room[OCTETS_MAX];
	struct writer w = writer_over(room, sizeof(room));
	struct ul2tp_unit_request back;
	struct ul2tp_request r;

	ul2tp_unit_request_put(&w, out);
	assert_int_equal(as_request((uint8_t)command, &w, &r), 0);
	assert_int_equal(ul2tp_unit_request_read(&r, &back, NULL), 0);
	return back;
}

static void requests_are_written_and_read(void **state)
{
	const struct ul2tp_unit_request add = {
		.by_handle = true,
		.handle = 0x1122334455667788,
		.prefix = prefix_make(AF_INET, host, 32),
	};
	const struct ul2tp_unit_request police = {
		.unit = 9,
		.tx = { .present = true, .rate = 10000000000, .burst = 20000 },
	};
	struct ul2tp_unit_request back = there_and_back(UL2TP_CMD_UNIT_ADDRESS_ADD, &add);

	assert_true(back.by_handle);
	assert_int_equal(back.handle, add.handle);
	assert_true(prefix_equal(&back.prefix, &add.prefix));
	back = there_and_back(UL2TP_CMD_UNIT_POLICE, &police);
	assert_false(back.by_handle);
	assert_int_equal(back.unit, 9);
	assert_false(back.rx.present);
	assert_int_equal(back.tx.rate, 10000000000);
	assert_int_equal(back.tx.burst, 20000);
	assert_int_equal(back.prefix.family, 0);
}

static int prefix_answer(const uint8_t *octets, size_t len)
{
	uint8_t room[OCTETS_MAX];
	struct writer w = writer_over(room, sizeof(room));
	struct ul2tp_unit_request back;
	struct ul2tp_request r;

	attribute_put_u32(&w, UL2TP_ATTR_PPP_UNIT, 1);
	attribute_put(&w, UL2TP_ATTR_UNIT_PREFIX, octets, len);
	assert_int_equal(as_request(UL2TP_CMD_UNIT_ADDRESS_ADD, &w, &r), 0);
	return ul2tp_unit_request_read(&r, &back, NULL);
}

static void what_is_no_prefix_is_refused(void **state)
{
	uint8_t octets[36] = { 4, 32, 10 };

	assert_int_equal(prefix_answer(octets, 18), 0);
	assert_int_equal(prefix_answer(octets, 17), -EINVAL);
	assert_int_equal(prefix_answer(octets, 19), -EINVAL);
	assert_int_equal(prefix_answer(octets, 36), -EINVAL);
	octets[1] = 33;
	assert_int_equal(prefix_answer(octets, 18), -EINVAL);
	octets[0] = 6;
	assert_int_equal(prefix_answer(octets, 18), 0);
	octets[1] = 129;
	assert_int_equal(prefix_answer(octets, 18), -EINVAL);
	octets[0] = 5;
	octets[1] = 8;
	assert_int_equal(prefix_answer(octets, 18), -EINVAL);
}

static void a_unit_is_named_once(void **state)
{
	uint8_t room[OCTETS_MAX];
	struct writer w = writer_over(room, sizeof(room));
	struct ul2tp_unit_request back;
	struct ul2tp_request r;

	assert_int_equal(as_request(UL2TP_CMD_UNIT_GET, &w, &r), 0);
	assert_int_equal(ul2tp_unit_request_read(&r, &back, NULL), -EINVAL);
	attribute_put_u32(&w, UL2TP_ATTR_PPP_UNIT, 1);
	attribute_put_u64(&w, UL2TP_ATTR_PPP_HANDLE, 1);
	assert_int_equal(as_request(UL2TP_CMD_UNIT_GET, &w, &r), 0);
	assert_int_equal(ul2tp_unit_request_read(&r, &back, NULL), -EINVAL);
}

static void a_unit_is_written_and_read(void **state)
{
	static const struct ul2tp_unit_message unit = {
		.unit = 3,
		.device = "ppp-shared0",
		.shared = true,
		.strays = 12,
		.counters = { [UL2TP_UNIT_COUNTER_RX_PACKETS] = 1,
		              [UL2TP_UNIT_COUNTER_TX_DROPPED] = UINT64_MAX },
		.rx_drops = { 1, { { "source", "not from an address of the PPP unit", 4 } } },
		.rx = { .present = true, .rate = 8000, .burst = 1500 },
		.prefix_count = 2,
	};
	static struct ul2tp_unit_message out, back;
	static uint8_t room[4096];
	struct writer w = writer_over(room, sizeof(room));

	out = unit;
	out.prefixes[0] = prefix_make(AF_INET, host, 32);
	out.prefixes[1] = prefix_make(AF_INET6, net, 56);
	ul2tp_unit_message_put(&w, &out);
	assert_false(w.failed);
	assert_int_equal(ul2tp_unit_message_read(reader_over(room, write_len(&w)), &back), 0);
	assert_int_equal(back.unit, 3);
	assert_string_equal(back.device, "ppp-shared0");
	assert_true(back.shared);
	assert_int_equal(back.strays, 12);
	assert_memory_equal(back.counters, out.counters, sizeof(out.counters));
	assert_int_equal(back.rx_drops.count, 1);
	assert_string_equal(back.rx_drops.rows[0].name, "source");
	assert_int_equal(back.tx_drops.count, 0);
	assert_int_equal(back.prefix_count, 2);
	assert_true(prefix_equal(&back.prefixes[1], &out.prefixes[1]));
	assert_int_equal(back.rx.burst, 1500);
	assert_false(back.tx.present);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_written_and_read),
		cmocka_unit_test(what_is_no_prefix_is_refused),
		cmocka_unit_test(a_unit_is_named_once),
		cmocka_unit_test(a_unit_is_written_and_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
