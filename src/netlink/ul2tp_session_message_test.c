/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_session_message_test.c - sessions in the family ul2tp, written and read */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/ul2tp_session_message.h"

static struct test_request t;

/* Reads what was written as the server would: strictly. */
static struct ul2tp_request as_request(uint8_t number, const struct writer *w)
{
	struct ul2tp_request r;

	assert_false(w->failed);
	test_request_begin(&t, UL2TP_FAMILY_ID, NLM_F_REQUEST, number);
	write_bytes(&t.w, w->start, write_len(w));
	test_request_end(&t);
	assert_int_equal(ul2tp_request_read(&t.message, &ul2tp_family.commands[number - 1],
	                                    t.attributes, &r, NULL),
	                 0);
	return r;
}

static void a_session_is_written_and_read(void **state)
{
	const struct ul2tp_session_message session = {
		.l2tp = { .conn_id = 1,
		          .session_id = 2,
		          .pw_type = 5,
		          .ifname = "vpn0",
		          .cookie = { 4, { 1, 2, 3, 4 } },
		          .stats = { .tx_packets = 5 } },
		.label = "customer 7",
		.l2spec_type = 1,
		.created = 1700000000,
		.mtu = 1446,
		.fast_path = "xfrm",
		.fast_path_words = "an IPsec policy matches",
		.debug = { .references = 3,
		           .ns = 0xffffff,
		           .nr = 7,
		           .has_socket = true,
		           .socket_state = 1,
		           .device = "vpn1" },
		.accounts = { .counters = { [UL2TP_COUNTER_RX_HELD] = 3 },
		              .rx_drops = { 1, { { "cookie", "cookie is not peer_cookie", 3 } } } },
	};
	static struct ul2tp_session_message back;
	uint8_t room[OCTETS_MAX];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_session_message_put(&w, &session);
	assert_false(w.failed);
	assert_int_equal(ul2tp_session_message_read(reader_over(room, write_len(&w)), &back), 0);
	assert_int_equal(back.l2tp.session_id, 2);
	assert_string_equal(back.l2tp.ifname, "vpn0");
	assert_int_equal(back.l2tp.cookie.len, 4);
	assert_int_equal(back.l2tp.stats.tx_packets, 5);
	assert_string_equal(back.label, "customer 7");
	assert_int_equal(back.l2spec_type, 1);
	assert_int_equal(back.created, 1700000000);
	assert_int_equal(back.mtu, 1446);
	assert_string_equal(back.fast_path, "xfrm");
	assert_string_equal(back.fast_path_words, "an IPsec policy matches");
	assert_int_equal(back.accounts.counters[UL2TP_COUNTER_RX_HELD], 3);
	assert_int_equal(back.accounts.rx_drops.count, 1);
	assert_int_equal(back.accounts.rx_drops.rows[0].packets, 3);
	assert_int_equal(back.accounts.tx_drops.count, 0);
	assert_int_equal(back.debug.references, 3);
	assert_int_equal(back.debug.ns, 0xffffff);
	assert_int_equal(back.debug.nr, 7);
	assert_true(back.debug.has_socket);
	assert_int_equal(back.debug.socket_state, 1);
	assert_string_equal(back.debug.device, "vpn1");
}

static void malformed_messages_are_not_taken(void **state)
{
	static const char *const cases[] = {
		"",                                                               /* no session */
		"0c000680 08000900 01000000",                                     /* half of one */
		"14000680 08000900 01000000 08000b00 01000000 06001100 01000000", /* a short MTU */
		"14000680 08000900 01000000 08000b00 01000000 08000f80 04000180", /* a drop without name */
		/* A name that is no interface's. */
		"14000680 08000900 01000000 08000b00 01000000 18001680 14000700 30313233 34353637 38396162 63646566",
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static struct ul2tp_session_message m;
		struct octets o = octets(cases[i]);

		assert_int_equal(ul2tp_session_message_read(octets_reader(&o), &m), -EBADMSG);
	}
}

static void a_request_to_create_may_have_a_label(void **state)
{
	const struct session_create create = {
		.conn_id = 1, .session_id = 2, .peer_session_id = 3, .pw_type = 5, .l2spec_type = 1
	};
	static const char *const labels[] = { NULL, "", "x" };

	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		struct session_create back;
		struct ul2tp_request r;
		uint8_t room[128];
		struct writer w = writer_over(room, sizeof(room));

		ul2tp_session_create_put(&w, &create, labels[i]);
		r = as_request(UL2TP_CMD_SESSION_CREATE, &w);
		assert_int_equal(session_create_read(&r.l2tp, 3, &back, NULL), 0);
		assert_int_equal(back.session_id, 2);
		assert_string_equal(ul2tp_label_read(&r), i == 2 ? "x" : "");
		assert_int_equal(attributes_has(&r.top, UL2TP_ATTR_LABEL), i == 2);
	}
}

static void a_label_is_set_removed_or_left(void **state)
{
	const struct ul2tp_session_set cases[] = {
		{ .select = { .conn_id = 1, .session_id = 2 } },
		{ .select = { .conn_id = 1, .session_id = 2 }, .has_label = true },
		{ .select = { .by_ifname = true, .ifname = "vpn0" },
		  .has_label = true,
		  .label = "x" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ul2tp_session_set back;
		struct ul2tp_request r;
		uint8_t room[128];
		struct writer w = writer_over(room, sizeof(room));

		ul2tp_session_set_put(&w, &cases[i]);
		r = as_request(UL2TP_CMD_SESSION_SET, &w);
		assert_int_equal(ul2tp_session_set_read(&r, &back, NULL), 0);
		assert_int_equal(back.has_label, cases[i].has_label);
		assert_string_equal(back.label, cases[i].label);
		assert_int_equal(back.select.by_ifname, cases[i].select.by_ifname);
		assert_string_equal(back.select.ifname, cases[i].select.ifname);
		assert_int_equal(back.select.session_id, cases[i].select.session_id);
	}
}

static void a_session_must_be_named(void **state)
{
	struct ul2tp_session_set set;
	struct extack ea = { 0 };
	struct ul2tp_request r;
	uint8_t room[16];
	struct writer w = writer_over(room, sizeof(room));

	attribute_put_flag(&w, UL2TP_ATTR_L2TP | NLA_F_NESTED);
	r = as_request(UL2TP_CMD_SESSION_SET, &w);
	assert_int_equal(ul2tp_session_set_read(&r, &set, &ea), -ENODEV);
	assert_string_equal(ea.text, "tunnel_id is missing, and no name given");
}

static void one_session_is_asked_for_by_ids_or_name(void **state)
{
	const struct session_select by_ids = { .conn_id = 1, .session_id = 2 };
	const struct session_select by_name = { .by_ifname = true, .ifname = "vpn0" };
	uint8_t room[64];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_session_get_put(&w, &by_ids);
	assert_written(&w, "14000680 08000900 01000000 08000b00 02000000");
	w = writer_over(room, sizeof(room));
	ul2tp_session_get_put(&w, &by_name);
	assert_written(&w, "10000680 09000800 76706e3000 000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_written_and_read),
		cmocka_unit_test(malformed_messages_are_not_taken),
		cmocka_unit_test(a_request_to_create_may_have_a_label),
		cmocka_unit_test(a_label_is_set_removed_or_left),
		cmocka_unit_test(a_session_must_be_named),
		cmocka_unit_test(one_session_is_asked_for_by_ids_or_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
