/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_tunnel_message_test.c - tunnels in the family ul2tp, written and read */
#include "netlink/test_octets.h"

#include <errno.h>
#include <netinet/in.h>

#include "netlink/ul2tp_tunnel_message.h"

static const struct genl_command *command(uint8_t number)
{
	return &ul2tp_family.commands[number - 1];
}

static struct test_request t;

/* Reads what was written as the server would: strictly. */
static struct ul2tp_request as_request(uint8_t number, const struct writer *w)
{
	struct ul2tp_request r;

	assert_false(w->failed);
	test_request_begin(&t, UL2TP_FAMILY_ID, NLM_F_REQUEST, number);
	write_bytes(&t.w, w->start, write_len(w));
	test_request_end(&t);
	assert_int_equal(ul2tp_request_read(&t.message, command(number), t.attributes, &r, NULL),
	                 0);
	return r;
}

static void a_tunnel_is_written_and_read(void **state)
{
	const struct ul2tp_tunnel_message tunnel = {
		.l2tp = { .conn_id = 1,
		          .peer_conn_id = 2,
		          .version = 3,
		          .encap = 1,
		          .family = AF_INET,
		          .stats = { .rx_packets = 77 } },
		.options = { .label = "to Leeds",
		             .device = "wan0",
		             .mark = 5,
		             .tos = 0xb8,
		             .ttl = 7,
		             .has_peer_check = true,
		             .peer_check = UL2TP_PEER_CHECK_IDS },
		.created = 1700000000,
		.debug = { .references = 5, .socket_references = 3, .sessions = 2 },
		.accounts = { .counters = { [UL2TP_COUNTER_TX_OCTETS] = 99 },
		              .tx_drops = { 1, { { "no-route", "no way there", 3 } } } },
	};
	static struct ul2tp_tunnel_message back;
	uint8_t room[OCTETS_MAX];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_tunnel_message_put(&w, &tunnel);
	assert_false(w.failed);
	assert_int_equal(ul2tp_tunnel_message_read(reader_over(room, write_len(&w)), &back), 0);
	assert_int_equal(back.l2tp.conn_id, 1);
	assert_int_equal(back.l2tp.stats.rx_packets, 77);
	assert_string_equal(back.options.label, "to Leeds");
	assert_string_equal(back.options.device, "wan0");
	assert_int_equal(back.options.mark, 5);
	assert_int_equal(back.options.tos, 0xb8);
	assert_int_equal(back.options.ttl, 7);
	assert_true(back.options.has_peer_check);
	assert_int_equal(back.options.peer_check, UL2TP_PEER_CHECK_IDS);
	assert_int_equal(back.created, 1700000000);
	assert_int_equal(back.accounts.counters[UL2TP_COUNTER_TX_OCTETS], 99);
	assert_int_equal(back.accounts.rx_drops.count, 0);
	assert_int_equal(back.accounts.tx_drops.count, 1);
	assert_int_equal(back.debug.references, 5);
	assert_int_equal(back.debug.socket_references, 3);
	assert_int_equal(back.debug.sessions, 2);
	assert_string_equal(back.accounts.tx_drops.rows[0].words, "no way there");
}

static void options_that_were_not_set_are_not_written(void **state)
{
	const struct ul2tp_tunnel_message tunnel = { .l2tp = { .conn_id = 1 } };
	uint8_t room[OCTETS_MAX];
	struct writer w = writer_over(room, sizeof(room));
	struct attributes a;

	ul2tp_tunnel_message_put(&w, &tunnel);
	assert_int_equal(policy_parse(&ul2tp_policy, POLICY_STRICT,
	                              reader_over(room, write_len(&w)), room, &a, NULL),
	                 0);
	assert_false(attributes_has(&a, UL2TP_ATTR_LABEL));
	assert_false(attributes_has(&a, UL2TP_ATTR_DEVICE));
	assert_false(attributes_has(&a, UL2TP_ATTR_MARK));
	assert_false(attributes_has(&a, UL2TP_ATTR_TOS));
	assert_false(attributes_has(&a, UL2TP_ATTR_TTL));
	assert_false(attributes_has(&a, UL2TP_ATTR_PEER_CHECK));
	assert_true(attributes_has(&a, UL2TP_ATTR_CREATED));
}

static void malformed_messages_are_not_taken(void **state)
{
	static const char *const cases[] = {
		"",                                             /* no tunnel */
		"04000680",                                     /* nothing in it */
		"0c000680 08000900 01000000 08001000 00000000", /* a short time */
		"0c000680 08000900 01000000 08000e80 04000180", /* a drop without name */
		"0c000680 08000900 01000000 06000700 77770000", /* a label without NUL */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static struct ul2tp_tunnel_message m;
		struct octets o = octets(cases[i]);

		assert_int_equal(ul2tp_tunnel_message_read(octets_reader(&o), &m), -EBADMSG);
	}
}

static void a_request_to_create_is_written_and_read(void **state)
{
	const struct ul2tp_tunnel_create create = {
		.l2tp = { .conn_id = 1,
		          .peer_conn_id = 2,
		          .version = 3,
		          .encap = 1,
		          .fd = -1,
		          .family = AF_INET,
		          .local.v4.s_addr = htonl(0x7f000001),
		          .peer.v4.s_addr = htonl(0x7f000002) },
		.options = { .label = "x", .ttl = 9 },
	};
	struct ul2tp_tunnel_create back;
	struct ul2tp_request r;
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_tunnel_create_put(&w, &create);
	assert_written(&w, "34000680 08000900 01000000 08000a00 02000000 05000700 03000000"
	                   "06000200 01000000 08001800 7f000001 08001900 7f000002"
	                   "06000700 7800 0000 05000b00 09000000");
	r = as_request(UL2TP_CMD_TUNNEL_CREATE, &w);
	assert_int_equal(ul2tp_tunnel_create_read(&r, &back, NULL), 0);
	assert_int_equal(back.l2tp.conn_id, 1);
	assert_int_equal(back.l2tp.family, AF_INET);
	assert_int_equal(back.l2tp.peer.v4.s_addr, htonl(0x7f000002));
	assert_string_equal(back.options.label, "x");
	assert_string_equal(back.options.device, "");
	assert_int_equal(back.options.ttl, 9);
	assert_false(back.options.has_peer_check);
}

static void what_is_missing_in_the_nest_is_said(void **state)
{
	struct ul2tp_tunnel_create create;
	struct ul2tp_tunnel_set set;
	struct ul2tp_request r;
	struct extack ea = { 0 };
	uint8_t room[16];
	struct writer w = writer_over(room, sizeof(room));

	attribute_put_flag(&w, UL2TP_ATTR_L2TP | NLA_F_NESTED);
	r = as_request(UL2TP_CMD_TUNNEL_CREATE, &w);
	assert_int_equal(ul2tp_tunnel_create_read(&r, &create, &ea), -EINVAL);
	assert_string_equal(ea.text, "tunnel_id is missing");
	r = as_request(UL2TP_CMD_TUNNEL_SET, &w);
	assert_int_equal(ul2tp_tunnel_set_read(&r, &set, NULL), -EINVAL);
}

static void only_what_is_present_is_set(void **state)
{
	const struct ul2tp_tunnel_set cases[] = {
		{ .conn_id = 1 },
		{ .conn_id = 2, .has_label = true },
		{ .conn_id = 3, .has_label = true, .label = "x" },
		{ .conn_id = 4, .has_peer_check = true, .peer_check = UL2TP_PEER_CHECK_IDS },
		{ .conn_id = 5, .has_peer_check = true, .peer_check = UL2TP_PEER_CHECK_SOCKET },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ul2tp_tunnel_set back;
		struct ul2tp_request r;
		uint8_t room[128];
		struct writer w = writer_over(room, sizeof(room));

		ul2tp_tunnel_set_put(&w, &cases[i]);
		r = as_request(UL2TP_CMD_TUNNEL_SET, &w);
		assert_int_equal(ul2tp_tunnel_set_read(&r, &back, NULL), 0);
		assert_int_equal(back.conn_id, cases[i].conn_id);
		assert_int_equal(back.has_label, cases[i].has_label);
		assert_string_equal(back.label, cases[i].label);
		assert_int_equal(back.has_peer_check, cases[i].has_peer_check);
		assert_int_equal(back.peer_check, cases[i].peer_check);
	}
}

static void one_tunnel_is_asked_for_by_its_id(void **state)
{
	uint8_t room[16];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_tunnel_get_put(&w, 0x11223344);
	assert_written(&w, "0c000680 08000900 44332211");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tunnel_is_written_and_read),
		cmocka_unit_test(options_that_were_not_set_are_not_written),
		cmocka_unit_test(malformed_messages_are_not_taken),
		cmocka_unit_test(a_request_to_create_is_written_and_read),
		cmocka_unit_test(what_is_missing_in_the_nest_is_said),
		cmocka_unit_test(only_what_is_present_is_set),
		cmocka_unit_test(one_tunnel_is_asked_for_by_its_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
