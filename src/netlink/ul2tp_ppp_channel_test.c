/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_ppp_channel_test.c - channels of PPP as they are told, written and read */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/ul2tp_ppp_channel.h"

static void a_channel_is_written_and_read(void **state)
{
	static const struct ul2tp_ppp_channel_report channel = {
		.number = 7,
		.state = UL2TP_PPP_BOUND,
		.files = 2,
		.has_session = true,
		.conn_id = 10,
		.session_id = 20,
		.has_unit = true,
		.unit = 0,
		.accounts = { .counters = { [UL2TP_COUNTER_TX_PACKETS] = 4 },
		              .rx_drops = { 1, { { "file-full", "32 frames wait", 3 } } } },
	};
	static struct ul2tp_ppp_channel_report back;
	uint8_t room[OCTETS_MAX];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_ppp_channel_put(&w, &channel);
	assert_false(w.failed);
	assert_int_equal(ul2tp_ppp_channel_read(reader_over(room, write_len(&w)), &back), 0);
	assert_int_equal(back.number, 7);
	assert_int_equal(back.state, UL2TP_PPP_BOUND);
	assert_int_equal(back.files, 2);
	assert_true(back.has_session && back.has_unit && !back.has_bridge);
	assert_int_equal(back.conn_id, 10);
	assert_int_equal(back.session_id, 20);
	assert_int_equal(back.unit, 0);
	assert_int_equal(back.accounts.counters[UL2TP_COUNTER_TX_PACKETS], 4);
	assert_int_equal(back.accounts.rx_drops.count, 1);
	assert_string_equal(back.accounts.rx_drops.rows[0].name, "file-full");
	assert_int_equal(back.accounts.rx_drops.rows[0].packets, 3);
	assert_int_equal(back.accounts.tx_drops.count, 0);
}

static void a_channel_whose_session_has_gone(void **state)
{
	static const struct ul2tp_ppp_channel_report channel = {
		.number = 7, .state = UL2TP_PPP_SESSION_GONE, .has_bridge = true, .bridge = 8
	};
	static struct ul2tp_ppp_channel_report back;
	uint8_t room[OCTETS_MAX];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_ppp_channel_put(&w, &channel);
	assert_int_equal(ul2tp_ppp_channel_read(reader_over(room, write_len(&w)), &back), 0);
	assert_true(!back.has_session && !back.has_unit && back.has_bridge);
	assert_int_equal(back.bridge, 8);
	assert_int_equal(back.accounts.rx_drops.count, 0);
}

static void malformed_reports_are_not_taken(void **state)
{
	static const char *const channels[] = {
		"",                                             /* no number */
		"08002d00 01000000",                            /* a unit's */
		"06002c00 01000000",                            /* a short one */
		"08002c00 01000000 04000680",                   /* a session without ids */
		"08002c00 01000000 0c000680 08000900 01000000", /* with one of them */
	};
	static struct ul2tp_ppp_channel_report channel;

	assert_int_equal(UL2TP_ATTR_PPP_CHANNEL, 0x2c);
	assert_int_equal(UL2TP_ATTR_PPP_UNIT, 0x2d);
	for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
		const struct octets o = octets(channels[i]);

		assert_int_equal(ul2tp_ppp_channel_read(octets_reader(&o), &channel), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_channel_is_written_and_read),
		cmocka_unit_test(a_channel_whose_session_has_gone),
		cmocka_unit_test(malformed_reports_are_not_taken),
	};

	return cmocka_run_group_tests_name("ul2tp_ppp_channel", tests, NULL, NULL);
}
