/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_family_test.c - the family ul2tp takes nothing it does not mean */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/l2tp_family.h"
#include "netlink/ul2tp_family.h"

static const struct genl_command *command(uint8_t number)
{
	for (size_t i = 0; i < ul2tp_family.command_count; i++)
		if (ul2tp_family.commands[i].number == number)
			return &ul2tp_family.commands[i];
	return NULL;
}

static struct test_request request;

static int request_read(uint8_t number, const char *hex, struct ul2tp_request *r, struct extack *ea)
{
	test_request_hex(&request, UL2TP_FAMILY_ID, number, hex);
	return ul2tp_request_read(&request.message, command(number), request.attributes, r, ea);
}

/* Numbers never change their meaning: the family is spoken by programs of other releases. */
static void commands_have_the_privileges_that_were_promised(void **state)
{
	static const enum genl_privilege privileges[] = {
		[UL2TP_CMD_STATUS_GET] = GENL_ANYONE,
		[UL2TP_CMD_SOCKET_SET] = GENL_ANYONE,
		[UL2TP_CMD_SUBSCRIBE] = GENL_ANYONE,
		[UL2TP_CMD_UNSUBSCRIBE] = GENL_ANYONE,
		[UL2TP_CMD_TUNNEL_CREATE] = GENL_ADMIN,
		[UL2TP_CMD_TUNNEL_SET] = GENL_ADMIN,
		[UL2TP_CMD_TUNNEL_GET] = GENL_ADMIN,
		[UL2TP_CMD_SESSION_CREATE] = GENL_ADMIN,
		[UL2TP_CMD_SESSION_SET] = GENL_ADMIN,
		[UL2TP_CMD_SESSION_GET] = GENL_ADMIN,
		[UL2TP_CMD_LIMITS_SET] = GENL_DAEMON_ADMIN,
		[UL2TP_CMD_V2_TUNNEL_GET] = GENL_ANYONE,
		[UL2TP_CMD_V2_SESSION_GET] = GENL_ANYONE,
		[UL2TP_CMD_IPSOCKET_OPEN] = GENL_ANYONE,
		[UL2TP_CMD_IPSOCKET_BIND] = GENL_ANYONE,
		[UL2TP_CMD_IPSOCKET_CONNECT] = GENL_ANYONE,
		[UL2TP_CMD_IPSOCKET_SEND] = GENL_ANYONE,
		[UL2TP_CMD_IPSOCKET_OPTION_SET] = GENL_ANYONE,
		[UL2TP_CMD_IPSOCKET_GET] = GENL_ANYONE,
		[UL2TP_CMD_TRACE] = GENL_ADMIN,
		[UL2TP_CMD_SOCKET_CHANGED] = GENL_ANYONE,
		[UL2TP_CMD_PPP_OPEN] = GENL_ANYONE,
		[UL2TP_CMD_PPP_CLOSE] = GENL_ANYONE,
		[UL2TP_CMD_PPP_CONNECT] = GENL_ANYONE,
		[UL2TP_CMD_PPP_IOCTL] = GENL_ANYONE,
		[UL2TP_CMD_PPP_OPTION_SET] = GENL_ANYONE,
		[UL2TP_CMD_PPP_OPTION_GET] = GENL_ANYONE,
		[UL2TP_CMD_PPP_GET] = GENL_ANYONE,
		[UL2TP_CMD_UNIT_ADDRESS_ADD] = GENL_ADMIN,
		[UL2TP_CMD_UNIT_ADDRESS_REMOVE] = GENL_ADMIN,
		[UL2TP_CMD_UNIT_POLICE] = GENL_ADMIN,
		[UL2TP_CMD_UNIT_GET] = GENL_ADMIN,
		[UL2TP_CMD_PPP_CHANNEL_GET] = GENL_ADMIN,
		[UL2TP_CMD_DEVICE_GET] = GENL_ANYONE,
		[UL2TP_CMD_UPGRADE] = GENL_DAEMON_ADMIN,
	};

	for (uint8_t n = 1; n < UL2TP_CMD_MAX_PLUS_1; n++) {
		assert_non_null(command(n));
		assert_int_equal(command(n)->privilege, privileges[n]);
		bool only_dump = n == UL2TP_CMD_V2_TUNNEL_GET || n == UL2TP_CMD_V2_SESSION_GET ||
		                 n == UL2TP_CMD_PPP_CHANNEL_GET;

		assert_int_equal(command(n)->has_do, !only_dump);
		assert_int_equal(command(n)->has_dump, only_dump || n == UL2TP_CMD_TUNNEL_GET ||
		                                               n == UL2TP_CMD_SESSION_GET ||
		                                               n == UL2TP_CMD_PPP_GET ||
		                                               n == UL2TP_CMD_UNIT_GET);
	}
	assert_null(command(0));
}

#define CONN_ID "08000900 01000000"

static void requests_are_refused_in_words_with_the_attribute(void **state)
{
	static const struct {
		uint8_t command;
		const char *hex;
		uint32_t offset;
		const char *words;
	} cases[] = {
		/* clang-format off */
		/* unknown, doubled, of a wrong length or value, with and without flags, octets at the end */
		{ UL2TP_CMD_STATUS_GET, "04003f00", 20, "attribute 63 is not known here: who asks may be newer than this ul2tpd" },
		{ UL2TP_CMD_STATUS_GET, "04000000", 20, "attribute 0 is not known here: who asks may be newer than this ul2tpd" },
		{ UL2TP_CMD_SOCKET_SET, "05000400 01000000 05000400 01000000", 28, "cap_ack is given twice" },
		{ UL2TP_CMD_SOCKET_SET, "06000400 01000000", 20, "cap_ack has 2 octets, it must have 1" },
		{ UL2TP_CMD_SOCKET_SET, "05000500 02000000", 20, "ext_ack is 2, it must be 0 to 1" },
		{ UL2TP_CMD_SOCKET_SET, "05000580 01000000", 20, "ext_ack has a flag it must not have" },
		{ UL2TP_CMD_SOCKET_SET, "05000500 01000000 0102", 0, "2 octets at the end are no attribute" },
		{ UL2TP_CMD_TUNNEL_GET, "0c000600 " CONN_ID, 20, "l2tp lacks the flag NLA_F_NESTED" },
		/* an attribute of another command */
		{ UL2TP_CMD_STATUS_GET, "05000400 01000000", 20, "cap_ack means nothing to STATUS_GET" },
		{ UL2TP_CMD_SUBSCRIBE, "08000300 01000000 05000400 01000000", 28, "cap_ack means nothing to SUBSCRIBE" },
		{ UL2TP_CMD_TUNNEL_GET, "0c000680 " CONN_ID "06000700 6100 0000", 32, "label means nothing to TUNNEL_GET" },
		{ UL2TP_CMD_SESSION_SET, "0c000680 " CONN_ID "05000c00 01000000", 32, "peer_check means nothing to SESSION_SET" },
		/* something that must be there */
		{ UL2TP_CMD_SUBSCRIBE, "", 0, "group is missing" },
		{ UL2TP_CMD_UNSUBSCRIBE, "", 0, "group is missing" },
		{ UL2TP_CMD_TUNNEL_CREATE, "", 0, "l2tp is missing" },
		{ UL2TP_CMD_SESSION_SET, "06000700 6100 0000", 0, "l2tp is missing" },
		{ UL2TP_CMD_LIMITS_SET, "", 0, "limits is missing" },
		/* the same inside the nests */
		{ UL2TP_CMD_TUNNEL_GET, "0c000680 06000900 01000000", 24, "tunnel_id has 2 octets, it must have 4" },
		{ UL2TP_CMD_TUNNEL_GET, "14000680 " CONN_ID CONN_ID, 32, "tunnel_id is given twice" },
		{ UL2TP_CMD_TUNNEL_GET, "0c000680 08002400 00000000", 24, "attribute 36 is not known here: who asks may be newer than this ul2tpd" },
		{ UL2TP_CMD_TUNNEL_GET, "08000680 04002300", 24, "attribute 35 is not known here: who asks may be newer than this ul2tpd" },
		{ UL2TP_CMD_TUNNEL_GET, "14000680 " CONN_ID "08000b00 01000000", 32, "session_id means nothing to TUNNEL_GET" },
		{ UL2TP_CMD_TUNNEL_CREATE, "14000680 " CONN_ID "06001c00 01000000", 32, "mtu means nothing to TUNNEL_CREATE" },
		{ UL2TP_CMD_TUNNEL_GET, "0e000680 " CONN_ID "0102 0000", 0, "2 octets at the end are no attribute" },
		{ UL2TP_CMD_LIMITS_SET, "0c001280 06000100 01000000", 24, "tunnels has 2 octets, it must have 4" },
		{ UL2TP_CMD_LIMITS_SET, "0c001280 08000600 01000000", 24, "attribute 6 is not known here: who asks may be newer than this ul2tpd" },
		/* values */
		{ UL2TP_CMD_TUNNEL_CREATE, "05000b00 00000000", 20, "ttl is 0, it must be 1 to 255" },
		{ UL2TP_CMD_TUNNEL_CREATE, "05000c00 02000000", 20, "peer_check is 2, it must be 0 to 1" },
		{ UL2TP_CMD_TUNNEL_CREATE, "05000800 00000000", 20, "dev has 0 octets, it must have 1 to 15" },
		{ UL2TP_CMD_TUNNEL_CREATE, "07000700 610a0000", 20, "label is not one printable line" },
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ul2tp_request r;
		struct extack ea = { 0 };

		assert_int_equal(request_read(cases[i].command, cases[i].hex, &r, &ea), -EINVAL);
		assert_string_equal(ea.text, cases[i].words);
		assert_int_equal(ul2tp_request_fault(&r, &ea).offset, cases[i].offset);
		assert_null(ul2tp_request_fault(&r, &ea).row);
	}
}

static void what_a_handler_blames_is_found_in_its_nest(void **state)
{
	struct extack of_l2tp = { "no", L2TP_ATTR_CONN_ID };
	struct extack of_ul2tp = { "no", UL2TP_BLAME(UL2TP_ATTR_LABEL) };
	struct extack absent = { "no", L2TP_ATTR_FD };
	struct extack nothing = { "no", 0 };
	struct ul2tp_request r;

	assert_int_equal(request_read(UL2TP_CMD_TUNNEL_SET, "06000700 6100 0000 0c000680 " CONN_ID,
	                              &r, NULL),
	                 0);
	assert_int_equal(ul2tp_request_fault(&r, &of_l2tp).offset, 32);
	assert_int_equal(ul2tp_request_fault(&r, &of_ul2tp).offset, 20);
	assert_int_equal(ul2tp_request_fault(&r, &absent).offset, 0);
	assert_int_equal(ul2tp_request_fault(&r, &nothing).offset, 0);
	assert_int_equal(attributes_u32(&r.l2tp, L2TP_ATTR_CONN_ID), 1);
	assert_string_equal(attributes_string(&r.top, UL2TP_ATTR_LABEL), "a");
}

/* A label of 63 octets is the longest. */
static void a_label_has_a_limit(void **state)
{
	for (size_t len = 62; len <= 64; len++) {
		char label[65] = { 0 };
		struct ul2tp_request r;
		struct test_request t;
		size_t nest;

		memset(label, 'x', len);
		test_request_begin(&t, UL2TP_FAMILY_ID, NLM_F_REQUEST, UL2TP_CMD_TUNNEL_SET);
		nest = attribute_nest_begin(&t.w, UL2TP_ATTR_L2TP | NLA_F_NESTED);
		attribute_put_u32(&t.w, L2TP_ATTR_CONN_ID, 1);
		attribute_nest_end(&t.w, nest);
		attribute_put_string(&t.w, UL2TP_ATTR_LABEL, label);
		test_request_end(&t);
		assert_int_equal(ul2tp_request_read(&t.message, command(UL2TP_CMD_TUNNEL_SET),
		                                    t.attributes, &r, NULL),
		                 len <= UL2TP_LABEL_MAX ? 0 : -EINVAL);
	}
}

static void messages_have_the_familys_version(void **state)
{
	const struct nl_header header = { UL2TP_FAMILY_ID, NLM_F_MULTI, 1, 2 };
	uint8_t room[32];
	struct writer w = writer_over(room, sizeof(room));
	size_t start = ul2tp_message_begin(&w, &header, UL2TP_CMD_TUNNEL_GET);

	assert_true(nl_message_end(&w, start));
	assert_written(&w, "14000000 2100 0200 01000000 02000000 07010000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_have_the_privileges_that_were_promised),
		cmocka_unit_test(requests_are_refused_in_words_with_the_attribute),
		cmocka_unit_test(what_a_handler_blames_is_found_in_its_nest),
		cmocka_unit_test(a_label_has_a_limit),
		cmocka_unit_test(messages_have_the_familys_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
