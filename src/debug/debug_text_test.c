/* SPDX-License-Identifier: BSD-2-Clause */
/* debug_text_test.c - the texts against those that a real kernel printed (tests/goldens/debug) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/debug_text.h"

static char *read_all(const char *name)
{
	char path[300];
	char *text = calloc(1, 16384);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", GOLDENS, name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, 16383, f) > 0);
	fclose(f);
	return text;
}

/* What @print prints is the whole of a file. */
static void assert_prints(const char *name, enum debug_text which,
                          void (*print)(FILE *out, enum debug_text which))
{
	char *expected = read_all(name), *printed = NULL;
	size_t len;
	FILE *out = open_memstream(&printed, &len);

	debug_text_head(out, which);
	print(out, which);
	fclose(out);
	assert_string_equal(printed, expected);
	free(expected);
	free(printed);
}

static struct ul2tp_address at(const char *text, uint16_t port)
{
	struct ul2tp_address a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET, .port = port };

	assert_int_equal(inet_pton(a.family, text, &a.v4), 1);
	return a;
}

static void print_nothing(FILE *out, enum debug_text which)
{
}

static void the_head_alone(void **state)
{
	assert_prints("nothing/pppol2tp", DEBUG_PPPOL2TP, print_nothing);
	assert_prints("nothing/tunnels", DEBUG_TUNNELS, print_nothing);
}

/* As the case v2-ppp was made. */
static void print_v2_ppp(FILE *out, enum debug_text which)
{
	struct ul2tp_tunnel t = { .tunnel_id = 1,
		                  .peer_tunnel_id = 2,
		                  .version = 2,
		                  .local = at("192.0.2.1", 5001),
		                  .peer = at("192.0.2.2", 5002),
		                  .references = 4,
		                  .socket_references = 3,
		                  .session_count = 2 };
	struct ul2tp_tunnel six = { .tunnel_id = 3,
		                    .peer_tunnel_id = 4,
		                    .version = 2,
		                    .local = at("2001:db8::1", 5001),
		                    .peer = at("2001:db8::2", 5002),
		                    .references = 3,
		                    .socket_references = 3,
		                    .session_count = 1 };
	struct ul2tp_session s = { .session_id = 11,
		                   .peer_session_id = 22,
		                   .pw_type = UL2TP_PW_PPP,
		                   .send_seq = true,
		                   .recv_seq = true,
		                   .lns_mode = true,
		                   .reorder_timeout_ms = 100,
		                   .references = 2,
		                   .device = "" };

	debug_text_tunnel(out, which, &t);
	debug_text_session(out, which, &t, &s);
	s = (struct ul2tp_session){ .session_id = 0xffff,
		                    .peer_session_id = 1,
		                    .pw_type = UL2TP_PW_PPP,
		                    .references = 2,
		                    .device = "" };
	debug_text_session(out, which, &t, &s);
	debug_text_tunnel(out, which, &six);
	s.session_id = 5;
	s.peer_session_id = 6;
	debug_text_session(out, which, &six, &s);
}

/* Requirements: DBG-2, DBG-3, DBG-11, DBG-12, DBG-13 */
static void ppp_sessions_without_a_socket(void **state)
{
	assert_prints("v2-ppp/pppol2tp", DEBUG_PPPOL2TP, print_v2_ppp);
	assert_prints("v2-ppp/tunnels", DEBUG_TUNNELS, print_v2_ppp);
}

static void assert_session(enum debug_text which, const struct ul2tp_session *s, const char *has)
{
	struct ul2tp_tunnel t = {
		.tunnel_id = 1, .peer_tunnel_id = 0xc8, .version = 2, .local = at("127.0.0.1", 1701)
	};
	char *printed = NULL;
	size_t len;
	FILE *out = open_memstream(&printed, &len);

	debug_text_session(out, which, &t, s);
	fclose(out);
	if (!strstr(printed, has))
		fail_msg("\"%s\" is not in\n%s", has, printed);
	free(printed);
}

/* As in the example of kernel-behaviour §8.1. Requirements: DBG-3, DBG-12 */
static void ppp_sessions_with_a_socket(void **state)
{
	struct ul2tp_session s = { .session_id = 5,
		                   .peer_session_id = 6,
		                   .pw_type = UL2TP_PW_PPP,
		                   .has_socket = true,
		                   .socket_state = 3,
		                   .device = "ppp0",
		                   .ns = 2,
		                   .nr = 8 };

	assert_session(DEBUG_PPPOL2TP, &s, "'sess 1/5' 7F000001/1701 0001/0005 -> 00C8/0006 3 Y\n");
	assert_session(DEBUG_PPPOL2TP, &s, "   8/2 0/0/0 0/0/0\n   interface ppp0\n");
	assert_session(DEBUG_TUNNELS, &s, "   8/2 tx 0/0/0 rx 0/0/0\n   interface ppp0\n");
	s.device = "";
	assert_session(DEBUG_PPPOL2TP, &s, "\n   interface (null)\n");
	assert_session(DEBUG_TUNNELS, &s, "\n   interface (null)\n");
}

/* Requirements: DBG-12 */
static void cookies_of_any_length(void **state)
{
	struct ul2tp_session s = { .device = "",
		                   .pw_type = UL2TP_PW_ETH,
		                   .cookie = { 1, { 0x11 } },
		                   .peer_cookie = { 7, { 1, 2, 3, 4, 5, 6, 7 } } };

	assert_session(DEBUG_TUNNELS, &s, "\n   cookie 11000000\n   peer cookie 01020304\n");
	s.cookie = (struct ul2tp_cookie){ 8, { 1, 2, 3, 4, 5, 6, 7, 8 } };
	assert_session(DEBUG_TUNNELS, &s, "\n   cookie 0102030405060708\n");
	s.pw_type = 3;
	assert_session(DEBUG_TUNNELS, &s, "SESSION 0, peer 0, \n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head_alone),
		cmocka_unit_test(ppp_sessions_without_a_socket),
		cmocka_unit_test(ppp_sessions_with_a_socket),
		cmocka_unit_test(cookies_of_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
