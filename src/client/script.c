/* SPDX-License-Identifier: BSD-2-Clause */
/* script.c - see script.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "client/script.h"
#include "netlink/attribute.h"
#include "netlink/error_message.h"
#include "netlink/tunnel_message.h"
#include "netlink/ul2tp_status_message.h"
#include "netlink/ul2tp_tunnel_message.h"
#include "ul2tp_netlink.h"

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
	static struct scripted f;
	struct ul2tp_error error = { 0 };

	f = (struct scripted){ 0 };
	f.server = fake_server_start(with_ul2tp, answer, &f.script);
	if (ul2tp_connect(UL2TP_BACKEND_DAEMON, fake_server_path(f.server), &f.u, &error) < 0)
		fail_msg("%s", error.words);
	*state = &f;
	return 0;
}

int scripted_begin(void **state)
{
	return begin_with(state, true);
}

int scripted_begin_without_ul2tp(void **state)
{
	return begin_with(state, false);
}

int scripted_end(void **state)
{
	struct scripted *f = *state;

	ul2tp_disconnect(f->u);
	fake_server_stop(f->server);
	return 0;
}

const uint8_t *attribute_in(struct reader attributes, uint16_t type, size_t *length)
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

const uint8_t *script_asked(const struct script *s, uint16_t type, size_t *length)
{
	return attribute_in(reader_over(s->attributes, s->length), type, length);
}

bool script_was_asked(const struct script *s, uint16_t type)
{
	size_t length;

	return script_asked(s, type, &length);
}
