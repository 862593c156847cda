/* SPDX-License-Identifier: BSD-2-Clause */
/* l2tp_family_test.c - commands, attributes and counters of the family l2tp */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/l2tp_family.h"

/* Requirements: NL-3, NL-12 */
static void commands_are_those_of_the_kernel(void **state)
{
	static const uint32_t flags[] = { 0x0a, 0x1a, 0x1a, 0x1a, 0x1e, 0x1a, 0x1a, 0x1a, 0x1e };

	assert_int_equal(l2tp_family.command_count, ARRAY_SIZE(flags));
	for (uint8_t n = 0; n < ARRAY_SIZE(flags); n++) {
		const struct genl_command *command = &l2tp_family.commands[n];

		assert_int_equal(command->number, n);
		assert_int_equal(genl_command_flags(command), flags[n]);
		assert_int_equal(command->privilege, n == L2TP_CMD_NOOP ? GENL_ANYONE : GENL_ADMIN);
	}
}

/* The shortest value of each attribute that 6.12 takes, and the longest of those that have one.
 * Requirements: NL-21, NL-24 */
static void attributes_have_the_kernels_lengths(void **state)
{
	static const struct {
		uint16_t number;
		uint8_t min;
		uint8_t max; /* 0: none */
	} cases[] = {
		/* clang-format off */
		{ L2TP_ATTR_PW_TYPE, 2, 0 },      { L2TP_ATTR_ENCAP_TYPE, 2, 0 },   { L2TP_ATTR_OFFSET, 2, 0 },
		{ L2TP_ATTR_DATA_SEQ, 1, 0 },     { L2TP_ATTR_L2SPEC_TYPE, 1, 0 },  { L2TP_ATTR_L2SPEC_LEN, 1, 0 },
		{ L2TP_ATTR_PROTO_VERSION, 1, 0 }, { L2TP_ATTR_IFNAME, 1, 16 },     { L2TP_ATTR_CONN_ID, 4, 0 },
		{ L2TP_ATTR_PEER_CONN_ID, 4, 0 }, { L2TP_ATTR_SESSION_ID, 4, 0 },   { L2TP_ATTR_PEER_SESSION_ID, 4, 0 },
		{ L2TP_ATTR_UDP_CSUM, 1, 0 },     { L2TP_ATTR_VLAN_ID, 2, 0 },      { L2TP_ATTR_COOKIE, 0, 8 },
		{ L2TP_ATTR_PEER_COOKIE, 0, 8 },  { L2TP_ATTR_DEBUG, 4, 0 },        { L2TP_ATTR_RECV_SEQ, 1, 0 },
		{ L2TP_ATTR_SEND_SEQ, 1, 0 },     { L2TP_ATTR_LNS_MODE, 1, 0 },     { L2TP_ATTR_USING_IPSEC, 1, 0 },
		{ L2TP_ATTR_RECV_TIMEOUT, 8, 0 }, { L2TP_ATTR_FD, 4, 0 },           { L2TP_ATTR_IP_SADDR, 4, 0 },
		{ L2TP_ATTR_IP_DADDR, 4, 0 },     { L2TP_ATTR_UDP_SPORT, 2, 0 },    { L2TP_ATTR_UDP_DPORT, 2, 0 },
		{ L2TP_ATTR_MTU, 2, 0 },          { L2TP_ATTR_MRU, 2, 0 },          { L2TP_ATTR_IP6_SADDR, 0, 16 },
		{ L2TP_ATTR_IP6_DADDR, 0, 16 },   { L2TP_ATTR_UDP_ZERO_CSUM6_TX, 0, 0 },
		{ L2TP_ATTR_UDP_ZERO_CSUM6_RX, 0, 0 }, { L2TP_ATTR_PAD, 0, 0 },     { 36, 0, 0 },
		/* clang-format on */
	};
	static const uint8_t zeros[32];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t len = 0; len <= sizeof(zeros); len++) {
			bool good = len >= cases[i].min && (!cases[i].max || len <= cases[i].max);
			/* a string of NULs is too long by its length, and too short as no string */
			int refusal =
				cases[i].number == L2TP_ATTR_IFNAME && !len ? -EINVAL : -ERANGE;
			struct extack ea = { 0 };
			struct attributes a;
			struct test_request r;

			test_request_begin(&r, L2TP_FAMILY_ID, NLM_F_REQUEST, L2TP_CMD_NOOP);
			attribute_put(&r.w, cases[i].number, zeros, len);
			test_request_end(&r);
			assert_int_equal(policy_parse(&l2tp_policy, l2tp_family.mode, r.attributes,
			                              r.message.start, &a, &ea),
			                 good ? 0 : refusal);
			if (!good)
				assert_string_equal(ea.text, "Attribute failed policy validation");
		}
}

/* Requirements: NL-25, NL-27 */
static void counters_stand_in_the_kernels_order(void **state)
{
	const struct l2tp_stats stats = {
		.tx_packets = 1,
		.tx_bytes = 2,
		.tx_errors = 3,
		.rx_packets = 4,
		.rx_bytes = 5,
		.rx_seq_discards = 6,
		.rx_oos_packets = 7,
		.rx_errors = 8,
		.rx_cookie_discards = 10,
		.rx_invalid = 0x1122334455667788,
	};
	uint8_t room[124];
	struct writer w = writer_over(room, sizeof(room));
	struct l2tp_stats back;
	struct reader r;

	l2tp_stats_put(&w, &stats);
	assert_written(&w, "7c001e00"
	                   "0c000100 0100000000000000 0c000200 0200000000000000"
	                   "0c000300 0300000000000000 0c000400 0400000000000000"
	                   "0c000500 0500000000000000 0c000600 0600000000000000"
	                   "0c000a00 0a00000000000000 0c000700 0700000000000000"
	                   "0c000800 0800000000000000 0c000b00 8877665544332211");
	r = reader_over(room + NLA_HDRLEN, sizeof(room) - NLA_HDRLEN);
	back = l2tp_stats_read(r);
	assert_memory_equal(&back, &stats, sizeof(stats));
}

static void counters_that_are_missing_or_short_read_as_zero(void **state)
{
	const struct l2tp_stats zero = { 0 };
	struct octets o =
		octets("0b000100 11111111111111 00 0c001000 1111111111111111 0c000300 22");
	struct l2tp_stats stats = l2tp_stats_read(octets_reader(&o));

	assert_memory_equal(&stats, &zero, sizeof(zero));
}

/* Requirements: NL-50, NL-51, NL-55 */
static void most_commands_need_a_tunnel_id(void **state)
{
	struct extack ea = { 0 };
	struct attributes a;
	struct test_request r;
	uint32_t id = 0;

	test_request_hex(&r, L2TP_FAMILY_ID, L2TP_CMD_TUNNEL_GET, "08000900 ffffffff");
	assert_int_equal(
		policy_parse(&l2tp_policy, POLICY_LIBERAL, r.attributes, r.message.start, &a, &ea),
		0);
	assert_int_equal(l2tp_conn_id_read(&a, &id, &ea), 0);
	assert_int_equal(id, 0xffffffff);

	a = attributes_none(&l2tp_policy, r.message.start);
	assert_int_equal(l2tp_conn_id_read(&a, &id, &ea), -EINVAL);
	assert_string_equal(ea.text, "tunnel_id is missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_those_of_the_kernel),
		cmocka_unit_test(attributes_have_the_kernels_lengths),
		cmocka_unit_test(counters_stand_in_the_kernels_order),
		cmocka_unit_test(counters_that_are_missing_or_short_read_as_zero),
		cmocka_unit_test(most_commands_need_a_tunnel_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
