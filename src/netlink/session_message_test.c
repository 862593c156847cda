/* SPDX-License-Identifier: BSD-2-Clause */
/* session_message_test.c - sessions as Linux 6.12 describes them, and what creates and changes them */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/session_message.h"

#define ZERO_STATS                                                                                 \
	"7c001e00 0c000100 0000000000000000 0c000200 0000000000000000 0c000300 0000000000000000"   \
	"0c000400 0000000000000000 0c000500 0000000000000000 0c000600 0000000000000000"            \
	"0c000a00 0000000000000000 0c000700 0000000000000000 0c000800 0000000000000000"            \
	"0c000b00 0000000000000000"

static void golden_check(const char *hex, const struct session_message *s)
{
	uint8_t room[512];
	struct writer w = writer_over(room, sizeof(room));
	struct session_message back;
	struct octets o = octets(hex);

	session_message_put(&w, s);
	assert_written(&w, hex);
	assert_int_equal(session_message_read(octets_reader(&o), &back), 0);
	assert_int_equal(back.conn_id, s->conn_id);
	assert_int_equal(back.session_id, s->session_id);
	assert_int_equal(back.peer_conn_id, s->peer_conn_id);
	assert_int_equal(back.peer_session_id, s->peer_session_id);
	assert_int_equal(back.pw_type, s->pw_type);
	assert_string_equal(back.ifname, s->ifname);
	assert_int_equal(back.cookie.len, s->cookie.len);
	assert_memory_equal(back.cookie.octets, s->cookie.octets, sizeof(s->cookie.octets));
	assert_int_equal(back.peer_cookie.len, s->peer_cookie.len);
	assert_memory_equal(back.peer_cookie.octets, s->peer_cookie.octets,
	                    sizeof(s->peer_cookie.octets));
	assert_int_equal(back.recv_seq, s->recv_seq);
	assert_int_equal(back.send_seq, s->send_seq);
	assert_int_equal(back.lns_mode, s->lns_mode);
	assert_int_equal(back.using_ipsec, s->using_ipsec);
	assert_int_equal(back.recv_timeout_ms, s->recv_timeout_ms);
}

/* What a kernel sent, and the session it was about. kernel-behaviour §1.10, last table */
static void sessions_are_described_as_the_kernel_describes_them(void **state)
{
	const struct session_message plain = {
		.conn_id = 1,
		.session_id = 0x11,
		.peer_conn_id = 0x1001,
		.peer_session_id = 0x22,
		.pw_type = L2TP_PWTYPE_ETH,
		.ifname = "l2tpeth0",
	};
	const struct session_message full = {
		.conn_id = 1,
		.session_id = 0x12,
		.peer_conn_id = 0x1001,
		.peer_session_id = 0x23,
		.pw_type = L2TP_PWTYPE_ETH,
		.ifname = "vpn0",
		.cookie = { 8, { 1, 2, 3, 4, 5, 6, 7, 8 } },
		.peer_cookie = { 4, { 0x11, 0x12, 0x13, 0x14 } },
		.recv_seq = true,
		.send_seq = true,
		.lns_mode = true,
		.recv_timeout_ms = 20,
	};
	const struct session_message ppp = {
		.conn_id = 2,
		.session_id = 0x13,
		.peer_conn_id = 0x1002,
		.peer_session_id = 0x24,
		.pw_type = L2TP_PWTYPE_PPP,
		.recv_timeout_ms = RECV_TIMEOUT_MAX_MS,
	};

	golden_check("08000900 01000000 08000b00 11000000 08000a00 01100000 08000c00 22000000"
	             "08001100 00000000 06000100 05000000 0d000800 6c3274706574683000 000000"
	             "05001200 00000000 05001300 00000000 05001400 00000000" ZERO_STATS,
	             &plain);
	golden_check("08000900 01000000 08000b00 12000000 08000a00 01100000 08000c00 23000000"
	             "08001100 00000000 06000100 05000000 09000800 76706e3000 000000"
	             "0c000f00 0102030405060708 08001000 11121314"
	             "05001200 01000000 05001300 01000000 05001400 01000000"
	             "0c001600 1400000000000000" ZERO_STATS,
	             &full);
	golden_check("08000900 02000000 08000b00 13000000 08000a00 02100000 08000c00 24000000"
	             "08001100 00000000 06000100 07000000"
	             "05001200 00000000 05001300 00000000 05001400 00000000"
	             "0c001600 f8ffffff00000000" ZERO_STATS,
	             &ppp);
}

static void ipsec_is_mentioned_only_where_it_is_used(void **state)
{
	const struct session_message s = {
		.conn_id = 1, .session_id = 2, .pw_type = 5, .using_ipsec = true
	};

	golden_check(
		"08000900 01000000 08000b00 02000000 08000a00 00000000 08000c00 00000000"
		"08001100 00000000 06000100 05000000"
		"05001200 00000000 05001300 00000000 05001400 00000000 05001500 01000000" ZERO_STATS,
		&s);
}

static void malformed_messages_are_not_taken(void **state)
{
	static const char *const cases[] = {
		"",
		"08000900 01000000", /* no session */
		"08000b00 01000000", /* no tunnel */
		"08000900 01000000 08000b00 01000000 0d000f00 112233445566778899 000000", /* cookie */
		"08000900 01000000 08000b00 01000000 05000800 61000000", /* no NUL */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct octets o = octets(cases[i]);
		struct session_message s;

		assert_int_equal(session_message_read(octets_reader(&o), &s), -EBADMSG);
	}
}

static struct attributes parsed;
static struct test_request request;

static const struct attributes *attributes_of(const char *hex)
{
	test_request_hex(&request, L2TP_FAMILY_ID, L2TP_CMD_SESSION_CREATE, hex);
	assert_int_equal(policy_parse(&l2tp_policy, POLICY_LIBERAL, request.attributes,
	                              request.message.start, &parsed, NULL),
	                 0);
	return &parsed;
}

#define TUNNEL  "08000900 01000000"
#define SESSION "08000b00 02000000"
#define PEER    "08000c00 03000000"
#define ETH     "06000100 05000000"
#define PPP     "06000100 07000000"

/* kernel-behaviour §1.8, steps 3 to 8; a case that lacks several things says which is seen first. */
static void what_is_wrong_first_decides(void **state)
{
	static const struct {
		const char *hex;
		uint8_t version;
		int result;
		uint16_t blamed;
		const char *words;
	} cases[] = {
		/* clang-format off */
		{ TUNNEL,                              3, -EINVAL, 0, "session_id is missing" },
		{ TUNNEL PEER ETH,                     3, -EINVAL, 0, "session_id is missing" },
		{ TUNNEL SESSION "06000100 63000000",  3, -EINVAL, 0, "peer_session_id is missing" },
		{ TUNNEL SESSION PEER,                 3, -EINVAL, 0, "pw_type is missing, give 5 (eth) or 7 (ppp)" },
		{ TUNNEL SESSION PEER "06000100 0c000000", 2, -EINVAL, L2TP_ATTR_PW_TYPE,
		  "pw_type is 12, which is none; give 5 (eth) or 7 (ppp)" },
		{ TUNNEL SESSION PEER "06000100 ffff0000", 3, -EINVAL, L2TP_ATTR_PW_TYPE,
		  "pw_type is 65535, which is none; give 5 (eth) or 7 (ppp)" },
		{ TUNNEL SESSION PEER ETH,             2, -EPROTONOSUPPORT, L2TP_ATTR_PW_TYPE,
		  "pw_type is 5, a version 2 tunnel carries only 7 (ppp)" },
		{ TUNNEL SESSION PEER "06000100 00000000", 2, -EPROTONOSUPPORT, L2TP_ATTR_PW_TYPE,
		  "pw_type is 0, a version 2 tunnel carries only 7 (ppp)" },
		{ TUNNEL SESSION PEER ETH "05000500 02000000", 3, -EINVAL, L2TP_ATTR_L2SPEC_TYPE,
		  "l2spec_type is 2, it must be 0 (none) or 1 (default)" },
		/* whether the type is implemented is asked later */
		{ TUNNEL SESSION PEER "06000100 0b000000", 3, 0, 0, "" },
		{ TUNNEL SESSION PEER "06000100 00000000", 3, 0, 0, "" },
		/* only version 2 is bound to PPP, only versions above have a sublayer */
		{ TUNNEL SESSION PEER ETH,             1, 0, 0, "" },
		{ TUNNEL SESSION PEER ETH "05000500 02000000", 1, 0, 0, "" },
		{ TUNNEL SESSION PEER PPP "05000500 09000000", 2, 0, 0, "" },
		{ TUNNEL SESSION PEER ETH "05000500 02000000", 4, -EINVAL, L2TP_ATTR_L2SPEC_TYPE,
		  "l2spec_type is 2, it must be 0 (none) or 1 (default)" },
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct session_create s;
		struct extack ea = { 0 };

		assert_int_equal(
			session_create_read(attributes_of(cases[i].hex), cases[i].version, &s, &ea),
			cases[i].result);
		assert_string_equal(ea.text, cases[i].words);
		assert_int_equal(ea.attribute, cases[i].blamed);
	}
}

#define EXTRAS "05000500 00000000 09000800 76706e3000 000000 07000f00 010203 00 04001000"

/* Requirements: NL-60, NL-61, NL-64 */
static void version_3_has_a_sublayer_cookies_and_a_name(void **state)
{
	struct session_create s;

	assert_int_equal(
		session_create_read(attributes_of(TUNNEL SESSION PEER ETH EXTRAS), 3, &s, NULL), 0);
	assert_int_equal(s.conn_id, 1);
	assert_int_equal(s.session_id, 2);
	assert_int_equal(s.peer_session_id, 3);
	assert_int_equal(s.pw_type, 5);
	assert_int_equal(s.l2spec_type, L2TP_L2SPECTYPE_NONE);
	assert_true(s.has_ifname);
	assert_string_equal(s.ifname, "vpn0");
	assert_int_equal(s.cookie.len, 3);
	assert_memory_equal(s.cookie.octets, "\1\2\3\0\0\0\0\0", 8);
	assert_int_equal(s.peer_cookie.len, 0);

	assert_int_equal(session_create_read(attributes_of(TUNNEL "08000b00 ffffffff"
	                                                          "08000c00 00000000" ETH),
	                                     3, &s, NULL),
	                 0);
	assert_int_equal(s.session_id, 0xffffffff);
	assert_int_equal(s.peer_session_id, 0);
	assert_int_equal(s.l2spec_type, L2TP_L2SPECTYPE_DEFAULT);
	assert_false(s.has_ifname);
	assert_false(s.recv_seq || s.send_seq || s.lns_mode);
	assert_int_equal(s.recv_timeout_ms, 0);

	/* "" is a name that was given */
	assert_int_equal(
		session_create_read(attributes_of(TUNNEL SESSION PEER ETH "05000800 00000000"), 3,
	                            &s, NULL),
		0);
	assert_true(s.has_ifname);
	assert_string_equal(s.ifname, "");
}

/* Requirements: NL-60 */
static void version_2_has_none_of_them(void **state)
{
	struct session_create s;

	assert_int_equal(
		session_create_read(attributes_of(TUNNEL SESSION PEER PPP EXTRAS), 2, &s, NULL), 0);
	assert_int_equal(s.l2spec_type, L2TP_L2SPECTYPE_NONE);
	assert_false(s.has_ifname);
	assert_string_equal(s.ifname, "");
	assert_int_equal(s.cookie.len, 0);
	assert_int_equal(s.peer_cookie.len, 0);
}

/* Requirements: NL-62, Q-27 */
static void one_bit_of_each_switch_counts(void **state)
{
	static const struct {
		uint8_t value;
		bool on;
	} cases[] = { { 0, false }, { 1, true },    { 2, false },
		      { 3, true },  { 254, false }, { 255, true } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct session_create s;
		struct session_modify m;
		char hex[256];

		snprintf(hex, sizeof(hex),
		         TUNNEL SESSION PEER ETH
		         "05001200 %02x000000 05001300 %02x000000 05001400 %02x000000",
		         cases[i].value, cases[i].value, cases[i].value);
		assert_int_equal(session_create_read(attributes_of(hex), 3, &s, NULL), 0);
		assert_int_equal(s.recv_seq, cases[i].on);
		assert_int_equal(s.send_seq, cases[i].on);
		assert_int_equal(s.lns_mode, cases[i].on);
		m = session_modify_read(&parsed);
		assert_true(m.has_recv_seq && m.has_send_seq && m.has_lns_mode);
		assert_int_equal(m.recv_seq, cases[i].on);
		assert_int_equal(m.send_seq, cases[i].on);
		assert_int_equal(m.lns_mode, cases[i].on);
	}
}

/* Requirements: NL-63 */
static void a_timeout_has_32_bits_of_which_half_mean_the_longest(void **state)
{
	static const struct {
		const char *hex;
		uint32_t timeout_ms;
	} cases[] = {
		/* clang-format off */
		{ "0c001600 0100000000000000", 1 },
		{ "0c001600 ffffff7f00000000", 2147483647 },
		{ "0c001600 0000008000000000", 4294967288 },
		{ "0c001600 ffffffff00000000", 4294967288 },
		{ "0c001600 0500000001000000", 5 },
		{ "0c001600 0000000001000000", 0 },
		{ "0c001600 ffffffffffffffff", 4294967288 },
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct session_modify m = session_modify_read(attributes_of(cases[i].hex));

		assert_true(m.has_recv_timeout);
		assert_int_equal(m.recv_timeout_ms, cases[i].timeout_ms);
	}
}

/* Requirements: NL-76 */
static void only_what_is_present_is_modified(void **state)
{
	struct session_modify m = session_modify_read(attributes_of(TUNNEL SESSION));

	assert_false(m.has_recv_seq || m.has_send_seq || m.has_lns_mode || m.has_recv_timeout);
	m = session_modify_read(attributes_of(TUNNEL SESSION "05001300 00000000"));
	assert_true(m.has_send_seq);
	assert_false(m.send_seq);
	assert_false(m.has_recv_seq || m.has_lns_mode || m.has_recv_timeout);
}

/* Requirements: NL-70, NL-72, Q-5 */
static void a_session_is_selected_by_name_or_else_by_both_ids(void **state)
{
	struct session_select s;
	struct extack ea = { 0 };

	assert_int_equal(session_select_read(attributes_of(TUNNEL SESSION), &s, &ea), 0);
	assert_false(s.by_ifname);
	assert_int_equal(s.conn_id, 1);
	assert_int_equal(s.session_id, 2);

	assert_int_equal(
		session_select_read(attributes_of(TUNNEL SESSION "05000800 00000000"), &s, &ea), 0);
	assert_true(s.by_ifname);
	assert_string_equal(s.ifname, "");

	assert_int_equal(session_select_read(attributes_of("09000800 76706e3000 000000"), &s, &ea),
	                 0);
	assert_string_equal(s.ifname, "vpn0");

	assert_int_equal(session_select_read(attributes_of(TUNNEL), &s, &ea), -ENODEV);
	assert_string_equal(ea.text, "session_id is missing, and no name given");
	ea = (struct extack){ 0 };
	assert_int_equal(session_select_read(attributes_of(SESSION), &s, &ea), -ENODEV);
	assert_string_equal(ea.text, "tunnel_id is missing, and no name given");
}

static void what_is_asked_for_can_be_read(void **state)
{
	const struct session_create create = {
		.conn_id = 1,
		.session_id = 2,
		.peer_session_id = 3,
		.pw_type = L2TP_PWTYPE_ETH,
		.l2spec_type = L2TP_L2SPECTYPE_NONE,
		.has_ifname = true,
		.ifname = "vpn0",
		.cookie = { 4, { 1, 2, 3, 4 } },
		.peer_cookie = { 8, { 5, 6, 7, 8, 9, 10, 11, 12 } },
		.recv_seq = true,
		.send_seq = true,
		.lns_mode = true,
		.recv_timeout_ms = 100,
	};
	const char *hex = TUNNEL SESSION PEER ETH "05000500 00000000 09000800 76706e3000 000000"
						  "08000f00 01020304 0c001000 05060708090a0b0c"
						  "05001200 01000000 05001300 01000000"
						  "05001400 01000000 0c001600 6400000000000000";
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));
	struct session_create back;

	session_create_put(&w, &create);
	assert_written(&w, hex);
	assert_int_equal(session_create_read(attributes_of(hex), 3, &back, NULL), 0);
	assert_int_equal(back.l2spec_type, create.l2spec_type);
	assert_string_equal(back.ifname, create.ifname);
	assert_int_equal(back.cookie.len, 4);
	assert_memory_equal(back.cookie.octets, create.cookie.octets, 8);
	assert_int_equal(back.peer_cookie.len, 8);
	assert_memory_equal(back.peer_cookie.octets, create.peer_cookie.octets, 8);
	assert_true(back.recv_seq && back.send_seq && back.lns_mode);
	assert_int_equal(back.recv_timeout_ms, 100);
}

static void requests_hold_only_what_was_said(void **state)
{
	const struct session_create create = {
		.conn_id = 1, .session_id = 2, .peer_session_id = 3, .pw_type = 5, .l2spec_type = 1
	};
	const struct session_select by_ids = { .conn_id = 1, .session_id = 2 };
	const struct session_select by_name = { .by_ifname = true, .ifname = "vpn0" };
	const struct session_modify nothing = { .send_seq = true };
	const struct session_modify all = { .has_recv_seq = true,
		                            .has_send_seq = true,
		                            .has_lns_mode = true,
		                            .has_recv_timeout = true,
		                            .lns_mode = true };
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));

	session_create_put(&w, &create);
	assert_written(&w, TUNNEL SESSION PEER ETH "05000500 01000000");
	w = writer_over(room, sizeof(room));
	session_select_put(&w, &by_ids);
	assert_written(&w, TUNNEL SESSION);
	w = writer_over(room, sizeof(room));
	session_select_put(&w, &by_name);
	assert_written(&w, "09000800 76706e3000 000000");
	w = writer_over(room, sizeof(room));
	session_modify_put(&w, &nothing);
	assert_int_equal(write_len(&w), 0);
	session_modify_put(&w, &all);
	assert_written(&w, "05001200 00000000 05001300 00000000 05001400 01000000"
	                   "0c001600 0000000000000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_are_described_as_the_kernel_describes_them),
		cmocka_unit_test(ipsec_is_mentioned_only_where_it_is_used),
		cmocka_unit_test(malformed_messages_are_not_taken),
		cmocka_unit_test(what_is_wrong_first_decides),
		cmocka_unit_test(version_3_has_a_sublayer_cookies_and_a_name),
		cmocka_unit_test(version_2_has_none_of_them),
		cmocka_unit_test(one_bit_of_each_switch_counts),
		cmocka_unit_test(a_timeout_has_32_bits_of_which_half_mean_the_longest),
		cmocka_unit_test(only_what_is_present_is_modified),
		cmocka_unit_test(a_session_is_selected_by_name_or_else_by_both_ids),
		cmocka_unit_test(what_is_asked_for_can_be_read),
		cmocka_unit_test(requests_hold_only_what_was_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
