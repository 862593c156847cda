/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel_message_test.c - tunnels as Linux 6.12 describes them, and what creates them */
#include "netlink/test_octets.h"

#include <arpa/inet.h>
#include <errno.h>

#include "netlink/tunnel_message.h"

#define ZERO_STATS                                                                                 \
	"7c001e00 0c000100 0000000000000000 0c000200 0000000000000000 0c000300 0000000000000000"   \
	"0c000400 0000000000000000 0c000500 0000000000000000 0c000600 0000000000000000"            \
	"0c000a00 0000000000000000 0c000700 0000000000000000 0c000800 0000000000000000"            \
	"0c000b00 0000000000000000"

static union l2tp_address ip4(const char *text)
{
	union l2tp_address address = { 0 };

	assert_int_equal(inet_pton(AF_INET, text, &address.v4), 1);
	return address;
}

static union l2tp_address ip6(const char *text)
{
	union l2tp_address address = { 0 };

	assert_int_equal(inet_pton(AF_INET6, text, &address.v6), 1);
	return address;
}

/* What a kernel sent, and the tunnel it was about. */
struct golden {
	const char *hex;
	struct tunnel_message tunnel;
};

static void golden_check(const struct golden *g)
{
	uint8_t room[512];
	struct writer w = writer_over(room, sizeof(room));
	struct tunnel_message back;
	struct octets o = octets(g->hex);

	tunnel_message_put(&w, &g->tunnel);
	assert_written(&w, g->hex);
	assert_int_equal(tunnel_message_read(octets_reader(&o), &back), 0);
	assert_int_equal(back.conn_id, g->tunnel.conn_id);
	assert_int_equal(back.peer_conn_id, g->tunnel.peer_conn_id);
	assert_int_equal(back.version, g->tunnel.version);
	assert_int_equal(back.encap, g->tunnel.encap);
	assert_int_equal(back.family, g->tunnel.family);
	assert_memory_equal(&back.local, &g->tunnel.local, sizeof(back.local));
	assert_memory_equal(&back.peer, &g->tunnel.peer, sizeof(back.peer));
	assert_int_equal(back.local_port, g->tunnel.local_port);
	assert_int_equal(back.peer_port, g->tunnel.peer_port);
	assert_int_equal(back.checksum, g->tunnel.checksum);
	assert_int_equal(back.zero_checksum6_tx, g->tunnel.zero_checksum6_tx);
	assert_int_equal(back.zero_checksum6_rx, g->tunnel.zero_checksum6_rx);
}

/* Attributes: 204, 180, 220 and 204 octets.
 * Requirements: NL-58, NL-59 */
static void tunnels_are_described_as_the_kernel_describes_them(void **state)
{
	const struct golden udp4 = {
		"05000700 03000000 08000900 01000000 08000a00 01100000 08001100 00000000"
		"06000200 00000000" ZERO_STATS
		"05000d00 00000000 06001a00 88130000 06001b00 a5060000"
		"08001800 7f000001 08001900 7f000002",
		{ .conn_id = 1,
		  .peer_conn_id = 0x1001,
		  .version = 3,
		  .family = AF_INET,
		  .local = ip4("127.0.0.1"),
		  .peer = ip4("127.0.0.2"),
		  .local_port = 5000,
		  .peer_port = 1701 },
	};
	const struct golden ip = {
		"05000700 03000000 08000900 03000000 08000a00 03100000 08001100 00000000"
		"06000200 01000000" ZERO_STATS "08001800 7f000001 08001900 7f000002",
		{ .conn_id = 3,
		  .peer_conn_id = 0x1003,
		  .version = 3,
		  .encap = L2TP_ENCAPTYPE_IP,
		  .family = AF_INET,
		  .local = ip4("127.0.0.1"),
		  .peer = ip4("127.0.0.2") },
	};
	const struct golden udp6 = {
		"05000700 03000000 08000900 04000000 08000a00 04100000 08001100 00000000"
		"06000200 00000000" ZERO_STATS "06001a00 8a130000 06001b00 a6060000"
		"14001f00 00000000000000000000000000000001 14002000 00000000000000000000000000000001",
		{ .conn_id = 4,
		  .peer_conn_id = 0x1004,
		  .version = 3,
		  .family = AF_INET6,
		  .local = ip6("::1"),
		  .peer = ip6("::1"),
		  .local_port = 5002,
		  .peer_port = 1702 },
	};
	const struct golden ip_of_6 = {
		"05000700 03000000 08000900 06000000 08000a00 06100000 08001100 00000000"
		"06000200 01000000" ZERO_STATS
		"14001f00 00000000000000000000000000000001 14002000 00000000000000000000000000000001",
		{ .conn_id = 6,
		  .peer_conn_id = 0x1006,
		  .version = 3,
		  .encap = L2TP_ENCAPTYPE_IP,
		  .family = AF_INET6,
		  .local = ip6("::1"),
		  .peer = ip6("::1") },
	};

	golden_check(&udp4);
	golden_check(&ip);
	golden_check(&udp6);
	golden_check(&ip_of_6);
	assert_int_equal(octets(udp4.hex).len, 204);
	assert_int_equal(octets(ip.hex).len, 180);
	assert_int_equal(octets(udp6.hex).len, 220);
	assert_int_equal(octets(ip_of_6.hex).len, 204);
}

/* Requirements: TUN-14 */
static void without_a_peer_port_port_and_address_are_zero(void **state)
{
	const struct golden g = {
		"05000700 02000000 08000900 02000000 08000a00 02100000 08001100 00000000"
		"06000200 00000000" ZERO_STATS
		"05000d00 01000000 06001a00 89130000 06001b00 00000000"
		"08001800 7f000001 08001900 00000000",
		{ .conn_id = 2,
		  .peer_conn_id = 0x1002,
		  .version = 2,
		  .family = AF_INET,
		  .local = ip4("127.0.0.1"),
		  .local_port = 5001,
		  .checksum = true },
	};

	golden_check(&g);
}

static void zero_checksums_are_flags(void **state)
{
	const struct golden g = {
		"05000700 03000000 08000900 05000000 08000a00 05100000 08001100 00000000"
		"06000200 00000000" ZERO_STATS
		"04002100 04002200 06001a00 8b130000 06001b00 a6060000"
		"14001f00 00000000000000000000000000000001 14002000 00000000000000000000000000000001",
		{ .conn_id = 5,
		  .peer_conn_id = 0x1005,
		  .version = 3,
		  .family = AF_INET6,
		  .local = ip6("::1"),
		  .peer = ip6("::1"),
		  .local_port = 5003,
		  .peer_port = 1702,
		  .zero_checksum6_tx = true,
		  .zero_checksum6_rx = true },
	};

	golden_check(&g);
}

static void malformed_messages_are_not_taken(void **state)
{
	static const char *const cases[] = {
		"",                                    /* no CONN_ID */
		"05000700 03000000",                   /* likewise */
		"08000900 01000000 06001800 7f000000", /* a short address */
		"08000900 01000000 06001e00 01000000", /* a nest that is none */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct octets o = octets(cases[i]);
		struct tunnel_message t;

		assert_int_equal(tunnel_message_read(octets_reader(&o), &t), -EBADMSG);
	}
}

static void an_answer_may_lack_addresses_and_have_more(void **state)
{
	struct octets o = octets("0500ff3f 11000000 08000900 07000000 08001800 7f000001"
	                         "08001f00 00000000 14002000 00000000000000000000000000000001");
	struct tunnel_message t;

	assert_int_equal(tunnel_message_read(octets_reader(&o), &t), 0);
	assert_int_equal(t.conn_id, 7);
	assert_int_equal(t.family, AF_UNSPEC);
}

#define IDS      "08000900 01000000 08000a00 02000000"
#define VERSION3 "05000700 03000000"
#define UDP      "06000200 00000000"
#define IP       "06000200 01000000"
#define LOCAL4   "08001800 7f000001"
#define PEER4    "08001900 7f000002"
#define LOCAL6   "14001f00 20010db8000000000000000000000001"
#define PEER6    "14002000 20010db8000000000000000000000002"
#define FD3      "08001700 03000000"

static int create_read(const char *hex, struct tunnel_create *t, struct extack *ea)
{
	struct attributes a;
	struct test_request r;

	test_request_hex(&r, L2TP_FAMILY_ID, L2TP_CMD_TUNNEL_CREATE, hex);
	assert_int_equal(
		policy_parse(&l2tp_policy, POLICY_LIBERAL, r.attributes, r.message.start, &a, NULL),
		0);
	return tunnel_create_read(&a, t, ea);
}

/* kernel-behaviour §1.5, steps 1 to 6: each case lacks one thing more than the one after it. The words are ours. */
static void what_is_missing_first_decides(void **state)
{
	static const struct {
		const char *hex;
		uint16_t blamed;
		const char *words;
	} cases[] = {
		/* clang-format off */
		{ "06000200 09000000",                       0, "tunnel_id is missing" },
		{ "08000a00 02000000" VERSION3 UDP LOCAL4 PEER4, 0, "tunnel_id is missing" },
		{ "08000900 01000000 06000200 09000000",     0, "peer_tunnel_id is missing" },
		{ IDS "06000200 09000000",                   0, "version is missing, give 2 or 3" },
		{ IDS VERSION3,                              0, "encap is missing, give udp or ip" },
		{ IDS VERSION3 "06000200 09000000",          0, "local and remote are missing, give both or a socket" },
		{ IDS VERSION3 "06000200 09000000" LOCAL4,   0, "remote is missing, give both or a socket" },
		{ IDS VERSION3 "06000200 09000000" PEER6,    0, "local is missing, give both or a socket" },
		{ IDS VERSION3 "06000200 09000000" LOCAL4 PEER6, 0, "local and remote are not of one address family" },
		{ IDS VERSION3 "06000200 02000000" LOCAL4 PEER4, L2TP_ATTR_ENCAP_TYPE,
		  "encap is 2, it must be 0 (udp) or 1 (ip)" },
		{ IDS VERSION3 "06000200 ffff0000" FD3,      L2TP_ATTR_ENCAP_TYPE,
		  "encap is 65535, it must be 0 (udp) or 1 (ip)" },
		/* clang-format on */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tunnel_create t;
		struct extack ea = { 0 };

		assert_int_equal(create_read(cases[i].hex, &t, &ea), -EINVAL);
		assert_string_equal(ea.text, cases[i].words);
		assert_int_equal(ea.attribute, cases[i].blamed);
	}
}

/* Requirements: NL-41, NL-42 */
static void any_version_and_id_is_taken(void **state)
{
	static const uint8_t versions[] = { 0, 1, 2, 3, 4, 255 };

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct tunnel_create t;
		char hex[256];

		snprintf(hex, sizeof(hex),
		         "08000900 ffffffff 08000a00 00000000 05000700 %02x000000" UDP LOCAL4 PEER4,
		         versions[i]);
		assert_int_equal(create_read(hex, &t, NULL), 0);
		assert_int_equal(t.version, versions[i]);
		assert_int_equal(t.conn_id, 0xffffffff);
		assert_int_equal(t.peer_conn_id, 0);
	}
}

/* Requirements: NL-44 */
static void both_addresses_of_version_6_win(void **state)
{
	const union l2tp_address local4 = ip4("127.0.0.1"), local6 = ip6("2001:db8::1");
	const union l2tp_address peer6 = ip6("2001:db8::2");
	struct tunnel_create t;

	assert_int_equal(create_read(IDS VERSION3 UDP LOCAL4 PEER4 LOCAL6 PEER6, &t, NULL), 0);
	assert_int_equal(t.family, AF_INET6);
	assert_memory_equal(&t.local, &local6, sizeof(local6));
	assert_memory_equal(&t.peer, &peer6, sizeof(peer6));

	assert_int_equal(create_read(IDS VERSION3 UDP LOCAL4 PEER4 PEER6, &t, NULL), 0);
	assert_int_equal(t.family, AF_INET);
	assert_memory_equal(&t.local, &local4, sizeof(local4));
}

/* Requirements: LIM-4 */
static void a_short_address_of_version_6_is_refused(void **state)
{
	struct tunnel_create t;
	struct extack ea = { 0 };

	assert_int_equal(create_read(IDS VERSION3 UDP "08001f00 20010db8" PEER6, &t, &ea), -EINVAL);
	assert_string_equal(ea.text, "local is an IPv6 address of less than 16 octets");
	assert_int_equal(ea.attribute, L2TP_ATTR_IP6_SADDR);

	ea = (struct extack){ 0 };
	assert_int_equal(create_read(IDS VERSION3 UDP LOCAL6 "04002000", &t, &ea), -EINVAL);
	assert_string_equal(ea.text, "remote is an IPv6 address of less than 16 octets");
	assert_int_equal(ea.attribute, L2TP_ATTR_IP6_DADDR);

	/* the kernel would see this first */
	ea = (struct extack){ 0 };
	assert_int_equal(create_read(IDS VERSION3 "06000200 02000000" LOCAL6 "04002000", &t, &ea),
	                 -EINVAL);
	assert_int_equal(ea.attribute, L2TP_ATTR_ENCAP_TYPE);
}

/* Requirements: NL-45 */
static void beside_a_descriptor_addresses_do_not_count(void **state)
{
	struct tunnel_create t;

	assert_int_equal(create_read(IDS VERSION3 UDP FD3 LOCAL4 PEER4
	                             "06001a00 01000000 06001b00 02000000 05000d00 01000000",
	                             &t, NULL),
	                 0);
	assert_true(t.has_fd);
	assert_int_equal(t.fd, 3);
	assert_int_equal(t.family, AF_UNSPEC);
	assert_int_equal(t.local_port, 0);
	assert_int_equal(t.peer_port, 0);
	assert_false(t.checksum);

	assert_int_equal(create_read(IDS VERSION3 UDP "08001700 ffffffff", &t, NULL), 0);
	assert_true(t.has_fd);
	assert_int_equal(t.fd, -1);
}

/* Requirements: Q-3 */
static void udp_csum_is_a_flag_whatever_its_value(void **state)
{
	struct tunnel_create t;

	assert_int_equal(create_read(IDS VERSION3 UDP LOCAL4 PEER4, &t, NULL), 0);
	assert_false(t.checksum);
	assert_int_equal(create_read(IDS VERSION3 UDP LOCAL4 PEER4 "05000d00 00000000", &t, NULL),
	                 0);
	assert_true(t.checksum);
}

static void what_is_asked_for_can_be_read(void **state)
{
	const struct tunnel_create udp = {
		.conn_id = 0x11223344,
		.peer_conn_id = 0x55667788,
		.version = 3,
		.fd = -1,
		.family = AF_INET6,
		.local = ip6("2001:db8::1"),
		.peer = ip6("2001:db8::2"),
		.local_port = 5000,
		.peer_port = 1701,
		.checksum = true,
		.zero_checksum6_tx = true,
		.zero_checksum6_rx = true,
	};
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));
	struct tunnel_create back;
	struct test_request r;
	struct attributes a;

	tunnel_create_put(&w, &udp);
	assert_written(&w,
	               "08000900 44332211 08000a00 88776655" VERSION3 UDP LOCAL6 PEER6
	               "06001a00 88130000 06001b00 a5060000 05000d00 01000000 04002100 04002200");
	test_request_begin(&r, L2TP_FAMILY_ID, NLM_F_REQUEST, L2TP_CMD_TUNNEL_CREATE);
	write_bytes(&r.w, room, write_len(&w));
	test_request_end(&r);
	assert_int_equal(
		policy_parse(&l2tp_policy, POLICY_STRICT, r.attributes, r.message.start, &a, NULL),
		0);
	assert_int_equal(tunnel_create_read(&a, &back, NULL), 0);
	assert_int_equal(back.conn_id, udp.conn_id);
	assert_int_equal(back.peer_conn_id, udp.peer_conn_id);
	assert_int_equal(back.family, udp.family);
	assert_memory_equal(&back.local, &udp.local, sizeof(udp.local));
	assert_memory_equal(&back.peer, &udp.peer, sizeof(udp.peer));
	assert_int_equal(back.local_port, 5000);
	assert_int_equal(back.peer_port, 1701);
	assert_true(back.checksum && back.zero_checksum6_tx && back.zero_checksum6_rx);
	assert_false(back.has_fd);
}

static void ip_has_no_ports_and_a_descriptor_stands_alone(void **state)
{
	struct tunnel_create t = {
		.conn_id = 1,
		.peer_conn_id = 2,
		.version = 3,
		.encap = L2TP_ENCAPTYPE_IP,
		.family = AF_INET,
		.local = ip4("127.0.0.1"),
		.peer = ip4("127.0.0.2"),
		.local_port = 1,
		.checksum = true,
	};
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));

	tunnel_create_put(&w, &t);
	assert_written(&w, IDS VERSION3 IP LOCAL4 PEER4);

	t.has_fd = true;
	t.fd = 3;
	w = writer_over(room, sizeof(room));
	tunnel_create_put(&w, &t);
	assert_written(&w, IDS VERSION3 IP FD3);

	w = writer_over(room, sizeof(room));
	tunnel_select_put(&w, 0xffffffff);
	assert_written(&w, "08000900 ffffffff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tunnels_are_described_as_the_kernel_describes_them),
		cmocka_unit_test(without_a_peer_port_port_and_address_are_zero),
		cmocka_unit_test(zero_checksums_are_flags),
		cmocka_unit_test(malformed_messages_are_not_taken),
		cmocka_unit_test(an_answer_may_lack_addresses_and_have_more),
		cmocka_unit_test(what_is_missing_first_decides),
		cmocka_unit_test(any_version_and_id_is_taken),
		cmocka_unit_test(both_addresses_of_version_6_win),
		cmocka_unit_test(a_short_address_of_version_6_is_refused),
		cmocka_unit_test(beside_a_descriptor_addresses_do_not_count),
		cmocka_unit_test(udp_csum_is_a_flag_whatever_its_value),
		cmocka_unit_test(what_is_asked_for_can_be_read),
		cmocka_unit_test(ip_has_no_ports_and_a_descriptor_stands_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
