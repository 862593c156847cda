/* SPDX-License-Identifier: BSD-2-Clause */
/* client_test.c - libul2tp against a server that answers what the test wants: requests, refusals, events */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/fake_server.h"
#include "netlink/attribute.h"
#include "netlink/error_message.h"
#include "netlink/l2tp_family.h"
#include "netlink/session_message.h"
#include "netlink/tunnel_message.h"
#include "netlink/ul2tp_status_message.h"
#include "netlink/ul2tp_tunnel_message.h"
#include "ul2tp.h"
#include "ul2tp_netlink.h"

/* What the server is to do, and what it was last asked. */
struct script {
	int error; /* acknowledge with this */
	const char *words;
	uint16_t blame;       /* attribute of the request that is to blame; 0: none */
	bool silent;          /* do not answer */
	bool garbage;         /* answer with a message that has no attributes */
	unsigned int tunnels; /* answer a dump or get with so many */
	unsigned int requests;
	char family[8];
	uint8_t command;
	uint16_t flags;
	size_t length;
	_Alignas(8) uint8_t attributes[4096];
	ino_t file; /* inode of the descriptor that came along; 0: none */
};

struct fixture {
	struct script script;
	struct fake_server *server;
	struct ul2tp *u;
};

static void note_request(struct script *s, const struct fake_request *r)
{
	struct stat st;

	s->requests++;
	snprintf(s->family, sizeof(s->family), "%s", r->family);
	s->command = r->command;
	s->flags = r->message->flags;
	s->length = read_left(&r->attributes);
	memcpy(s->attributes, r->attributes.at, s->length);
	s->file = r->fd >= 0 && fstat(r->fd, &st) == 0 ? st.st_ino : 0;
}

static void put_tunnel(const struct fake_request *r, struct writer *w, uint32_t id)
{
	struct ul2tp_tunnel_message t = {
		.l2tp = { .conn_id = id,
		          .peer_conn_id = id + 1,
		          .version = 3,
		          .family = AF_INET,
		          .stats = { .rx_packets = 5 } },
		.options = { .label = "L", .mark = 9 },
		.created = 1000,
		.accounts = { .rx_drops = { 1, { { "cookie", "cookie is wrong", 7 } } } },
	};
	size_t start;

	if (strcmp(r->family, "ul2tp") == 0) {
		start = fake_message_begin(r, w, UL2TP_CMD_TUNNEL_GET);
		ul2tp_tunnel_message_put(w, &t);
	} else {
		start = fake_message_begin(r, w, L2TP_CMD_TUNNEL_GET);
		tunnel_message_put(w, &t.l2tp);
	}
	assert_true(nl_message_end(w, start));
}

static void put_status(const struct fake_request *r, struct writer *w)
{
	const struct ul2tp_status status = {
		.version = "1.2.3",
		.feature_count = 2,
		.features = { "one", "two" },
		.limits.values = { [UL2TP_LIMIT_TUNNELS] = 10 },
		.usage.values = { [UL2TP_LIMIT_TUNNELS] = 4, [UL2TP_LIMIT_REQUESTS] = 5 },
	};
	size_t start = fake_message_begin(r, w, UL2TP_CMD_STATUS_GET);

	ul2tp_status_put(w, &status);
	assert_true(nl_message_end(w, start));
}

static uint32_t offset_of(const struct fake_request *r, uint16_t type)
{
	struct reader attributes = r->attributes;
	struct attribute a;

	while (attribute_next(&attributes, &a))
		if (a.type == type)
			return (uint32_t)(a.start - r->message->start);
	return 0;
}

static void refuse(const struct script *s, const struct fake_request *r, struct writer *w)
{
	const struct nl_socket_options options = { .cap_ack = true, .ext_ack = true };
	const struct nl_fault fault = { .offset = s->blame ? offset_of(r, s->blame) : 0 };
	struct extack ea = { 0 };

	if (s->words)
		extack_set(&ea, 0, "%s", s->words);
	nl_error_put(w, r->message, s->error, &ea, &fault, options);
}

static void answer(struct fake_server *server, const struct fake_request *r, struct writer *w,
                   void *arg)
{
	struct script *s = arg;

	note_request(s, r);
	if (s->silent)
		return;
	if (s->error) {
		refuse(s, r, w);
		return;
	}
	if (s->garbage)
		nl_message_end(w, fake_message_begin(r, w, 4));
	for (unsigned int i = 1; i <= s->tunnels; i++) {
		put_tunnel(r, w, i);
		/* A dump comes in several datagrams. */
		if (i % 3 == 0) {
			fake_server_send(server, w->start, write_len(w));
			*w = writer_over(w->start, (size_t)(w->end - w->start));
		}
	}
	if (strcmp(r->family, "ul2tp") == 0 && r->command == UL2TP_CMD_STATUS_GET)
		put_status(r, w);
	if (nl_message_is_dump(r->message))
		nl_done_put(w, r->message);
	else
		fake_acknowledge(r, w, 0, NULL);
}

static int begin_with(void **state, bool with_ul2tp)
{
	static struct fixture f;
	struct ul2tp_error error = { 0 };

	f = (struct fixture){ 0 };
	f.server = fake_server_start(with_ul2tp, answer, &f.script);
	if (ul2tp_connect(UL2TP_BACKEND_DAEMON, fake_server_path(f.server), &f.u, &error) < 0)
		fail_msg("%s", error.words);
	*state = &f;
	return 0;
}

static int begin(void **state)
{
	return begin_with(state, true);
}

static int begin_without_ul2tp(void **state)
{
	return begin_with(state, false);
}

static int end(void **state)
{
	struct fixture *f = *state;

	ul2tp_disconnect(f->u);
	fake_server_stop(f->server);
	return 0;
}

/* The value of attribute @type in @attributes; its length in *length. */
static const uint8_t *find_in(struct reader attributes, uint16_t type, size_t *length)
{
	struct attribute a;

	while (attribute_next(&attributes, &a)) {
		if (a.type != type)
			continue;
		*length = read_left(&a.value);
		return a.value.at;
	}
	return NULL;
}

static const uint8_t *asked(const struct script *s, uint16_t type, size_t *length)
{
	return find_in(reader_over(s->attributes, s->length), type, length);
}

#define assert_asked(s, type, ...)                                                                 \
	do {                                                                                       \
		static const uint8_t wanted_[] = __VA_ARGS__;                                      \
		size_t length_ = 0;                                                                \
		const uint8_t *is_ = asked(s, type, &length_);                                     \
		assert_non_null(is_);                                                              \
		assert_int_equal(length_, sizeof(wanted_));                                        \
		assert_memory_equal(is_, wanted_, sizeof(wanted_));                                \
	} while (0)

static bool was_asked(const struct script *s, uint16_t type)
{
	size_t length;

	return asked(s, type, &length);
}

static const struct ul2tp_tunnel_params a_tunnel = {
	.size = sizeof(struct ul2tp_tunnel_params),
	.tunnel_id = 1,
	.peer_tunnel_id = 2,
	.local = { .family = AF_INET, .port = 0x1234 },
	.peer = { .family = AF_INET, .port = 5 },
};

static void test_a_tunnel_is_asked_for_in_the_kernels_words(void **state)
{
	struct fixture *f = *state;
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
	assert_true(was_asked(s, L2TP_ATTR_UDP_CSUM));
	assert_false(was_asked(s, L2TP_ATTR_IP6_SADDR) || was_asked(s, L2TP_ATTR_FD));

	/* Absence is what says no, so it must not be there with the value 0. */
	p.udp_csum = false;
	assert_int_equal(ul2tp_tunnel_add(f->u, &p), 0);
	assert_false(was_asked(s, L2TP_ATTR_UDP_CSUM));
}

static void test_what_only_ul2tpd_has_goes_to_its_family(void **state)
{
	struct fixture *f = *state;
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
	nest = asked(s, UL2TP_ATTR_L2TP, &nest_length);
	assert_non_null(nest);
	assert_non_null(find_in(reader_over(nest, nest_length), L2TP_ATTR_CONN_ID, &length));
}

static void test_a_server_without_the_family_is_not_asked(void **state)
{
	struct fixture *f = *state;
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
	struct fixture *f = *state;
	struct ul2tp_tunnel_params p = a_tunnel;
	int pipes[2];
	struct stat st;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(fstat(pipes[0], &st), 0);
	p.has_fd = true;
	p.fd = pipes[0];
	assert_int_equal(ul2tp_tunnel_add(f->u, &p), 0);
	assert_true(was_asked(&f->script, L2TP_ATTR_FD));
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
	struct fixture *f = *state;
	struct ul2tp_tunnel_params p = a_tunnel;

	/* As if built when the struct ended before .label, which then is whatever lies there. */
	p.size = offsetof(struct ul2tp_tunnel_params, label);
	p.label = (const char *)1;
	assert_int_equal(ul2tp_tunnel_add(f->u, &p), 0);
	assert_string_equal(f->script.family, "l2tp");
}

static void test_what_makes_no_sense_is_not_sent(void **state)
{
	static const char long_label[] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	struct fixture *f = *state;
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
	struct fixture *f = *state;
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
	assert_false(was_asked(s, L2TP_ATTR_PEER_COOKIE));
}

static void test_a_change_holds_what_changes_alone(void **state)
{
	struct fixture *f = *state;
	const struct ul2tp_session_key key = { .ifname = "x0" };
	struct ul2tp_session_change c = { .size = sizeof(c), .has_send_seq = true };
	const struct script *s = &f->script;

	assert_int_equal(ul2tp_session_set(f->u, &key, &c), 0);
	assert_int_equal(s->command, L2TP_CMD_SESSION_MODIFY);
	assert_asked(s, L2TP_ATTR_IFNAME, { 'x', '0', 0 });
	assert_asked(s, L2TP_ATTR_SEND_SEQ, { 0 });
	assert_false(was_asked(s, L2TP_ATTR_RECV_SEQ) || was_asked(s, L2TP_ATTR_RECV_TIMEOUT) ||
	             was_asked(s, L2TP_ATTR_LNS_MODE) || was_asked(s, L2TP_ATTR_CONN_ID));
}

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
	struct fixture *f = *state;
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
	struct fixture *f = *state;
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
	struct fixture *f = *state;
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
	struct fixture *f = *state;
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
	nest = asked(&f->script, UL2TP_ATTR_LIMITS, &length);
	assert_non_null(nest);
	assert_int_equal(*find_in(reader_over(nest, length), UL2TP_LIMIT_TUNNELS, &value_length),
	                 3);
	assert_null(find_in(reader_over(nest, length), UL2TP_LIMIT_SESSIONS, &value_length));
}

static void test_silence_is_a_timeout_and_harms_nothing(void **state)
{
	struct fixture *f = *state;

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
	struct fixture *f = *state;

	fake_server_send(f->server, late, sizeof(late));
	assert_int_equal(ul2tp_tunnel_delete(f->u, 1), 0);
}

static void test_a_server_that_goes_is_noticed(void **state)
{
	struct fixture *f = *state;

	fake_server_hang_up(f->server);
	assert_int_equal(ul2tp_tunnel_delete(f->u, 1), -EPIPE);
	assert_string_equal(ul2tp_last_error(f->u)->words, "ul2tpd closed the connection");
}

static void test_an_answer_that_makes_no_sense(void **state)
{
	struct fixture *f = *state;
	const struct ul2tp_tunnel *t;

	f->script.garbage = true;
	assert_int_equal(ul2tp_tunnel_get(f->u, 1, 0, &t), -EBADMSG);
	f->script.garbage = false;
	assert_int_equal(ul2tp_tunnel_get(f->u, 1, 0, &t), -EBADMSG); /* nothing but success */
	f->script.tunnels = 1;
	assert_int_equal(ul2tp_tunnel_get(f->u, 1, 0, &t), 0);
}

static void send_event(struct fixture *f, uint8_t command, bool session)
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
	struct fixture *f = *state;
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
	struct fixture *f = *state;
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

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		WITH(test_a_tunnel_is_asked_for_in_the_kernels_words),
		WITH(test_what_only_ul2tpd_has_goes_to_its_family),
		cmocka_unit_test_setup_teardown(test_a_server_without_the_family_is_not_asked,
		                                begin_without_ul2tp, end),
		WITH(test_a_descriptor_goes_along),
		WITH(test_an_older_program_has_the_defaults),
		WITH(test_what_makes_no_sense_is_not_sent),
		WITH(test_a_session_is_asked_for_in_the_kernels_words),
		WITH(test_a_change_holds_what_changes_alone),
		WITH(test_a_refusal_has_words_and_names_what_is_to_blame),
		WITH(test_a_list_is_complete_or_stopped),
		WITH(test_extras_are_what_the_server_said),
		WITH(test_status_and_limits),
		WITH(test_silence_is_a_timeout_and_harms_nothing),
		WITH(test_a_late_answer_is_not_taken_for_another),
		WITH(test_a_server_that_goes_is_noticed),
		WITH(test_an_answer_that_makes_no_sense),
		WITH(test_events),
		WITH(test_messages_a_program_wrote),
		cmocka_unit_test(test_nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
