/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_text_test.c - lines as a kernel printed them (kernel-behaviour §8.3, tests/goldens/debug/trace_lines) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "debug/trace_text.h"
#include "ul2tp_netlink.h"

static void assert_line(const struct ul2tp_trace_record *r, const char *expected)
{
	struct ul2tp_trace_record named = *r;
	char *printed = NULL;
	size_t len;
	FILE *out = open_memstream(&printed, &len);

	named.name = ul2tp_trace_name(r->event);
	trace_line(out, &named);
	fclose(out);
	assert_string_equal(printed, expected);
	free(printed);
}

static void tunnels(void **state)
{
	struct ul2tp_trace_record r = { .process = "python3",
		                        .pid = 179,
		                        .time_ns = 13476805600,
		                        .event = UL2TP_TRACE_REGISTER_TUNNEL,
		                        .tunnel_id = 1,
		                        .peer_tunnel_id = 2,
		                        .version = 2,
		                        .fd = -1 };

	assert_line(&r,
	            "         python3-179     [000] .....    13.476806: register_tunnel: tunl 1: "
	            "type=unmanaged encap=UDP version=L2TPv2 tid=1 ptid=2 fd=-1\n");
	r.fd = 7;
	r.encap = 1;
	r.cpu = 12;
	r.version = 3;
	r.time_ns = 123456999999999;
	assert_line(&r,
	            "         python3-179     [012] ..... 123457.000000: register_tunnel: tunl 1: "
	            "type=managed encap=IP version=L2TPv3 tid=1 ptid=2 fd=7\n");
	r.event = UL2TP_TRACE_FREE_TUNNEL;
	r.pid = 12345678;
	r.process = "fifteen octets!";
	assert_line(&r,
	            " fifteen octets!-12345678 [012] ..... 123457.000000: free_tunnel: tunl 1\n");
}

static void sessions(void **state)
{
	struct ul2tp_trace_record r = { .process = "worker-0",
		                        .pid = 1,
		                        .tunnel_id = 5,
		                        .session_id = 6,
		                        .peer_session_id = 7,
		                        .pw_type = 7,
		                        .ns = 9,
		                        .nr = 7,
		                        .reorder_q_len = 3,
		                        .event = UL2TP_TRACE_REGISTER_SESSION };
#define WHO "        worker-0-1       [000] .....     0.000000: "

	assert_line(&r,
	            WHO "register_session: sess 5/6: pseudowire=PPP sid=6 psid=7 tid=6 ptid=7\n");
	r.pw_type = 3;
	assert_line(&r,
	            WHO "register_session: sess 5/6: pseudowire=0x3 sid=6 psid=7 tid=6 ptid=7\n");
	r.event = UL2TP_TRACE_SESSION_SEQNUM_LNS_ENABLE;
	assert_line(&r, WHO "session_seqnum_lns_enable: sess 5/6\n");
	r.event = UL2TP_TRACE_SESSION_SEQNUM_RESET;
	assert_line(&r, WHO "session_seqnum_reset: sess 5/6: ns=9 nr=7\n");
	r.event = UL2TP_TRACE_SESSION_PKT_OOS;
	assert_line(&r, WHO "session_pkt_oos: sess 5/6: pkt_ns=9 my_nr=7 reorder_q_len=3\n");
}

static void lost_ones(void **state)
{
	struct ul2tp_trace_record r = { .lost = 42 };

	assert_line(&r, "CPU:0 [LOST 42 EVENTS]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tunnels),
		cmocka_unit_test(sessions),
		cmocka_unit_test(lost_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
