/* SPDX-License-Identifier: BSD-2-Clause */
/* status.c - libul2tp: what ul2tpd is, and the limits of a namespace; see ul2tp.h */
#include <errno.h>

#include "client/exchange.h"
#include "client/params.h"
#include "netlink/ul2tp_status_message.h"

static int take_status(struct ul2tp *u, const struct nl_message *m, void *arg)
{
	bool *found = arg;
	struct reader attributes;

	if (answer_attributes(m, &attributes) < 0 || status_view_read(attributes, &u->status) < 0)
		return connection_fail(u, -EBADMSG, "", "an answer that is no status");
	*found = true;
	return 0;
}

int ul2tp_status_get(struct ul2tp *u, const struct ul2tp_daemon_status **ret)
{
	bool found = false;
	struct request r;
	int err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_STATUS_GET, false);

	if (err < 0)
		return err;
	err = request_run(&r, take_status, &found);
	if (err < 0)
		return err;
	if (!found)
		return connection_fail(u, -EBADMSG, "", "the answer has no status in it");
	*ret = &u->status.status;
	return 0;
}

static void limit_set(struct ul2tp_limits_set *set, enum ul2tp_limit limit, uint32_t value)
{
	set->has[limit] = value != UL2TP_LIMIT_KEEP;
	set->limits.values[limit] = value;
}

int ul2tp_limits_set(struct ul2tp *u, const struct ul2tp_namespace_limits *given)
{
	struct ul2tp_namespace_limits l = {
		.tunnels = UL2TP_LIMIT_KEEP,
		.sessions = UL2TP_LIMIT_KEEP,
		.memory_kib = UL2TP_LIMIT_KEEP,
		.requests_per_second = UL2TP_LIMIT_KEEP,
		.subscribers = UL2TP_LIMIT_KEEP,
	};
	struct ul2tp_limits_set set = { 0 };
	struct request r;
	int err = params_check(u, given, given->size, sizeof(l));

	if (err < 0)
		return err;
	memcpy(&l, given, given->size < sizeof(l) ? given->size : sizeof(l));
	limit_set(&set, UL2TP_LIMIT_TUNNELS, l.tunnels);
	limit_set(&set, UL2TP_LIMIT_SESSIONS, l.sessions);
	limit_set(&set, UL2TP_LIMIT_MEMORY_KIB, l.memory_kib);
	limit_set(&set, UL2TP_LIMIT_REQUESTS, l.requests_per_second);
	limit_set(&set, UL2TP_LIMIT_SUBSCRIBERS, l.subscribers);

	err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_LIMITS_SET, false);
	if (err < 0)
		return err;
	ul2tp_limits_set_put(&r.attributes, &set);
	return request_run(&r, NULL, NULL);
}
