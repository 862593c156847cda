/* SPDX-License-Identifier: BSD-2-Clause */
/* request_test.c - what libul2tp asks for tunnels and sessions, in whose words, and what it does not ask */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/script.h"
#include "netlink/l2tp_family.h"
#include "ul2tp_netlink.h"

static const struct ul2tp_tunnel_params a_tunnel = {
	.size = sizeof(struct ul2tp_tunnel_params),
	.tunnel_id = 1,
	.peer_tunnel_id = 2,
	.local = { .family = AF_INET, .port = 0x1234 },
	.peer = { .family = AF_INET, .port = 5 },
};

static void test_a_tunnel_is_asked_for_in_the_kernels_words(void **state)
{
	struct scripted *f = *state;
	struct ul2tp_tunnel_params p = a_tunnel;
	const struct script *s = &f->script;

	p.local.v4.s_addr = htonl(0xc0000201);
	p.udp_csum = true;
	assert_int_equal(ul2tp_tunnel_add(f->u, &p), 0);
	assert_string_equal(s->family, "l2tp");
	assert_int_equal(s->command, L2TP_CMD_TUNNEL_CREATE);
	assert_int_equal(s->flags, NLM_F_REQUEST | NLM_F_ACK);
	assert_asked(s, L2TP_ATTR_CONN_ID, { 1, 0, 0, 0 });
	assert_asked(s, L2TP_ATTR_PEER_CONN_ID, { 2, 0, 0, 0 });
	assert_asked(s, L2TP_ATTR_PROTO_VERSION, { 3 });
	assert_asked(s, L2TP_ATTR_ENCAP_TYPE, { 0, 0 });
	assert_asked(s, L2TP_ATTR_IP_SADDR, { 192, 0, 2, 1 });
	assert_asked(s, L2TP_ATTR_UDP_SPORT, { 0x34, 0x12 });
	assert_asked(s, L2TP_ATTR_UDP_DPORT, { 5, 0 });
	assert_true(script_was_asked(s, L2TP_ATTR_UDP_CSUM));
	assert_false(script_was_asked(s, L2TP_ATTR_IP6_SADDR) || script_was_asked(s, L2TP_ATTR_FD));

	/* Absence is what says no, so it must not be there with the value 0. */
	p.udp_csum = false;
	assert_int_equal(ul2tp_tunnel_add(f->u, &p), 0);
	assert_false(script_was_asked(s, L2TP_ATTR_UDP_CSUM));
}

static void test_what_only_ul2tpd_has_goes_to_its_family(void **state)
{
	struct scripted *f = *state;
	struct ul2tp_tunnel_params p = a_tunnel;
	const struct script *s = &f->script;
	const uint8_t *nest;
	size_t length = 0, nest_length = 0;

	p.label = "Berlin";
	p.has_fwmark = true;
	p.fwmark = 7;
	assert_int_equal(ul2tp_tunnel_add(f->u, &p), 0);
	assert_string_equal(s->family, "ul2tp");
	assert_int_equal(s->command, UL2TP_CMD_TUNNEL_CREATE);
	assert_asked(s, UL2TP_ATTR_LABEL, { 'B', 'e', 'r', 'l', 'i', 'n', 0 });
	assert_asked(s, UL2TP_ATTR_MARK, { 7, 0, 0, 0 });
	nest = script_asked(s, UL2TP_ATTR_L2TP, &nest_length);
	assert_non_null(nest);
	assert_non_null(attribute_in(reader_over(nest, nest_length), L2TP_ATTR_CONN_ID, &length));
}

static void make_sessions(struct ul2tp_session_params *p, size_t count)
{
	for (size_t i = 0; i < count; i++)
		p[i] = (struct ul2tp_session_params){
			.size = sizeof(*p),
			.tunnel_id = 1,
			.session_id = (uint32_t)i + 1,
			.peer_session_id = 1,
		};
}

static void test_several_sessions_are_asked_for_at_once(void **state)
{
	struct ul2tp_session_params p[70];
	struct scripted *f = *state;
	size_t made = 0;

	make_sessions(p, 70);
	assert_int_equal(ul2tp_sessions_add(f->u, p, 70, &made), 0);
	assert_int_equal(made, 70);
	assert_int_equal(f->script.requests, 70);
	assert_int_equal(f->script.command, L2TP_CMD_SESSION_CREATE);
	assert_true(f->script.flags & NLM_F_ACK);

	assert_int_equal(ul2tp_sessions_add(f->u, p, 0, &made), 0);
	assert_int_equal(made, 0);
}

static void test_of_several_sessions_the_first_refusal_is_told(void **state)
{
	struct ul2tp_session_params p[5];
	struct scripted *f = *state;
	size_t made = 9;

	make_sessions(p, 5);
	f->script.error = -EEXIST;
	f->script.words = "taken";
	assert_int_equal(ul2tp_sessions_add(f->u, p, 5, &made), -EEXIST);
	assert_int_equal(made, 0);
	assert_string_equal(ul2tp_last_error(f->u)->words, "taken");

	/* One that can not even be asked for comes after those that can. */
	f->script.error = 0;
	p[3].ifname = "a name that is too long for an interface";
	f->script.requests = 0;
	assert_int_equal(ul2tp_sessions_add(f->u, p, 5, &made), -EINVAL);
	assert_int_equal(made, 3);
	assert_int_equal(f->script.requests, 3);
	assert_string_equal(ul2tp_last_error(f->u)->argument, "name");
}

static void test_without_the_family_several_sessions_are_asked_for_one_by_one(void **state)
{
	struct ul2tp_session_params p[3];
	struct scripted *f = *state;
	size_t made = 0;

	make_sessions(p, 3);
	assert_int_equal(ul2tp_sessions_add(f->u, p, 3, &made), 0);
	assert_int_equal(made, 3);
	assert_int_equal(f->script.requests, 3);
	assert_true(f->script.flags & NLM_F_ACK);
	f->script.error = -EEXIST;
	assert_int_equal(ul2tp_sessions_add(f->u, p, 3, &made), -EEXIST);
	assert_int_equal(made, 0);
	assert_int_equal(f->script.requests, 4);
}

static void test_a_server_without_the_family_is_not_asked(void **state)
{
	struct scripted *f = *state;
	struct ul2tp_tunnel_params p = a_tunnel;
	const struct ul2tp_daemon_status *status;
	const struct ul2tp_tunnel *t;

	p.label = "x";
	assert_int_equal(ul2tp_tunnel_add(f->u, &p), -EOPNOTSUPP);
	assert_int_equal(ul2tp_status_get(f->u, &status), -EOPNOTSUPP);
	assert_int_equal(ul2tp_keep_rights(f->u), -EOPNOTSUPP);
	assert_true(*ul2tp_last_error(f->u)->words);
	assert_int_equal(f->script.requests, 0);

	/* Extras are left out then. */
	f->script.tunnels = 1;
	assert_int_equal(ul2tp_tunnel_get(f->u, 1, UL2TP_EXTRAS, &t), 0);
	assert_false(t->has_extras);
	assert_string_equal(t->label, "");
}

static void test_a_descriptor_goes_along(void **state)
{
	struct scripted *f = *state;
	struct ul2tp_tunnel_params p = a_tunnel;
	int pipes[2];
	struct stat st;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(fstat(pipes[0], &st), 0);
	p.has_fd = true;
	p.fd = pipes[0];
	assert_int_equal(ul2tp_tunnel_add(f->u, &p), 0);
	assert_true(script_was_asked(&f->script, L2TP_ATTR_FD));
	assert_true(f->script.file == st.st_ino);
	assert_int_equal(fstat(pipes[0], &st), 0); /* still ours */
	f->script.file = 0;
	assert_int_equal(ul2tp_tunnel_socket_changed(f->u, pipes[0]), 0);
	assert_true(f->script.file == st.st_ino);
	close(pipes[0]);
	close(pipes[1]);
}

static void test_an_older_program_has_the_defaults(void **state)
{
	struct scripted *f = *state;
	struct ul2tp_tunnel_params p = a_tunnel;

	/* As if built when the struct ended before .label, which then is whatever lies there. */
	p.size = offsetof(struct ul2tp_tunnel_params, label);
	p.label = (const char *)1;
	assert_int_equal(ul2tp_tunnel_add(f->u, &p), 0);
	assert_string_equal(f->script.family, "l2tp");
}

/* What it sets there would be forgotten in silence. */
static void test_a_program_newer_than_the_library_gets_what_that_knows(void **state)
{
	struct scripted *f = *state;
	struct {
		struct ul2tp_tunnel_params p;
		uint32_t more[2];
	} newer = { .p = a_tunnel };
	struct {
		struct ul2tp_namespace_limits l;
		uint32_t more[2];
	} limits = { .more = { 1 } };

	newer.p.size = sizeof(newer);
	limits.l.size = sizeof(limits);
	assert_int_equal(ul2tp_tunnel_add(f->u, &newer.p), 0);
	assert_asked(&f->script, L2TP_ATTR_CONN_ID, { 1, 0, 0, 0 });
	newer.more[1] = 1;
	f->script.family[0] = '\0';
	assert_int_equal(ul2tp_tunnel_add(f->u, &newer.p), -E2BIG);
	assert_int_equal(ul2tp_limits_set(f->u, &limits.l), -E2BIG);
	assert_non_null(strstr(ul2tp_last_error(f->u)->words, "is older than this program"));
	assert_string_equal(f->script.family, "");
}

static void test_what_makes_no_sense_is_not_sent(void **state)
{
	static const char long_label[] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	struct scripted *f = *state;
	const struct ul2tp_error *error = ul2tp_last_error(f->u);
	struct ul2tp_tunnel_params p = a_tunnel;
	struct ul2tp_session_params s = { .size = sizeof(s), .ifname = "0123456789abcdef" };

	p.peer.family = AF_INET6;
	assert_int_equal(ul2tp_tunnel_add(f->u, &p), -EINVAL);
	assert_string_equal(error->argument, "remote");
	p.peer.family = AF_INET;
	p.label = long_label;
	assert_int_equal(ul2tp_tunnel_add(f->u, &p), -EINVAL);
	assert_string_equal(error->argument, "label");
	assert_int_equal(ul2tp_session_add(f->u, &s), -EINVAL);
	assert_string_equal(error->argument, "name");
	s.ifname = NULL;
	s.peer_cookie.length = 9;
	assert_int_equal(ul2tp_session_add(f->u, &s), -EINVAL);
	assert_string_equal(error->argument, "peer_cookie");
	assert_int_equal(f->script.requests, 0);
}

static void test_a_session_is_asked_for_in_the_kernels_words(void **state)
{
	struct scripted *f = *state;
	struct ul2tp_session_params p = {
		.size = sizeof(p),
		.tunnel_id = 1,
		.session_id = 2,
		.peer_session_id = 3,
		.ifname = "x0",
		.cookie = { 4, { 1, 2, 3, 4 } },
		.send_seq = true,
		.reorder_timeout_ms = 20,
	};
	const struct script *s = &f->script;

	assert_int_equal(ul2tp_session_add(f->u, &p), 0);
	assert_string_equal(s->family, "l2tp");
	assert_int_equal(s->command, L2TP_CMD_SESSION_CREATE);
	assert_asked(s, L2TP_ATTR_CONN_ID, { 1, 0, 0, 0 });
	assert_asked(s, L2TP_ATTR_SESSION_ID, { 2, 0, 0, 0 });
	assert_asked(s, L2TP_ATTR_PEER_SESSION_ID, { 3, 0, 0, 0 });
	assert_asked(s, L2TP_ATTR_PW_TYPE, { 5, 0 });
	assert_asked(s, L2TP_ATTR_L2SPEC_TYPE, { 1 });
	assert_asked(s, L2TP_ATTR_IFNAME, { 'x', '0', 0 });
	assert_asked(s, L2TP_ATTR_COOKIE, { 1, 2, 3, 4 });
	assert_asked(s, L2TP_ATTR_SEND_SEQ, { 1 });
	assert_asked(s, L2TP_ATTR_RECV_TIMEOUT, { 20, 0, 0, 0, 0, 0, 0, 0 });
	assert_false(script_was_asked(s, L2TP_ATTR_PEER_COOKIE));
}

static void test_a_change_holds_what_changes_alone(void **state)
{
	struct scripted *f = *state;
	const struct ul2tp_session_key key = { .ifname = "x0" };
	struct ul2tp_session_change c = { .size = sizeof(c), .has_send_seq = true };
	const struct script *s = &f->script;

	assert_int_equal(ul2tp_session_set(f->u, &key, &c), 0);
	assert_int_equal(s->command, L2TP_CMD_SESSION_MODIFY);
	assert_asked(s, L2TP_ATTR_IFNAME, { 'x', '0', 0 });
	assert_asked(s, L2TP_ATTR_SEND_SEQ, { 0 });
	assert_false(script_was_asked(s, L2TP_ATTR_RECV_SEQ) ||
	             script_was_asked(s, L2TP_ATTR_RECV_TIMEOUT) ||
	             script_was_asked(s, L2TP_ATTR_LNS_MODE) ||
	             script_was_asked(s, L2TP_ATTR_CONN_ID));
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, scripted_begin, scripted_end)
	const struct CMUnitTest tests[] = {
		WITH(test_a_tunnel_is_asked_for_in_the_kernels_words),
		WITH(test_what_only_ul2tpd_has_goes_to_its_family),
		cmocka_unit_test_setup_teardown(test_a_server_without_the_family_is_not_asked,
		                                scripted_begin_without_ul2tp, scripted_end),
		cmocka_unit_test_setup_teardown(
			test_without_the_family_several_sessions_are_asked_for_one_by_one,
			scripted_begin_without_ul2tp, scripted_end),
		WITH(test_several_sessions_are_asked_for_at_once),
		WITH(test_of_several_sessions_the_first_refusal_is_told),
		WITH(test_a_descriptor_goes_along),
		WITH(test_an_older_program_has_the_defaults),
		WITH(test_a_program_newer_than_the_library_gets_what_that_knows),
		WITH(test_what_makes_no_sense_is_not_sent),
		WITH(test_a_session_is_asked_for_in_the_kernels_words),
		WITH(test_a_change_holds_what_changes_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
