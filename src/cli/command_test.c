/* SPDX-License-Identifier: BSD-2-Clause */
/* command_test.c - what is typed: what it means, what is refused and with which words
 *
 * None of these needs a server: what is wrong is told before one is asked, and where a command is
 * right it ends with "nobody", since the socket it is sent to does not exist.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/batch.h"
#include "cli/command.h"
#include "cli/parameter.h"
#include "cli/session_command.h"
#include "cli/suggestion.h"
#include "cli/tunnel_command.h"

struct said {
	int status;
	char *out;
	char *err;
};

static void said_free(struct said *s)
{
	free(s->out);
	free(s->err);
}

/* Runs one command with a socket that nobody listens on. */
static struct said say(const char *line)
{
	struct said s = { 0 };
	size_t out_size, err_size;
	char copy[1000];
	char *words[BATCH_WORDS_MAX];
	struct cli cli = {
		.options = { .backend = UL2TP_BACKEND_DAEMON, .socket = "/nonexistent/socket" },
		.out = open_memstream(&s.out, &out_size),
		.err = open_memstream(&s.err, &err_size),
	};
	int count;

	snprintf(copy, sizeof(copy), "%s", line);
	count = batch_words(copy, words);
	assert_true(count >= 0);
	s.status = command_run(&cli, (struct words){ .count = count, .at = words });
	cli_end(&cli);
	fclose(cli.out);
	fclose(cli.err);
	return s;
}

/* What is refused without asking anybody; the words must be in what is said. */
static const struct {
	const char *line;
	const char *words;
} wrong[] = {
	{ "", "\"ul2tp help\"" },
	{ "ad", "say what: \"add tunnel\" or \"add session\"" },
	{ "sohw", "is it show?" },
	{ "tunnel", "ul2tp show tunnel" },
	{ "show",
	  "\"show tunnel\", \"show session\", \"show ppp\", \"show unit\" or \"show debug\"" },
	{ "show units", "is it unit?" },
	{ "show pp", "is it ppp?" },
	{ "show session units", "lists those there are" },
	{ "ppp", "ul2tp show ppp" },
	{ "address add 1 192.0.2.1", "ul2tp unit address" },
	{ "add tunel", "is it tunnel?" },
	{ "add t tunnel_id 1", "unknown word \"t\"" },
	{ "add tunnel session tunnel_id 1", "not both" },
	{ "add tunnel", "tunnel_id ID" },
	{ "add tunnel tunnel_id", "tunnel_id needs ID after it" },
	{ "add tunnel tunnel_id x", "tunnel_id \"x\": expected a number" },
	{ "add tunnel tunnel_id -1", "tunnel_id \"-1\": expected a number" },
	{ "add tunnel tunnel_id 4294967296", "4294967295" },
	{ "add tunnel tunnel_id 1x", "tunnel_id \"1x\"" },
	{ "add tunnel tunnel_id 0 ptid 2", "tunnel_id \"0\": expected a number from 1" },
	{ "add tunnel tunnel_id 1 tid 2", "tunnel_id is given twice" },
	{ "add tunnel tid 1", "peer_tunnel_id" },
	{ "add tunnel tid 1 ptid 2", "local" },
	{ "add tunnel tid 1 ptid 2 local 192.0.2.1", "remote" },
	{ "add tunnel tid 1 ptid 2 local 192.0.2.1 remote 192.0.2.2", "udp_sport" },
	{ "add tunnel tid 1 ptid 2 local 192.0.2.1 remote 192.0.2.2 udp_sport 1", "udp_dport" },
	{ "add tunnel tid 1 ptid 2 local 192.0.2.1 remote 2001:db8::1 encap ip",
	  "both IPv4 or both IPv6" },
	{ "add tunnel tid 1 ptid 2 local 192.0.2.1 remote any encap ip", "remote any" },
	{ "add tunnel local 192.0.2", "local \"192.0.2\": expected an IPv4 or IPv6 address" },
	{ "add tunnel encap gre", "encap \"gre\": expected udp or ip" },
	{ "add tunnel udp_sport 65536", "65535" },
	{ "add tunnel sport 1", "is it udp_sport?" },
	{ "add tunnel udp_csum maybe", "expected on or off" },
	{ "add tunnel ttl 0", "expected a number from 1 to 255" },
	{ "add tunnel tos 256", "expected a number from 0 to 255" },
	{ "add tunnel dev a/b", "dev \"a/b\": expected the name of an interface" },
	{ "add tunnel peer_check port", "expected socket or ids" },
	{ "add tunnel cookie 01020304 tid 1",
	  "cookie does not belong to add tunnel, but to add session" },
	{ "add session tid 1 sid 2", "peer_session_id" },
	{ "add session tid 1 psid 2", "session_id" },
	{ "add session cookie 010203", "cookie \"010203\": expected 8 or 16 hexadecimal digits" },
	{ "add session peer_cookie 0102030g", "expected 8 or 16 hexadecimal digits" },
	{ "add session seq all", "seq \"all\": expected none, send, recv or both" },
	{ "add session l2spec_type x", "expected default or none" },
	{ "add session name 0123456789abcdef", "name \"0123456789abcdef\": expected" },
	{ "add session name ..", "expected the name of an interface" },
	{ "add session tid 1 sid 1 psid 1 seq send send_seq on", "not both" },
	{ "del tunnel", "del tunnel needs tunnel_id ID" },
	{ "del session", "tunnel_id ID and session_id ID, or name NAME" },
	{ "del session tunnel_id 1", "del session needs session_id ID" },
	{ "del session tunnel_id 1 name x", "give name, or tunnel_id and session_id" },
	{ "set tunnel tid 1", "what to change" },
	{ "set session name x", "what to change" },
	{ "set session name x cookie 01020304", "cookie does not belong to set session" },
	{ "show tunnel session_id 1", "session_id does not belong to show tunnel" },
	{ "limits add", "expected show or set" },
	{ "limits set", "what to change" },
	{ "limits set tunnels 0", "or none" },
	{ "limits set tunels 1", "is it tunnels?" },
	{ "limits set ttl 1", "ttl does not belong to limits set" },
	{ "status now", "status takes no \"now\"" },
	{ "unit", "\"unit police\"" },
	{ "unit adress add 1 192.0.2.1", "unit \"adress\": expected address, police or show" },
	{ "unit address", "expected add or del" },
	{ "unit address set 1 192.0.2.1", "unit address \"set\": expected add or del" },
	{ "unit address add 1", "needs UNIT and ADDRESS[/BITS]" },
	{ "unit address add 1 192.0.2.1 192.0.2.2", "needs UNIT and ADDRESS[/BITS]" },
	{ "unit address add 1 192.0.2", "address \"192.0.2\": expected" },
	{ "unit address add 1 192.0.2.1/33", "address \"192.0.2.1/33\": expected" },
	{ "unit address add 1 192.0.2.1/", "expected" },
	{ "unit address del 1 2001:db8::1/129", "expected" },
	{ "unit police 1", "rx RATE, tx RATE or both" },
	{ "unit police 1 rx", "needs UNIT after it" },
	{ "unit police 1 rx 10mb", "rx \"10mb\": expected a rate, as 10mbit" },
	{ "unit police 1 rate 10mbit", "takes no \"rate\", but rx, tx and burst" },
	{ "unit police 1 burst 1k rx 1mbit", "burst belongs behind the rate" },
	{ "unit police 1 rx 1mbit burst", "burst \"\": expected a size" },
	{ "unit police 1 rx 1mbit burst 1kib", "burst \"1kib\": expected a size" },
	{ "unit police 1 rx 1mbit burst 1k burst 2k", "burst belongs behind the rate" },
	{ "unit police 1 rx 1mbit rx 2mbit", "rx is given twice" },
	{ "unit police 1 rx 1 burst 1 tx 1 burst 1 rx", "one word too many" },
	{ "show unit 1 2", "takes no \"2\"" },
	{ "--jsn show tunnel", "is it --json?" },
	{ "show tunnel --socket", "--socket needs PATH after it" },
	{ "show tunnel --json=yes", "--json takes no value" },
	{ "show tunnel --backend ul2pd", "expected auto, ul2tpd or kernel" },
};

static void test_what_is_wrong_is_told_with_what_is_right(void **state)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct said s = say(wrong[i].line);

		if (s.status != CLI_USAGE || !strstr(s.err, wrong[i].words) || *s.out)
			fail_msg("\"%s\" is not answered by \"%s\" but %d: %s%s", wrong[i].line,
			         wrong[i].words, s.status, s.err, s.out);
		assert_ptr_equal(strchr(s.err, '\n'), s.err + strlen(s.err) - 1);
		said_free(&s);
	}
}

/* What ip l2tp takes, abbreviations included, and what is ours. */
static const char *const right[] = {
	"add tunnel tunnel_id 1 peer_tunnel_id 2 encap udp local 192.0.2.1 remote 192.0.2.2 "
	"udp_sport 1 udp_dport 2 udp_csum on",
	"l2tp a tunnel tid 0x1 ptid 010 local 2001:db8::1 remote 2001:db8::2 udp_sport 1 udp_dport "
	"2 udp6_csum_rx off udp6_csum_tx off",
	"add tid 1 ptid 2 encap ip local 192.0.2.1 remote 192.0.2.2 tunnel",
	"add tunnel tid 1 ptid 2 encap ip local any remote 192.0.2.2",
	"add tunnel tid 1 ptid 2 encap ip local 192.0.2.1 remote 192.0.2.2 label 'to Berlin' dev "
	"eth0 fwmark 0xffffffff tos 0x10 ttl 255 peer_check ids version 2",
	"add session name x0 tid 1 sid 2 psid 3 cookie 0123ABCD peer_cookie 0123456789abcdef seq "
	"both l2spec_type default offset 0 peer_offset 0",
	"add session tid 1 sid 2 psid 3 lns_mode on reorder_timeout 20 recv_seq on send_seq off",
	"d tunnel tid 1",
	"delete session tunnel_id 1 session_id 2",
	"del session name x0",
	"set tunnel tid 1 label \"\"",
	"set session name x0 seq none",
	"s tunnel",
	"show tunnel tunnel_id 1",
	"lst session tunnel_id 1",
	"list session session_id 1",
	"ls session tunnel_id 1 session_id 1",
	"show -s session --json -pretty",
	"show session name x0",
	"monitor -j -t",
	"save",
	"status",
	"upgrade",
	"-j upgrade",
	"limits",
	"limits show",
	"limits set tunnels none sessions 5",
	"unit address add ppp0 192.0.2.1",
	"unit a d 0 2001:db8::/56",
	"u police ppp0 rx 10mbit burst 100kb tx none",
	"show unit",
	"-s show unit ppp0",
	"unit list -j",
};

static void test_what_is_right_is_asked_of_the_server(void **state)
{
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		struct said s = say(right[i]);

		if (s.status != CLI_NOBODY || !strstr(s.err, "/nonexistent/socket"))
			fail_msg("\"%s\" is refused: %d: %s", right[i], s.status, s.err);
		assert_string_equal(s.out, "");
		said_free(&s);
	}
}

static const struct {
	const char *line;
	const char *words;
} helped[] = {
	{ "help", "Usage: ul2tp" },
	{ "--help", "Options:" },
	{ "-h", "Exit status" },
	{ "add help", "add session tunnel_id" },
	{ "add tunnel help", "peer_check socket|ids" },
	{ "help add session", "reorder_timeout MS" },
	{ "--help show session", "Usage: ul2tp show session" },
	{ "add tunnel tunnel_id 1 --help", "add tunnel" },
	{ "limits help", "memory_kib" },
	{ "help unit", "unit police UNIT" },
	{ "help ppp", "channels that can be connected" },
	{ "help tunnel", "set tunnel tunnel_id ID" },
	{ "help session", "del session { tunnel_id ID" },
	{ "help show", "\"show unit\"" },
	{ "help set session", "reorder_timeout" },
	{ "show unit help", "rx_policed" },
	{ "unit police help", "as tc(8) writes rates" },
	{ "monitor help", "ready" },
	{ "save --help", "-batch" },
	{ "help help", "Options:" },
	{ "-h help", "Options:" },
	{ "help -j h", "Options:" },
	{ "status -h", "release" },
};

static void test_help_is_at_every_level(void **state)
{
	for (size_t i = 0; i < sizeof(helped) / sizeof(helped[0]); i++) {
		struct said s = say(helped[i].line);

		if (s.status != CLI_DONE || !strstr(s.out, helped[i].words) || *s.err)
			fail_msg("\"%s\" does not help: %s%s", helped[i].line, s.out, s.err);
		said_free(&s);
	}
}

/* Reads parameters of @command into @a. */
static void read_parameters(const char *line, unsigned int command, struct arguments *a)
{
	static char copy[1000];
	static char *at[BATCH_WORDS_MAX];
	struct cli cli = { .out = stdout, .err = stderr };
	struct words words = { .at = at };
	const char *word;

	snprintf(copy, sizeof(copy), "%s", line);
	words.count = batch_words(copy, at);
	*a = (struct arguments){ 0 };
	while ((word = words_next(&words)))
		assert_int_equal(parameter_take(&cli, word, &words, command, a), CLI_DONE);
}

static void test_a_tunnel_is_what_was_typed(void **state)
{
	struct cli cli = { .out = stdout, .err = stderr };
	struct ul2tp_tunnel_params p;
	struct arguments a;

	read_parameters("tid 0x10 ptid 020 local 192.0.2.1 remote 192.0.2.2 udp_sport 5001 "
	                "udp_dport 5002 udp_csum on label L dev eth0 fwmark 7 tos 8 ttl 9 "
	                "peer_check ids version 2",
	                ADD_TUNNEL, &a);
	assert_int_equal(tunnel_params_set(&cli, &a, &p), CLI_DONE);
	assert_int_equal(p.size, sizeof(p));
	assert_int_equal(p.tunnel_id, 16);
	assert_int_equal(p.peer_tunnel_id, 16);
	assert_int_equal(p.version, 2);
	assert_int_equal(p.encap, UL2TP_ENCAP_UDP);
	assert_int_equal(p.local.family, AF_INET);
	assert_int_equal(ntohl(p.local.v4.s_addr), 0xc0000201);
	assert_int_equal(ntohl(p.peer.v4.s_addr), 0xc0000202);
	assert_int_equal(p.local.port, 5001);
	assert_int_equal(p.peer.port, 5002);
	assert_true(p.udp_csum && !p.udp6_no_csum_tx && !p.udp6_no_csum_rx);
	assert_string_equal(p.label, "L");
	assert_string_equal(p.device, "eth0");
	assert_true(p.has_fwmark && p.has_tos && p.has_ttl && p.has_peer_check);
	assert_int_equal(p.fwmark, 7);
	assert_int_equal(p.tos, 8);
	assert_int_equal(p.ttl, 9);
	assert_int_equal(p.peer_check, 1);

	read_parameters("tid 1 ptid 2 encap ip local any remote 2001:db8::2", ADD_TUNNEL, &a);
	assert_int_equal(tunnel_params_set(&cli, &a, &p), CLI_DONE);
	assert_int_equal(p.version, 3);
	assert_int_equal(p.encap, UL2TP_ENCAP_IP);
	assert_int_equal(p.local.family, AF_INET6);
	assert_true(IN6_IS_ADDR_UNSPECIFIED(&p.local.v6));
	assert_null(p.label);
	assert_false(p.udp_csum || p.has_fwmark || p.has_tos || p.has_ttl || p.has_peer_check);

	read_parameters("tid 1 ptid 2 local ::1 remote ::2 udp_sport 0 udp_dport 1 udp6_csum_tx "
	                "off udp6_csum_rx off",
	                ADD_TUNNEL, &a);
	assert_int_equal(tunnel_params_set(&cli, &a, &p), CLI_DONE);
	assert_true(p.udp6_no_csum_tx && p.udp6_no_csum_rx);
}

static void test_a_session_is_what_was_typed(void **state)
{
	static const uint8_t cookie[] = { 0x01, 0x23, 0xab, 0xcd };
	struct cli cli = { .out = stdout, .err = stderr };
	struct ul2tp_session_params p;
	struct arguments a;

	read_parameters("tid 1 sid 2 psid 3 name x0 cookie 0123abCD seq recv l2spec_type none "
	                "lns_mode on reorder_timeout 20 ptid 4",
	                ADD_SESSION, &a);
	assert_int_equal(session_params_set(&cli, &a, &p), CLI_DONE);
	assert_int_equal(p.tunnel_id, 1);
	assert_int_equal(p.peer_tunnel_id, 4);
	assert_int_equal(p.session_id, 2);
	assert_int_equal(p.peer_session_id, 3);
	assert_string_equal(p.ifname, "x0");
	assert_int_equal(p.cookie.length, 4);
	assert_memory_equal(p.cookie.octets, cookie, 4);
	assert_int_equal(p.peer_cookie.length, 0);
	assert_true(p.recv_seq && !p.send_seq && p.lns_mode);
	assert_int_equal(p.reorder_timeout_ms, 20);
	assert_true(p.has_l2spec_type);
	assert_int_equal(p.l2spec_type, UL2TP_L2SPEC_NONE);

	read_parameters("tid 1 sid 2 psid 3 peer_cookie 0102030405060708 seq send", ADD_SESSION,
	                &a);
	assert_int_equal(session_params_set(&cli, &a, &p), CLI_DONE);
	assert_null(p.ifname);
	assert_int_equal(p.peer_cookie.length, 8);
	assert_int_equal(p.peer_cookie.octets[7], 8);
	assert_true(p.send_seq && !p.recv_seq && !p.lns_mode && !p.has_l2spec_type);
}

static void test_a_change_is_no_more_than_was_typed(void **state)
{
	struct cli cli = { .out = stdout, .err = stderr };
	struct ul2tp_session_change c;
	struct arguments a;

	read_parameters("name x0 seq send", SET_SESSION, &a);
	assert_int_equal(session_change_set(&cli, &a, &c), CLI_DONE);
	assert_true(c.has_recv_seq && !c.recv_seq && c.has_send_seq && c.send_seq);
	assert_false(c.has_lns_mode || c.has_reorder_timeout);
	assert_null(c.label);

	read_parameters("name x0 recv_seq on", SET_SESSION, &a);
	assert_int_equal(session_change_set(&cli, &a, &c), CLI_DONE);
	assert_true(c.has_recv_seq && c.recv_seq && !c.has_send_seq);

	read_parameters("name x0 lns_mode off reorder_timeout 0 label ''", SET_SESSION, &a);
	assert_int_equal(session_change_set(&cli, &a, &c), CLI_DONE);
	assert_true(c.has_lns_mode && !c.lns_mode && c.has_reorder_timeout &&
	            !c.reorder_timeout_ms);
	assert_string_equal(c.label, "");
	assert_false(c.has_recv_seq || c.has_send_seq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_wrong_is_told_with_what_is_right),
		cmocka_unit_test(test_what_is_right_is_asked_of_the_server),
		cmocka_unit_test(test_help_is_at_every_level),
		cmocka_unit_test(test_a_tunnel_is_what_was_typed),
		cmocka_unit_test(test_a_session_is_what_was_typed),
		cmocka_unit_test(test_a_change_is_no_more_than_was_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
