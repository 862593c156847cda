/* SPDX-License-Identifier: BSD-2-Clause */
/* notification.c - see notification.h */
#include "api/notification.h"

#include "api/server.h"
#include "netlink/l2tp_family.h"

#define NOTIFICATION_MAX 1024

static bool is_told(const struct connection *c, const struct request *r)
{
	return c->subscribed &&
	       (c->netns == r->c->netns || c->server->quirks->kernels_way[QUIRK_NOTIFY_ALL]);
}

static void tell(const struct request *r, const struct writer *w)
{
	list_for_each_safe (node, &r->c->server->connections) {
		struct connection *c = list_entry(node, struct connection, in_server);

		if (is_told(c, r))
			connection_notify(c, w->start, write_len(w));
	}
}

static size_t begin(struct writer *w, const struct request *r, uint8_t command)
{
	struct nl_header header =
		nl_answer_header(&r->message, L2TP_FAMILY_ID, L2TP_NOTIFICATION_FLAGS);

	return genl_message_begin(w, &header, command, L2TP_GENL_VERSION);
}

void notify_tunnel(const struct request *r, uint8_t command, const struct tunnel *t)
{
	uint8_t octets[NOTIFICATION_MAX];
	struct writer w = writer_over(octets, sizeof(octets));
	struct tunnel_message m = tunnel_message_of(t);
	size_t start = begin(&w, r, command);

	tunnel_message_put(&w, &m);
	if (nl_message_end(&w, start))
		tell(r, &w);
}

void notify_session(const struct request *r, uint8_t command, const struct session *s)
{
	uint8_t octets[NOTIFICATION_MAX];
	struct writer w = writer_over(octets, sizeof(octets));
	struct session_message m = session_message_of(s);
	size_t start = begin(&w, r, command);

	session_message_put(&w, &m);
	if (nl_message_end(&w, start))
		tell(r, &w);
}
