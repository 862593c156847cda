/* SPDX-License-Identifier: BSD-2-Clause */
/* golden_test.c - what ul2tp shows is what ip l2tp showed of a real kernel's tunnels and sessions
 *
 * tests/goldens/ip-l2tp has, case by case, what a kernel answered and what ip printed of it. A server that
 * gives those answers again is shown by ul2tp, which must print the same octets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "cli/batch.h"
#include "cli/command.h"
#include "client/fake_server.h"
#include "netlink/l2tp_family.h"
#include "netlink/ul2tp_session_message.h"
#include "netlink/ul2tp_status_message.h"
#include "netlink/ul2tp_tunnel_message.h"

static char *file_read(const char *folder, const char *name)
{
	char path[PATH_MAX];
	char *text = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("cannot open %s", path);
	if (getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(f);
	return text;
}

/* Writes the messages of a dump: each a line of hexadecimal digits, header of generic netlink included. */
static void put_dump(const struct fake_request *r, struct writer *w, const char *text)
{
	unsigned int octet;

	while (*text) {
		size_t start = fake_message_begin(r, w, 0);

		w->at -= GENL_HDRLEN; /* the recorded one */
		for (; *text != '\n'; text += 2) {
			assert_int_equal(sscanf(text, "%2x", &octet), 1);
			write_u8(w, (uint8_t)octet);
		}
		text++;
		assert_true(nl_message_end(w, start));
	}
}

static void answer_recorded(struct fake_server *s, const struct fake_request *r, struct writer *w,
                            void *arg)
{
	const char *name = r->command == L2TP_CMD_TUNNEL_GET ? "tunnel.dump" : "session.dump";
	char *text = file_read(arg, name);

	put_dump(r, w, text);
	nl_done_put(w, r->message);
	free(text);
}

/* Runs one command against @server; what it prints, to be freed. */
static char *say(struct fake_server *server, const char *line, int expected_status)
{
	char copy[200];
	char *words[BATCH_WORDS_MAX];
	char *out = NULL;
	size_t size;
	struct cli cli = {
		.options = { .backend = UL2TP_BACKEND_DAEMON, .socket = fake_server_path(server) },
		.out = open_memstream(&out, &size),
		.err = stderr,
	};
	int count;

	snprintf(copy, sizeof(copy), "%s", line);
	count = batch_words(copy, words);
	assert_int_equal(command_run(&cli, (struct words){ .count = count, .at = words }),
	                 expected_status);
	cli_end(&cli);
	fclose(cli.out);
	return out;
}

static void compare(char *folder, const char *recorded, const char *line)
{
	struct fake_server *server = fake_server_start(false, answer_recorded, folder);
	char *expected = file_read(folder, recorded);
	char *shown = say(server, line, CLI_DONE);

	if (strcmp(shown, expected) != 0)
		fail_msg("%s: \"ul2tp %s\" shows\n%s\nand ip showed\n%s", folder, line, shown,
		         expected);
	free(shown);
	free(expected);
	fake_server_stop(server);
}

static void test_show_is_octet_for_octet_that_of_ip(void **state)
{
	DIR *cases = opendir(GOLDENS);
	struct dirent *entry;
	unsigned int count = 0;

	assert_non_null(cases);
	while ((entry = readdir(cases))) {
		char folder[PATH_MAX];
		struct stat st;

		snprintf(folder, sizeof(folder), "%s/%s", GOLDENS, entry->d_name);
		if (entry->d_name[0] == '.' || entry->d_name[0] == '_' || stat(folder, &st) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		compare(folder, "tunnel.text", "show tunnel");
		compare(folder, "tunnel.json", "-j show tunnel");
		compare(folder, "tunnel.pretty", "-p -j show tunnel");
		compare(folder, "session.text", "show session");
		compare(folder, "session.json", "-j show session");
		compare(folder, "session.pretty", "-p -j show session");
		count++;
	}
	closedir(cases);
	assert_true(count >= 20);
}

/* What ul2tpd adds, over the recorded cases: everything set, and counted. */
static const struct ul2tp_accounts accounts = {
	.counters = { [UL2TP_COUNTER_RX_PACKETS] = 11,
	              [UL2TP_COUNTER_RX_OCTETS] = 1100,
	              [UL2TP_COUNTER_RX_LAST] = 1700000001234,
	              [UL2TP_COUNTER_TX_PACKETS] = 12,
	              [UL2TP_COUNTER_TX_OCTETS] = 1200,
	              [UL2TP_COUNTER_RX_HELD] = 1,
	              [UL2TP_COUNTER_RX_REORDERED] = 2,
	              [UL2TP_COUNTER_RX_FAST_PACKETS] = 4,
	              [UL2TP_COUNTER_RX_FAST_OCTETS] = 400,
	              [UL2TP_COUNTER_TX_FAST_PACKETS] = 5,
	              [UL2TP_COUNTER_TX_FAST_OCTETS] = 500 },
	.rx_drops = { 2,
	              { { "cookie", "cookie is not peer_cookie", 3 },
	                { "wrong-peer", "not from the peer of the session's tunnel", 4 } } },
	.tx_drops = { 1, { { "no-route", "no route to the peer, or it is unreachable", 5 } } },
};

static void put_full_tunnel(const struct fake_request *r, struct writer *w)
{
	const struct ul2tp_tunnel_message t = {
		.l2tp = { .conn_id = 1,
		          .peer_conn_id = 2,
		          .version = 3,
		          .encap = L2TP_ENCAPTYPE_IP,
		          .family = AF_INET,
		          .stats = { .tx_packets = 12, .rx_errors = 7 } },
		.options = { .label = "to \"B\" \\ C",
		             .device = "eth0",
		             .mark = 1,
		             .tos = 2,
		             .ttl = 3,
		             .has_peer_check = true,
		             .peer_check = UL2TP_PEER_CHECK_IDS },
		.created = 1700000000,
		.accounts = accounts,
	};
	size_t start = fake_message_begin(r, w, UL2TP_CMD_TUNNEL_GET);

	ul2tp_tunnel_message_put(w, &t);
	nl_message_end(w, start);
}

static void put_full_session(const struct fake_request *r, struct writer *w)
{
	const struct ul2tp_session_message s = {
		.l2tp = { .conn_id = 1,
		          .session_id = 3,
		          .peer_session_id = 4,
		          .peer_conn_id = 2,
		          .pw_type = L2TP_PWTYPE_ETH,
		          .ifname = "x0",
		          .lns_mode = true,
		          .cookie = { .len = 4, .octets = { 1, 2, 3, 4 } },
		          .send_seq = true,
		          .recv_timeout_ms = 20 },
		.label = "L",
		.l2spec_type = L2TP_L2SPECTYPE_NONE,
		.mtu = 1446,
		.created = 1700000000,
		.fast_path = "xfrm",
		.fast_path_words = "an IPsec policy matches",
		.accounts = accounts,
	};
	size_t start = fake_message_begin(r, w, UL2TP_CMD_SESSION_GET);

	ul2tp_session_message_put(w, &s);
	nl_message_end(w, start);
}

static void put_status(const struct fake_request *r, struct writer *w)
{
	const struct ul2tp_status status = {
		.version = "9.8.7",
		.feature_count = 2,
		.features = { "one", "two" },
		.lack_count = 1,
		.lacks = { { "three", "there is no four" } },
		.limits.values = { [UL2TP_LIMIT_TUNNELS] = 10 },
		.usage.values = { [UL2TP_LIMIT_TUNNELS] = 4, [UL2TP_LIMIT_SUBSCRIBERS] = 1 },
	};
	size_t start = fake_message_begin(r, w, UL2TP_CMD_STATUS_GET);

	ul2tp_status_put(w, &status);
	nl_message_end(w, start);
}

static void answer_full(struct fake_server *s, const struct fake_request *r, struct writer *w,
                        void *arg)
{
	bool ul2tp = strcmp(r->family, UL2TP_GENL_NAME) == 0;

	if (ul2tp && r->command == UL2TP_CMD_TUNNEL_GET)
		put_full_tunnel(r, w);
	else if (ul2tp && r->command == UL2TP_CMD_SESSION_GET)
		put_full_session(r, w);
	else if (ul2tp && r->command == UL2TP_CMD_STATUS_GET)
		put_status(r, w);
	if (nl_message_is_dump(r->message))
		nl_done_put(w, r->message);
	else
		fake_acknowledge(r, w, 0, NULL);
}

static const struct {
	const char *line;
	const char *shown;
} full[] = {
	{ "-s show tunnel",
	  "Tunnel 1, encap IP\n"
	  "  From 0.0.0.0 to 0.0.0.0\n"
	  "  Peer tunnel 2\n"
	  "  version 3, peer_check ids, label \"to \"B\" \\ C\", dev eth0, fwmark 1, tos 2, ttl 3, "
	  "created 2023-11-14T22:13:20Z\n"
	  "  tx_packets 12, tx_bytes 0, tx_errors 0\n"
	  "  rx_packets 0, rx_bytes 0, rx_errors 7\n"
	  "  rx_seq_discards 0, rx_oos_packets 0, rx_cookie_discards 0, rx_invalid 0\n"
	  "  last sent never, last received 2023-11-14T22:13:21Z, held 1, reordered 2\n"
	  "    dropped                    packets  what it means\n"
	  "    rx cookie                        3  cookie is not peer_cookie\n"
	  "    rx wrong-peer                    4  not from the peer of the session's tunnel\n"
	  "    tx no-route                      5  no route to the peer, or it is unreachable\n" },
	{ "-d show session",
	  "Session 3 in tunnel 1\n"
	  "  Peer session 4, tunnel 2\n"
	  "  interface name: x0\n"
	  "  offset 0, peer offset 0\n"
	  "  cookie 01020304  reorder timeout: 20\n"
	  "  sequence numbering: send\n"
	  "  pw_type eth, lns_mode on, l2spec_type none, label \"L\", mtu 1446, created "
	  "2023-11-14T22:13:20Z\n" },
	{ "-s show session",
	  "Session 3 in tunnel 1\n"
	  "  Peer session 4, tunnel 2\n"
	  "  interface name: x0\n"
	  "  offset 0, peer offset 0\n"
	  "  cookie 01020304  reorder timeout: 20\n"
	  "  sequence numbering: send\n"
	  "  pw_type eth, lns_mode on, l2spec_type none, label \"L\", mtu 1446, created "
	  "2023-11-14T22:13:20Z\n"
	  "  tx_packets 0, tx_bytes 0, tx_errors 0\n"
	  "  rx_packets 0, rx_bytes 0, rx_errors 0\n"
	  "  rx_seq_discards 0, rx_oos_packets 0, rx_cookie_discards 0, rx_invalid 0\n"
	  "  no fast path: xfrm, an IPsec policy matches\n"
	  "  of these by the fast path: tx_packets 5, tx_octets 500, rx_packets 4, rx_octets 400\n"
	  "  last sent never, last received 2023-11-14T22:13:21Z, held 1, reordered 2\n"
	  "    dropped                    packets  what it means\n"
	  "    rx cookie                        3  cookie is not peer_cookie\n"
	  "    rx wrong-peer                    4  not from the peer of the session's tunnel\n"
	  "    tx no-route                      5  no route to the peer, or it is unreachable\n" },
	{ "-j -s show session name x0",
	  "[{\"session_id\":3,\"tunnel_id\":1,\"peer_session_id\":4,\"peer_tunnel_id\":2,"
	  "\"interface\":\"x0\",\"cookie\":\"01020304\",\"reorder_timeout\":20,\"send_seq\":null,"
	  "\"pw_type\":\"eth\",\"lns_mode\":true,\"l2spec_type\":\"none\",\"label\":\"L\","
	  "\"mtu\":1446,\"created_s\":1700000000,\"statistics\":{\"tx_packets\":0,\"tx_bytes\":0,"
	  "\"tx_errors\":0,\"rx_packets\":0,\"rx_bytes\":0,\"rx_errors\":0,\"rx_seq_discards\":0,"
	  "\"rx_oos_packets\":0,\"rx_cookie_discards\":0,\"rx_invalid\":0},"
	  "\"fast_path\":{\"reason\":\"xfrm\",\"words\":\"an IPsec policy matches\","
	  "\"tx_packets\":5,\"tx_octets\":500,\"rx_packets\":4,\"rx_octets\":400},"
	  "\"counters\":{\"tx_packets\":12,\"tx_octets\":1200,\"tx_last_ms\":0,\"rx_packets\":11,"
	  "\"rx_octets\":1100,\"rx_last_ms\":1700000001234,\"rx_held\":1,\"rx_reordered\":2},"
	  "\"rx_drops\":[{\"reason\":\"cookie\",\"packets\":3,\"words\":\"cookie is not "
	  "peer_cookie\"},{\"reason\":\"wrong-peer\",\"packets\":4,\"words\":\"not from the peer of "
	  "the session's tunnel\"}],\"tx_drops\":[{\"reason\":\"no-route\",\"packets\":5,"
	  "\"words\":\"no route to the peer, or it is unreachable\"}]}]\n" },
	{ "-j -s show tunnel tunnel_id 1",
	  "[{\"tunnel_id\":1,\"encap\":\"IP\",\"local\":\"0.0.0.0\",\"peer\":\"0.0.0.0\","
	  "\"peer_tunnel\":2,\"version\":3,\"peer_check\":\"ids\",\"label\":\"to \\\"B\\\" \\\\ C\","
	  "\"dev\":\"eth0\",\"fwmark\":1,\"tos\":2,\"ttl\":3,\"created_s\":1700000000,"
	  "\"statistics\":{\"tx_packets\":12,\"tx_bytes\":0,\"tx_errors\":0,\"rx_packets\":0,"
	  "\"rx_bytes\":0,\"rx_errors\":7,\"rx_seq_discards\":0,\"rx_oos_packets\":0,"
	  "\"rx_cookie_discards\":0,\"rx_invalid\":0},\"counters\":{\"tx_packets\":12,"
	  "\"tx_octets\":1200,\"tx_last_ms\":0,\"rx_packets\":11,\"rx_octets\":1100,"
	  "\"rx_last_ms\":1700000001234,\"rx_held\":1,\"rx_reordered\":2},"
	  "\"rx_drops\":[{\"reason\":\"cookie\",\"packets\":3,\"words\":\"cookie is not "
	  "peer_cookie\"},{\"reason\":\"wrong-peer\",\"packets\":4,\"words\":\"not from the peer of "
	  "the session's tunnel\"}],\"tx_drops\":[{\"reason\":\"no-route\",\"packets\":5,"
	  "\"words\":\"no route to the peer, or it is unreachable\"}]}]\n" },
	{ "-j -d show session name x0",
	  "[{\"session_id\":3,\"tunnel_id\":1,\"peer_session_id\":4,\"peer_tunnel_id\":2,"
	  "\"interface\":\"x0\",\"cookie\":\"01020304\",\"reorder_timeout\":20,\"send_seq\":null,"
	  "\"pw_type\":\"eth\",\"lns_mode\":true,\"l2spec_type\":\"none\",\"label\":\"L\","
	  "\"mtu\":1446,\"created_s\":1700000000}]\n" },
	{ "-j -d show session tunnel_id 2", "[]\n" },
	{ "save",
	  "add tunnel tunnel_id 1 peer_tunnel_id 2 encap ip local 0.0.0.0 remote 0.0.0.0 dev eth0 "
	  "fwmark 0x1 tos 0x2 ttl 3 peer_check ids label \"to \\\"B\\\" \\\\ C\"\n"
	  "add session tunnel_id 1 session_id 3 peer_session_id 4 name x0 cookie 01020304 seq send "
	  "lns_mode on reorder_timeout 20 l2spec_type none label \"L\"\n" },
	{ "status", "backend ul2tpd\n"
	            "release 9.8.7\n"
	            "features one two\n"
	            "without three: there is no four\n"
	            "                   used      limit\n"
	            "tunnels               4         10\n"
	            "sessions              0       none\n"
	            "memory_kib            0       none\n"
	            "requests              0       none\n"
	            "subscribers           1       none\n" },
	{ "-j limits",
	  "{\"limits\":{\"tunnels\":10,\"sessions\":0,\"memory_kib\":0,\"requests\":0,"
	  "\"subscribers\":0},\"usage\":{\"tunnels\":4,\"sessions\":0,\"memory_kib\":0,"
	  "\"requests\":0,\"subscribers\":1}}\n" },
};

static void test_what_only_ul2tpd_has_is_shown_and_saved(void **state)
{
	for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++) {
		struct fake_server *server = fake_server_start(true, answer_full, NULL);
		char *shown = say(server, full[i].line, CLI_DONE);

		if (strcmp(shown, full[i].shown) != 0)
			fail_msg("\"ul2tp %s\" shows\n%s\nand not\n%s", full[i].line, shown,
			         full[i].shown);
		free(shown);
		fake_server_stop(server);
	}
}

/* A kernel that is asked for tunnel 2 and session 3 answers with session 3 of tunnel 1 (NL-73). */
static void test_a_session_of_another_tunnel_is_not_shown(void **state)
{
	struct fake_server *server = fake_server_start(true, answer_full, NULL);
	char *shown = say(server, "-d show session tunnel_id 2 session_id 3", CLI_REFUSED);

	assert_string_equal(shown, "");
	free(shown);
	fake_server_stop(server);
}

static const struct {
	const char *text, *json;
} words[] = {
	{ "x\"\\\n\x7f", "\"x\\\"\\\\\\u000a\\u007f\"" },
	{ "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80",
	  "\"Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80\"" },
	{ "Z\xfcrich", "\"Z\\ufffdrich\"" },                        /* Latin-1 */
	{ "\xc3", "\"\\ufffd\"" },                                  /* cut off */
	{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },                       /* likewise */
	{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" },                       /* longer than need be */
	{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },            /* half of a pair of UTF-16 */
	{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" }, /* beyond Unicode */
};

static void test_json_is_utf_8_whatever_a_name_is(void **state)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char *out = NULL;
		size_t size;
		struct printer p = { .out = open_memstream(&out, &size), .json = true };

		printer_word(&p, KEY_NONE, "", words[i].text, "");
		fclose(p.out);
		assert_string_equal(out, words[i].json);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_show_is_octet_for_octet_that_of_ip),
		cmocka_unit_test(test_what_only_ul2tpd_has_is_shown_and_saved),
		cmocka_unit_test(test_a_session_of_another_tunnel_is_not_shown),
		cmocka_unit_test(test_json_is_utf_8_whatever_a_name_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
