/* SPDX-License-Identifier: BSD-2-Clause */
/* exchange.c - one request and all its answers; see exchange.h
 *
 * Answers are told from what is left of an earlier request, one that timed out, by the sequence number.
 */
#include "client/exchange.h"

#include <errno.h>
#include <string.h>

#include "client/refusal.h"
#include "netlink/control_family.h"
#include "netlink/error_message.h"
#include "netlink/l2tp_family.h"
#include "ul2tp_netlink.h"

#define RENEWALS_MAX 5 /* one upgrade after the other, or nobody there any more */

static int check_ready(struct ul2tp *u, enum client_family family)
{
	if (u->busy)
		return connection_fail(u, -EBUSY, "",
		                       "the connection is used from its own callback");
	if (u->subscribed)
		return connection_fail(
			u, -EBUSY, "",
			"the connection is subscribed to events: use another for requests");
	if (u->family_ids[family])
		return 0;
	if (family == FAMILY_UL2TP && u->backend == UL2TP_BACKEND_KERNEL)
		return connection_fail(
			u, -EOPNOTSUPP, "",
			"only ul2tpd can do that, and this is the kernel's own L2TP");
	return connection_fail(u, -EOPNOTSUPP, "", "the other end has no such family");
}

static uint8_t family_version(enum client_family family)
{
	switch (family) {
	case FAMILY_L2TP:
		return L2TP_GENL_VERSION;
	case FAMILY_UL2TP:
		return UL2TP_GENL_VERSION;
	default:
		return 2; /* nlctrl's, as its answers have it */
	}
}

int request_begin(struct request *r, struct ul2tp *u, enum client_family family, uint8_t command,
                  bool dump)
{
	struct nl_header header = { .flags = NLM_F_REQUEST | (dump ? NLM_F_DUMP : NLM_F_ACK) };
	int err = check_ready(u, family);

	if (err < 0)
		return err;

	u->sequence++;
	if (u->sequence == 0)
		u->sequence = 1;
	header.type = u->family_ids[family];
	header.sequence = u->sequence;
	r->u = u;
	r->family = family;
	r->command = command;
	r->dump = dump;
	r->fd = -1;
	r->attributes = writer_over(r->octets, sizeof(r->octets));
	r->start = genl_message_begin(&r->attributes, &header, command, family_version(family));
	return 0;
}

int request_begin_get(struct request *r, struct ul2tp *u, const struct get_commands *get,
                      unsigned int flags, bool dump)
{
	if (flags & UL2TP_PUBLIC)
		return request_begin(r, u, FAMILY_UL2TP, get->public, dump);
	if (flags & UL2TP_EXTRAS && u->family_ids[FAMILY_UL2TP])
		return request_begin(r, u, FAMILY_UL2TP, get->ul2tp, dump);
	return request_begin(r, u, FAMILY_L2TP, get->l2tp, dump);
}

int answer_attributes(const struct nl_message *m, struct reader *ret)
{
	uint8_t command;

	return genl_header_read(m, &command, ret) < 0 ? -EBADMSG : 0;
}

/* What one message means for the exchange: 1: go on; 0 or an errno: it is over. */
static int take_message(struct request *r, const struct nl_message *m, answer_fn *fn, void *arg,
                        int *fn_result)
{
	struct nl_error refusal;
	int status;

	if (m->sequence != r->u->sequence)
		return 1;

	switch (m->type) {
	case NLMSG_ERROR:
		if (nl_error_read(m, &refusal) < 0)
			return connection_fail(r->u, -EBADMSG, "", "an answer that makes no sense");
		return refusal.error == 0 ? 0 : request_refused(r, &refusal);
	case NLMSG_DONE:
		status = nl_done_read(m);
		refusal = (struct nl_error){ .error = status, .text = "" };
		return status == 0 ? 0 : request_refused(r, &refusal);
	default:
		break;
	}

	/* After the callback has had enough the rest is still read: a dump that is left in the
	 * middle would make the next one fail with EBUSY. */
	if (fn && m->type == r->u->family_ids[r->family] && *fn_result == 0) {
		r->u->busy = true;
		*fn_result = fn(r->u, m, arg);
		r->u->busy = false;
	}
	return 1;
}

static int begin(struct ul2tp *u, const void *octets, size_t len, int fd, struct reader *ret)
{
	int err;

	u->unread = false;
	err = connection_send(u, octets, len, fd);
	return err < 0 ? err : connection_receive(u, deadline_after(u->timeout_ms), ret);
}

int exchange_begin(struct ul2tp *u, const void *octets, size_t len, int fd, struct reader *ret)
{
	int err = begin(u, octets, len, fd, ret);

	for (int tries = 0; err == -EPIPE && u->unread && tries < RENEWALS_MAX; tries++) {
		const struct ul2tp_error error = u->error;
		int renewed = u->renew ? u->renew(u) : -ENOTCONN;

		if (renewed == 0) {
			err = begin(u, octets, len, fd, ret);
			continue;
		}
		u->error = error;
		u->unread = renewed == -EPIPE; /* what was asked on the way there does not count */
	}
	return err;
}

int request_run(struct request *r, answer_fn *fn, void *arg)
{
	struct reader datagram;
	int fn_result = 0;
	int err;

	if (!nl_message_end(&r->attributes, r->start))
		return connection_fail(r->u, -EMSGSIZE, "", "the request is longer than %d octets",
		                       REQUEST_MAX);
	err = exchange_begin(r->u, r->octets, write_len(&r->attributes), r->fd, &datagram);
	while (err == 0) {
		struct nl_message m;

		while (nl_message_next(&datagram, &m)) {
			err = take_message(r, &m, fn, arg, &fn_result);
			if (err <= 0)
				return err < 0 ? err : fn_result;
		}
		/* A long dump makes progress: what must not take long is each part of it. */
		err = connection_receive(r->u, deadline_after(r->u->timeout_ms), &datagram);
	}
	return err;
}
