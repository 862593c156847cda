/* SPDX-License-Identifier: BSD-2-Clause */
/* answer_test.c - what libul2tp makes of answers, refusals, events and silence */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/connection.h"
#include "client/script.h"
#include "netlink/l2tp_family.h"
#include "netlink/session_message.h"
#include "netlink/tunnel_message.h"
#include "netlink/ul2tp_status_message.h"
#include "ul2tp_netlink.h"

static const struct ul2tp_tunnel_params a_tunnel = {
	.size = sizeof(struct ul2tp_tunnel_params),
	.tunnel_id = 1,
	.peer_tunnel_id = 2,
	.local = { .family = AF_INET, .port = 0x1234 },
	.peer = { .family = AF_INET, .port = 5 },
};

static const struct {
	int error;
	const char *words; /* of the server; NULL: none */
	uint16_t blame;
	const char *expected;
	const char *argument;
} refusals[] = {
	{ -EEXIST, NULL, 0, "tunnel_id is taken: there is such a tunnel", "" },
	{ -EADDRNOTAVAIL, NULL, 0, "local is not an address of this host", "" },
	{ -EPERM, NULL, 0, "not permitted: needs CAP_NET_ADMIN over the network namespace", "" },
	{ -EINVAL, "peer_tunnel_id is 0", L2TP_ATTR_PEER_CONN_ID, "peer_tunnel_id is 0",
	  "peer_tunnel_id" },
	{ -ERANGE, NULL, L2TP_ATTR_UDP_SPORT, "Numerical result out of range", "udp_sport" },
};

static void test_a_refusal_has_words_and_names_what_is_to_blame(void **state)
{
	struct scripted *f = *state;
	const struct ul2tp_error *error = ul2tp_last_error(f->u);

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		f->script.error = refusals[i].error;
		f->script.words = refusals[i].words;
		f->script.blame = refusals[i].blame;
		assert_int_equal(ul2tp_tunnel_add(f->u, &a_tunnel), refusals[i].error);
		assert_int_equal(error->code, refusals[i].error);
		assert_string_equal(error->words, refusals[i].expected);
		assert_string_equal(error->argument, refusals[i].argument);
	}
	f->script = (struct script){ .error = -ENODEV };
	assert_int_equal(ul2tp_tunnel_delete(f->u, 1), -ENODEV);
	assert_string_equal(error->words, "there is no such tunnel");
}

struct counting {
	struct ul2tp *u;
	unsigned int seen;
	unsigned int stop_at;
	int busy;
	uint32_t last;
};

static int count_tunnel(const struct ul2tp_tunnel *t, void *arg)
{
	struct counting *c = arg;

	c->seen++;
	c->last = t->tunnel_id;
	c->busy = ul2tp_tunnel_delete(c->u, 1);
	return c->seen == c->stop_at ? 42 : 0;
}

static void test_a_list_is_complete_or_stopped(void **state)
{
	struct scripted *f = *state;
	struct counting c = { .u = f->u };

	f->script.tunnels = 10;
	assert_int_equal(ul2tp_tunnel_list(f->u, 0, count_tunnel, &c), 0);
	assert_int_equal(f->script.flags, NLM_F_REQUEST | NLM_F_DUMP);
	assert_int_equal(c.seen, 10);
	assert_int_equal(c.last, 10);
	assert_int_equal(c.busy, -EBUSY); /* from a callback */

	c = (struct counting){ .u = f->u, .stop_at = 2 };
	assert_int_equal(ul2tp_tunnel_list(f->u, 0, count_tunnel, &c), 42);
	assert_int_equal(c.seen, 2);
	/* What was left of the list does not get in the way. */
	f->script.tunnels = 0;
	assert_int_equal(ul2tp_tunnel_delete(f->u, 1), 0);
}

static void test_extras_are_what_the_server_said(void **state)
{
	struct scripted *f = *state;
	const struct ul2tp_tunnel *t;

	f->script.tunnels = 1;
	assert_int_equal(ul2tp_tunnel_get(f->u, 1, UL2TP_EXTRAS, &t), 0);
	assert_string_equal(f->script.family, "ul2tp");
	assert_true(t->has_extras);
	assert_int_equal(t->tunnel_id, 1);
	assert_int_equal(t->stats.rx_packets, 5);
	assert_string_equal(t->label, "L");
	assert_int_equal(t->fwmark, 9);
	assert_int_equal(t->created_s, 1000);
	assert_int_equal(t->rx_drops.count, 1);
	assert_string_equal(t->rx_drops.rows[0].name, "cookie");
	assert_string_equal(t->rx_drops.rows[0].words, "cookie is wrong");
	assert_int_equal(t->rx_drops.rows[0].packets, 7);
	assert_int_equal(t->tx_drops.count, 0);
}

static void test_status_and_limits(void **state)
{
	struct scripted *f = *state;
	struct ul2tp_namespace_limits l = {
		.size = sizeof(l),
		.tunnels = 3,
		.sessions = UL2TP_LIMIT_KEEP,
		.memory_kib = UL2TP_LIMIT_KEEP,
		.requests_per_second = UL2TP_LIMIT_KEEP,
		.subscribers = UL2TP_LIMIT_KEEP,
	};
	const struct ul2tp_daemon_status *status;
	const uint8_t *nest;
	size_t length = 0, value_length = 0;

	assert_int_equal(ul2tp_status_get(f->u, &status), 0);
	assert_string_equal(status->version, "1.2.3");
	assert_int_equal(status->feature_count, 2);
	assert_string_equal(status->features[1], "two");
	assert_int_equal(status->limits.tunnels, 10);
	assert_int_equal(status->usage.tunnels, 4);
	assert_int_equal(status->usage.requests_per_second, 5);

	assert_int_equal(ul2tp_limits_set(f->u, &l), 0);
	nest = script_asked(&f->script, UL2TP_ATTR_LIMITS, &length);
	assert_non_null(nest);
	assert_int_equal(
		*attribute_in(reader_over(nest, length), UL2TP_LIMIT_TUNNELS, &value_length), 3);
	assert_null(attribute_in(reader_over(nest, length), UL2TP_LIMIT_SESSIONS, &value_length));
}

static void test_silence_is_a_timeout_and_harms_nothing(void **state)
{
	struct scripted *f = *state;

	ul2tp_set_timeout(f->u, 50);
	f->script.silent = true;
	assert_int_equal(ul2tp_tunnel_delete(f->u, 1), -ETIMEDOUT);
	f->script.silent = false;
	ul2tp_set_timeout(f->u, 10000);
	assert_int_equal(ul2tp_tunnel_delete(f->u, 1), 0);
}

static void test_a_late_answer_is_not_taken_for_another(void **state)
{
	/* An acknowledgement with an error, of a request that was never made. */
	static const uint32_t late[] = { 20, 2, 99, 0, (uint32_t)-EIO };
	struct scripted *f = *state;

	fake_server_send(f->server, late, sizeof(late));
	assert_int_equal(ul2tp_tunnel_delete(f->u, 1), 0);
}

static void test_a_server_that_goes_is_noticed(void **state)
{
	struct scripted *f = *state;

	fake_server_hang_up(f->server);
	assert_int_equal(ul2tp_tunnel_delete(f->u, 1), -EPIPE);
	assert_string_equal(ul2tp_last_error(f->u)->words,
	                    "ul2tpd closed the connection: its log says why");
}

static void test_an_upgrade_that_comes_to_nothing(void **state)
{
	struct scripted *f = *state;

	ul2tp_set_timeout(f->u, 50);
	assert_int_equal(ul2tp_upgrade(f->u), -ETIMEDOUT);
	assert_string_equal(ul2tp_last_error(f->u)->words,
	                    "ul2tpd has not upgraded: its log says why");
}

/* It will upgrade, it says, and is not heard of again. */
static void answer_and_go(struct fake_server *s, const struct fake_request *r,
                          struct writer *answers, void *arg)
{
	uint8_t octets[256];
	struct writer w = writer_over(octets, sizeof(octets));

	fake_acknowledge(r, &w, 0, NULL);
	unlink(fake_server_path(s));
	fake_server_send(s, octets, write_len(&w));
	fake_server_hang_up(s);
}

static int is_elsewhere(struct ul2tp *u)
{
	return -ENOTCONN;
}

static void upgrade_of_one_that_goes(int (*renew)(struct ul2tp *u), int expected, const char *words)
{
	struct fake_server *server = fake_server_start(true, answer_and_go, NULL);
	struct ul2tp *u;

	assert_int_equal(ul2tp_connect(UL2TP_BACKEND_DAEMON, fake_server_path(server), &u, NULL),
	                 0);
	u->renew = renew ?: u->renew;
	assert_int_equal(ul2tp_upgrade(u), expected);
	assert_non_null(strstr(ul2tp_last_error(u)->words, words));
	ul2tp_disconnect(u);
	fake_server_stop(server);
}

static void test_an_upgrade_after_which_nobody_is_there(void **state)
{
	upgrade_of_one_that_goes(NULL, -EPIPE, "no ul2tpd is there any more");
	upgrade_of_one_that_goes(is_elsewhere, -ENOTCONN, "ul2tpd has upgraded, but");
}

static void test_an_answer_that_makes_no_sense(void **state)
{
	struct scripted *f = *state;
	const struct ul2tp_tunnel *t;

	f->script.garbage = true;
	assert_int_equal(ul2tp_tunnel_get(f->u, 1, 0, &t), -EBADMSG);
	f->script.garbage = false;
	assert_int_equal(ul2tp_tunnel_get(f->u, 1, 0, &t), -EBADMSG); /* nothing but success */
	f->script.tunnels = 1;
	assert_int_equal(ul2tp_tunnel_get(f->u, 1, 0, &t), 0);
}

static void send_event(struct scripted *f, uint8_t command, bool session)
{
	const struct tunnel_message t = { .conn_id = 4, .version = 3 };
	const struct session_message s = { .conn_id = 4, .session_id = 5, .ifname = "x0" };
	const struct nl_header header = { .type = l2tp_family.id, .sequence = 77 };
	_Alignas(8) uint8_t octets[4096];
	struct writer w = writer_over(octets, sizeof(octets));

	for (int i = 0; i < 2; i++) {
		size_t start = genl_message_begin(&w, &header, command, 1);

		if (session)
			session_message_put(&w, &s);
		else
			tunnel_message_put(&w, &t);
		assert_true(nl_message_end(&w, start));
	}
	fake_server_send(f->server, octets, write_len(&w));
}

static void test_events(void **state)
{
	static const struct {
		uint8_t command;
		bool session;
		enum ul2tp_event_kind kind;
	} rows[] = {
		{ L2TP_CMD_TUNNEL_CREATE, false, UL2TP_EVENT_TUNNEL_ADD },
		{ L2TP_CMD_TUNNEL_DELETE, false, UL2TP_EVENT_TUNNEL_DELETE },
		{ L2TP_CMD_TUNNEL_MODIFY, false, UL2TP_EVENT_TUNNEL_SET },
		{ L2TP_CMD_SESSION_CREATE, true, UL2TP_EVENT_SESSION_ADD },
		{ L2TP_CMD_SESSION_DELETE, true, UL2TP_EVENT_SESSION_DELETE },
		{ L2TP_CMD_SESSION_MODIFY, true, UL2TP_EVENT_SESSION_SET },
	};
	struct scripted *f = *state;
	struct ul2tp_event e;

	assert_int_equal(ul2tp_event_next(f->u, 0, &e), -EINVAL);
	assert_int_equal(ul2tp_subscribe(f->u), 0);
	assert_int_equal(f->script.command, UL2TP_CMD_SUBSCRIBE);
	assert_int_equal(ul2tp_tunnel_delete(f->u, 1), -EBUSY);
	assert_int_equal(ul2tp_event_next(f->u, 0, &e), 0);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		send_event(f, rows[i].command, rows[i].session);
		/* Two in one datagram. */
		for (int n = 0; n < 2; n++) {
			assert_int_equal(ul2tp_event_next(f->u, 5000, &e), 1);
			assert_int_equal(e.kind, rows[i].kind);
			assert_int_equal(
				rows[i].session ? e.session->tunnel_id : e.tunnel->tunnel_id, 4);
			assert_true(rows[i].session ? !e.tunnel : !e.session);
		}
	}
	send_event(f, 200, false);
	assert_int_equal(ul2tp_event_next(f->u, 5000, &e), 1);
	assert_int_equal(e.kind, UL2TP_EVENT_OTHER);
	assert_true(!e.tunnel && !e.session);
}

static int take_message(const struct ul2tp_message *m, void *arg)
{
	unsigned int *seen = arg;

	assert_string_equal(m->family, "l2tp");
	assert_int_equal(m->command, L2TP_CMD_TUNNEL_GET);
	assert_true(m->length > 0);
	(*seen)++;
	return 0;
}

static void test_messages_a_program_wrote(void **state)
{
	static const uint32_t attributes[] = { 8 | L2TP_ATTR_CONN_ID << 16, 1 };
	struct scripted *f = *state;
	unsigned int seen = 0;

	f->script.tunnels = 2;
	assert_int_equal(ul2tp_request(f->u, "l2tp", L2TP_CMD_TUNNEL_GET, attributes,
	                               sizeof(attributes), -1, take_message, &seen),
	                 0);
	assert_int_equal(seen, 2);
	assert_asked(&f->script, L2TP_ATTR_CONN_ID, { 1, 0, 0, 0 });
	assert_int_equal(
		ul2tp_dump(f->u, "l2tp", L2TP_CMD_TUNNEL_GET, NULL, 0, take_message, &seen), 0);
	assert_int_equal(seen, 4);
	assert_int_equal(ul2tp_request(f->u, "tipc", 1, NULL, 0, -1, NULL, NULL), -EOPNOTSUPP);
}

static void test_nobody_there(void **state)
{
	char path[200];
	struct ul2tp_error error;
	struct ul2tp *u;

	assert_int_equal(ul2tp_connect(UL2TP_BACKEND_DAEMON, "/nonexistent/x", &u, &error),
	                 -ENOENT);
	assert_non_null(strstr(error.words, "no ul2tpd at /nonexistent/x"));
	assert_non_null(strstr(error.words, "start it"));
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(ul2tp_connect(UL2TP_BACKEND_DAEMON, path, &u, NULL), -ENAMETOOLONG);
}

static void test_a_server_of_another_language_is_asked_for_nothing(void **state)
{
	struct fake_server *server = fake_server_start(true, NULL, NULL);
	struct ul2tp_error error;
	struct ul2tp *u;

	fake_server_speak(server, UL2TP_GENL_VERSION + 1);
	assert_int_equal(ul2tp_connect(UL2TP_BACKEND_AUTO, fake_server_path(server), &u, &error),
	                 -EPROTONOSUPPORT);
	assert_non_null(strstr(error.words, "upgrade the older"));
	fake_server_stop(server);
}

static int full; /* a listening socket whose queue is full, until the third signal */

static void make_room(int signal)
{
	static int signals;
	int fd;

	if (++signals < 3)
		return;
	while ((fd = accept(full, NULL, NULL)) >= 0)
		close(fd);
}

/* connect() is begun again after each, and the server that then closes is what is told. */
static void test_signals_while_a_server_is_busy(void **state)
{
	static const struct itimerval often = { .it_interval.tv_usec = 2000,
		                                .it_value.tv_usec = 2000 };
	static const struct itimerval never = { 0 };
	const struct sigaction action = { .sa_handler = make_room };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int other = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	struct ul2tp *u;
	int err;

	full = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/ul2tp-full-%d", getpid());
	assert_int_equal(bind(full, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(full, 0), 0);
	assert_int_equal(connect(other, (struct sockaddr *)&address, sizeof(address)), 0);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	err = ul2tp_connect(UL2TP_BACKEND_DAEMON, address.sun_path, &u, NULL);
	setitimer(ITIMER_REAL, &never, NULL);
	unlink(address.sun_path);
	close(full);
	close(other);
	assert_int_equal(err, -EPIPE);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, scripted_begin, scripted_end)
	const struct CMUnitTest tests[] = {
		WITH(test_a_refusal_has_words_and_names_what_is_to_blame),
		WITH(test_a_list_is_complete_or_stopped),
		WITH(test_extras_are_what_the_server_said),
		WITH(test_status_and_limits),
		WITH(test_silence_is_a_timeout_and_harms_nothing),
		WITH(test_a_late_answer_is_not_taken_for_another),
		WITH(test_a_server_that_goes_is_noticed),
		WITH(test_an_upgrade_that_comes_to_nothing),
		cmocka_unit_test(test_an_upgrade_after_which_nobody_is_there),
		WITH(test_an_answer_that_makes_no_sense),
		WITH(test_events),
		WITH(test_messages_a_program_wrote),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_a_server_of_another_language_is_asked_for_nothing),
		cmocka_unit_test(test_signals_while_a_server_is_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
