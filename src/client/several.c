/* SPDX-License-Identifier: BSD-2-Clause */
/* several.c - make several sessions by one datagram; see ul2tp.h
 *
 * A session made by itself costs two processes a turn each, beside what ul2tpd does for it: who asks wakes for the answer,
 * and ul2tpd for what is asked next. ul2tpd stops at the first of a datagram that it refuses (UL2TP_ATTR_STOP_AT_REFUSAL),
 * so that no more is made than one after the other would have been. Only the last asks for an acknowledgement: one that is
 * refused is answered anyway.
 */
#include "client/several.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>

#include "client/refusal.h"
#include "netlink/error_message.h"

#define AT_ONCE 32

/* Requests of one datagram, whose numbers follow each other. */
struct several {
	struct ul2tp *u;
	const uint8_t *params; /* of the first; each has as many octets as it says */
	size_t stride;
	uint32_t first; /* sequence number */
	size_t count;
	size_t last_at; /* where the last begins */
	struct writer out;
	_Alignas(8) uint8_t octets[REQUEST_MAX];
};

static const struct ul2tp_session_params *params_of(const struct several *s, size_t i)
{
	return (const struct ul2tp_session_params *)(s->params + i * s->stride);
}

static bool stops_at_refusal(struct ul2tp *u)
{
	const struct ul2tp_socket_set set = { .has_stop = true, .stop = true };

	if (!u->stops && !u->never_stops) {
		u->stops = socket_set(u, &set) == 0;
		u->never_stops = !u->stops;
	}
	return u->stops;
}

static void want_no_answer(struct several *s)
{
	uint8_t *at = s->octets + s->last_at + offsetof(struct nlmsghdr, nlmsg_flags);
	uint16_t flags;

	memcpy(&flags, at, sizeof(flags));
	flags &= (uint16_t)~NLM_F_ACK;
	memcpy(at, &flags, sizeof(flags));
}

/* Return: whether there was room for it. */
static bool append(struct several *s, struct request *r)
{
	size_t at = write_len(&s->out);

	if (!nl_message_end(&r->attributes, r->start) ||
	    at + write_len(&r->attributes) > sizeof(s->octets))
		return false;
	if (s->count)
		want_no_answer(s);
	write_bytes(&s->out, r->octets, write_len(&r->attributes));
	s->last_at = at;
	s->count++;
	return true;
}

/* As many as can be asked for. One that can not be is told of when it is the first. */
static int collect(struct several *s, size_t count)
{
	struct request r;

	s->out = writer_over(s->octets, sizeof(s->octets));
	for (size_t i = 0; i < count; i++) {
		int err = session_add_begin(&r, s->u, params_of(s, i));

		if (i == 0)
			s->first = s->u->sequence;
		if (err < 0)
			return s->count ? 0 : err;
		/* Numbers start again at 1 when they are used up, and these are to follow each other. */
		if (s->u->sequence - s->first != i || !append(s, &r)) {
			s->u->sequence--;
			break;
		}
	}
	return s->count ? 0
	                : connection_fail(s->u, -EMSGSIZE, "",
	                                  "the request is too long for a datagram");
}

/* The words are about its request, which is written again: only its number is another. */
static int refused(struct several *s, size_t i, const struct nl_error *refusal)
{
	uint32_t sequence = s->u->sequence;
	struct request r;
	int err = session_add_begin(&r, s->u, params_of(s, i));

	s->u->sequence = sequence;
	return err < 0 ? err : request_refused(&r, refusal);
}

/* @err: what the first that was refused came to, and *made which it is. Return: whether all is answered. */
static bool take(struct several *s, const struct nl_message *m, size_t *made, int *err)
{
	size_t i = m->sequence - s->first;
	struct nl_error answer;

	if (m->type != NLMSG_ERROR || i >= s->count)
		return false;
	if (nl_error_read(m, &answer) < 0) {
		*err = *err < 0 ? *err
		                : connection_fail(s->u, -EBADMSG, "",
		                                  "an answer that makes no sense");
		return true;
	}
	if (answer.error < 0 && *err == 0) {
		*made = i;
		*err = refused(s, i, &answer);
	}
	return i + 1 == s->count;
}

static int run(struct several *s, size_t *made)
{
	struct reader datagram;
	int lost = exchange_begin(s->u, s->octets, write_len(&s->out), -1, &datagram), err = 0;
	bool all = false;

	*made = 0;
	while (lost == 0) {
		struct nl_message m;

		while (!all && nl_message_next(&datagram, &m))
			all = take(s, &m, made, &err);
		if (all)
			break;
		lost = connection_receive(s->u, deadline_after(s->u->timeout_ms), &datagram);
	}
	if (lost < 0)
		return lost;
	if (err == 0)
		*made = s->count;
	return err;
}

static int add_some(struct ul2tp *u, const void *params, size_t stride, size_t count, size_t *made)
{
	struct several s = { .u = u, .params = params, .stride = stride };
	int err;

	*made = 0;
	if (count == 1 || !stops_at_refusal(u)) {
		err = ul2tp_session_add(u, params);
		*made = err == 0;
		return err;
	}
	err = collect(&s, count < AT_ONCE ? count : AT_ONCE);
	return err < 0 ? err : run(&s, made);
}

int ul2tp_sessions_add(struct ul2tp *u, const struct ul2tp_session_params *params, size_t count,
                       size_t *made)
{
	size_t unused, some, *done = made ? made : &unused;
	int err = 0;

	for (*done = 0; err == 0 && *done < count; *done += some)
		err = add_some(u, (const uint8_t *)params + *done * params->size, params->size,
		               count - *done, &some);
	return err;
}
