/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.c - libul2tp: trace events; see ul2tp.h */
#include <errno.h>

#include "client/exchange.h"
#include "netlink/ul2tp_trace.h"
#include "ul2tp_netlink.h"

const char *ul2tp_trace_name(unsigned int event)
{
	return trace_event_name(event);
}

/* Events that are underway come before the acknowledgement and must not be taken for it: so there is none, and
 * what could be refused was not when it began. */
static int change(struct ul2tp *u, uint64_t events)
{
	uint8_t octets[128];
	struct writer w = writer_over(octets, sizeof(octets));
	const struct nl_header header = { .type = u->family_ids[FAMILY_UL2TP],
		                          .flags = NLM_F_REQUEST };
	size_t start = ul2tp_message_begin(&w, &header, UL2TP_CMD_TRACE);

	trace_request_put(&w, events);
	nl_message_end(&w, start);
	return connection_send(u, octets, write_len(&w), -1);
}

int ul2tp_trace(struct ul2tp *u, uint64_t events)
{
	struct request r;
	int err;

	if (events & ~trace_events_all())
		return connection_fail(u, -EINVAL, "", "there are %d events", UL2TP_TRACE_EVENTS);
	if (u->tracing)
		return change(u, events);
	err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_TRACE, false);
	if (err < 0)
		return err;
	trace_request_put(&r.attributes, events);
	err = request_run(&r, NULL, NULL);
	if (err < 0)
		return err;
	u->subscribed = u->tracing = true;
	u->waiting = reader_over(u->datagram, 0);
	return 0;
}

static int record_read(struct ul2tp *u, const struct nl_message *m,
                       const struct ul2tp_trace_record **ret)
{
	struct reader attributes;
	uint8_t command;

	if (genl_header_read(m, &command, &attributes) < 0 || command != UL2TP_CMD_TRACE ||
	    trace_view_read(attributes, &u->trace) < 0)
		return connection_fail(u, -EBADMSG, "", "a malformed trace event");
	*ret = &u->trace.record;
	return 1;
}

int ul2tp_trace_next(struct ul2tp *u, int timeout_ms, const struct ul2tp_trace_record **ret)
{
	int64_t deadline = deadline_after(timeout_ms);

	if (!u->tracing)
		return connection_fail(u, -EINVAL, "",
		                       "the connection does not listen to trace events");
	for (;;) {
		struct nl_message m;
		int err;

		while (nl_message_next(&u->waiting, &m))
			if (m.type == u->family_ids[FAMILY_UL2TP])
				return record_read(u, &m, ret);
		err = connection_receive(u, deadline, &u->waiting);
		if (err < 0) {
			u->waiting = reader_over(u->datagram, 0);
			return err == -ETIMEDOUT ? 0 : err;
		}
	}
}
