/* SPDX-License-Identifier: BSD-2-Clause */
/* events.c - libul2tp: notifications of the group "l2tp"; see ul2tp.h */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "client/exchange.h"
#include "netlink/l2tp_family.h"
#include "netlink/ul2tp_status_message.h"

static int subscribe_daemon(struct ul2tp *u)
{
	struct request r;
	int err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_SUBSCRIBE, false);

	if (err < 0)
		return err;
	ul2tp_subscribe_put(&r.attributes, u->group);
	return request_run(&r, NULL, NULL);
}

static int subscribe_kernel(struct ul2tp *u)
{
	if (setsockopt(u->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &u->group, sizeof(u->group)) < 0)
		return connection_fail(u, -errno, "", "cannot subscribe: %s", strerror(errno));
	return 0;
}

int ul2tp_subscribe(struct ul2tp *u)
{
	int err;

	if (u->subscribed)
		return 0;
	if (!u->group)
		return connection_fail(u, -ENOENT, "", "the other end has no group \"%s\"",
		                       L2TP_GENL_MCGROUP);
	err = u->backend == UL2TP_BACKEND_KERNEL ? subscribe_kernel(u) : subscribe_daemon(u);
	if (err < 0)
		return err;
	u->subscribed = true;
	u->waiting = reader_over(u->datagram, 0);
	return 0;
}

int ul2tp_fd(const struct ul2tp *u)
{
	return u->fd;
}

struct event_row {
	uint8_t command;
	enum ul2tp_event_kind kind;
	bool session;
};

/* clang-format off */
static const struct event_row event_rows[] = {	/* NL-80 */
	{ L2TP_CMD_TUNNEL_CREATE,  UL2TP_EVENT_TUNNEL_ADD,     false },
	{ L2TP_CMD_TUNNEL_DELETE,  UL2TP_EVENT_TUNNEL_DELETE,  false },
	{ L2TP_CMD_TUNNEL_MODIFY,  UL2TP_EVENT_TUNNEL_SET,     false },
	{ L2TP_CMD_SESSION_CREATE, UL2TP_EVENT_SESSION_ADD,    true },
	{ L2TP_CMD_SESSION_DELETE, UL2TP_EVENT_SESSION_DELETE, true },
	{ L2TP_CMD_SESSION_MODIFY, UL2TP_EVENT_SESSION_SET,    true },
};
/* clang-format on */

static int event_read(struct ul2tp *u, const struct nl_message *m, struct ul2tp_event *ret)
{
	struct reader attributes;
	uint8_t command;

	*ret = (struct ul2tp_event){ .kind = UL2TP_EVENT_OTHER };
	if (genl_header_read(m, &command, &attributes) < 0)
		return connection_fail(u, -EBADMSG, "", "a malformed event");

	for (size_t i = 0; i < ARRAY_SIZE(event_rows); i++) {
		if (event_rows[i].command != command)
			continue;
		ret->kind = event_rows[i].kind;
		if (event_rows[i].session) {
			ret->session = &u->session.session;
			if (session_view_read(attributes, false, &u->session) == 0)
				return 1;
		} else {
			ret->tunnel = &u->tunnel.tunnel;
			if (tunnel_view_read(attributes, false, &u->tunnel) == 0)
				return 1;
		}
		return connection_fail(u, -EBADMSG, "", "a malformed event");
	}
	return 1;
}

int ul2tp_event_next(struct ul2tp *u, int timeout_ms, struct ul2tp_event *ret)
{
	int64_t deadline = deadline_after(timeout_ms);

	if (!u->subscribed || u->tracing)
		return connection_fail(u, -EINVAL, "",
		                       "the connection is not subscribed to events");
	for (;;) {
		struct nl_message m;
		int err;

		while (nl_message_next(&u->waiting, &m))
			if (m.type == u->family_ids[FAMILY_L2TP])
				return event_read(u, &m, ret);
		err = connection_receive(u, deadline, &u->waiting);
		if (err < 0) {
			u->waiting = reader_over(u->datagram, 0);
			return err == -ETIMEDOUT ? 0 : err;
		}
	}
}
