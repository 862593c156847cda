/* SPDX-License-Identifier: BSD-2-Clause */
/* request.c - see request.h */
#include "api/request.h"

#include <errno.h>

#include "api/server.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "netlink/control_family.h"
#include "netlink/l2tp_family.h"
#include "netlink/ul2tp_family.h"

/* What one family does with a request that passed the common checks. */
struct service {
	const struct genl_family *family;
	int (*serve)(struct request *r);
	bool (*dump_next)(struct connection *c, struct writer *w);
};

static const struct service services[] = {
	{ &control_family, control_serve, control_dump_next },
	{ &l2tp_family, l2tp_serve, l2tp_dump_next },
	{ &ul2tp_family, ul2tp_serve, ul2tp_dump_next },
};

static const struct service *service_find(uint16_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (services[i].family->id == id)
			return &services[i];
	return NULL;
}

static int start_dump(struct request *r)
{
	struct dump *d = &r->c->dump;

	if (d->running)
		return extack_fail(&r->ea, -EBUSY, 0, "a dump is running on this socket");
	*d = (struct dump){
		.running = true,
		.family = r->family,
		.command = r->generic.command->number,
		.request = r->message,
	};
	d->request.start = NULL; /* the datagram will be gone */
	return 0;
}

static enum genl_privilege privilege_of(const struct genl_request *generic)
{
	return generic->dump && generic->command->dump_admin ? GENL_ADMIN
	                                                     : generic->command->privilege;
}

/* Return: 0: done, acknowledge if wanted; 1: a dump answers, with its own end; negative errno. */
static int serve_message(struct request *r)
{
	const struct service *service = service_find(r->message.type);
	int err;

	if (!service)
		return extack_fail(&r->ea, -ENOENT, 0, "no family has the id %u", r->message.type);
	r->family = service->family;
	err = genl_request_read(service->family, &r->message, &r->generic, &r->ea);
	if (err < 0)
		return err;
	err = request_check_privilege(r, privilege_of(&r->generic));
	if (err < 0)
		return err;
	if (privilege_of(&r->generic) != GENL_ANYONE) {
		err = netns_request(r->c->netns, loop_now_ms(r->c->server->loop), &r->ea);
		if (err < 0)
			return err;
	}
	if (!r->generic.dump)
		return service->serve(r);
	err = start_dump(r);
	return err < 0 ? err : 1;
}

static void acknowledge(struct request *r, int error)
{
	/* A refusal for want of memory needs none. */
	static _Thread_local uint8_t octets[NL_ERROR_OVERHEAD + EXTACK_TEXT_MAX + DATAGRAM_MAX];
	struct connection *c = r->c;
	struct writer w = writer_over(octets, sizeof(octets));

	if (nl_error_put(&w, &r->message, error, &r->ea, &r->fault, c->options))
		connection_answer(c, octets, write_len(&w));
}

/* What the client wrote can be part of the words; a quote in it must not end ours. */
static const char *quotable(const struct extack *ea, char to[EXTACK_TEXT_MAX])
{
	size_t i = 0;

	for (; i < EXTACK_TEXT_MAX - 1 && ea->text[i]; i++)
		to[i] = ea->text[i] == '"' ? '\'' : ea->text[i];
	to[i] = '\0';
	return to;
}

static bool is_shortage(int error)
{
	return error == -ENFILE || error == -EMFILE || error == -ENOMEM;
}

/* That something asked for is not there is no event; that something was not done is. Of what anybody may ask for, as
 * PPPoL2TP sockets, only that we are short: the program itself is told no more than a number. */
static void log_refusal(const struct request *r, int error)
{
	const struct genl_command *command = r->generic.command;
	const bool short_of = is_shortage(error);
	char reason[EXTACK_TEXT_MAX];

	if (!short_of &&
	    (!r->family || r->generic.dump || !command || command->privilege == GENL_ANYONE))
		return;
	log_event(short_of            ? LOG_WARNING
	          : command->has_dump ? LOG_INFO
	                              : LOG_NOTICE,
	          "request-refused",
	          "command=%s client=%d process=\"%s\" errno=%d reason=\"%s\" netns=%llu",
	          command ? command->name : "none", r->c->client.pid, r->c->client.process, -error,
	          quotable(&r->ea, reason), (unsigned long long)r->c->netns->id.cookie);
}

/* One that was done already, and is asked again by whoever did not hear of it, succeeds. */
static int serve_once(struct request *r)
{
	struct connection *c = r->c;
	const uint64_t token = c->token;
	int result;

	c->token = 0;
	if (done_has(&c->server->done, c->netns->id, token))
		return 0;
	result = serve_message(r);
	if (result == 0)
		done_note(&c->server->done, c->netns->id, token);
	return result;
}

static int serve(struct request *r, bool too_late)
{
	if (!nl_message_is_request(&r->message))
		return 0;
	if (too_late)
		return extack_fail(&r->ea, -ECANCELED, 0,
		                   "a request before it in the same datagram was refused");
	if (connection_lacks_descriptors(r->c))
		return extack_fail(
			&r->ea, -ENFILE, 0,
			"ul2tpd had no room for the descriptors that came along: raise its limit (LimitNOFILE)");
	return serve_once(r);
}

/* @too_late: one before it was refused. Return: whether this one was. */
static bool answer_message(struct request *r, bool too_late)
{
	int result = serve(r, too_late);

	if (result == 1) {
		request_continue_dump(r->c);
		return false;
	}
	if (result < 0)
		log_refusal(r, result);
	if (result < 0 || (nl_message_wants_ack(&r->message) && !r->acknowledged))
		acknowledge(r, result);
	return result < 0;
}

void request_serve(struct connection *c, const void *octets, size_t len)
{
	struct reader datagram = reader_over(octets, len);
	struct request r = { .c = c };
	bool refused = false;

	dataplane_trace_caller(c->server->dataplane, c->client.pid, c->client.process);
	c->token = 0;
	while (nl_message_next(&datagram, &r.message)) {
		if (!r.message.port)
			r.message.port = c->port;
		refused |= answer_message(&r, refused && c->stops);
		r = (struct request){ .c = c };
	}
}

static bool dump_done(struct connection *c, struct writer *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (services[i].family == c->dump.family)
			return services[i].dump_next(c, w);
	return true;
}

/* Messages as they fit, then the end in a datagram of its own (NL-92). What the socket does not take
 * is kept, and then nothing more is made until it was taken. */
void request_continue_dump(struct connection *c)
{
	static _Thread_local uint8_t octets[DUMP_CHUNK];

	while (c->dump.running && !c->owed) {
		struct writer w = writer_over(octets, sizeof(octets));
		bool done = dump_done(c, &w);

		connection_answer(c, octets, write_len(&w));
		if (!done)
			continue;
		w = writer_over(octets, sizeof(octets));
		nl_done_put(&w, &c->dump.request);
		connection_answer(c, octets, write_len(&w));
		c->dump.running = false;
	}
}
