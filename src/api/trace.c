/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.c - see trace.h
 *
 * Events are read in batches, the oldest first, and each listening client gets those it wants of a batch in as
 * few datagrams as they fit. One that does not read loses them, and is told how many.
 */
#include "api/trace.h"

#include <stdbool.h>

#include "api/server.h"
#include "base/cleanup.h"
#include "netlink/ul2tp_trace.h"

#define BATCH       256  /* events */
#define BATCHES_MAX 16   /* before clients get their turn */
#define DATAGRAM    8192 /* octets */

static bool all_namespaces(const struct server *server)
{
	return server->quirks->kernels_way[QUIRK_NOTIFY_ALL];
}

/* What anybody in @ns, or anywhere (NULL), listens to. */
static uint64_t wanted_in(const struct server *server, const struct netns *ns)
{
	uint64_t wanted = 0;

	list_for_each (node, &server->connections) {
		const struct connection *c = list_entry(node, struct connection, in_server);

		if (!ns || c->netns == ns)
			wanted |= c->trace_events;
	}
	return wanted;
}

static void update(struct server *server, struct netns *ns)
{
	if (all_namespaces(server))
		ns = NULL;
	dataplane_trace_set(server->dataplane, ns, wanted_in(server, ns));
}

/* What was left when the last one stopped to listen is nobody's. */
static void forget(struct server *server)
{
	struct trace_entry e;

	while (dataplane_trace_next(server->dataplane, &e))
		;
	dataplane_trace_lost(server->dataplane);
}

static int begin(struct connection *c, struct extack *ea)
{
	struct server *server = c->server;
	int err = netns_may_add(c->netns, UL2TP_LIMIT_SUBSCRIBERS, 1, ea);

	if (!err)
		err = dataplane_trace_open(server->dataplane, &server->mailbox);
	if (err < 0)
		return err;
	if (!server->tracers++)
		forget(server);
	c->netns->usage.values[UL2TP_LIMIT_SUBSCRIBERS]++;
	return 0;
}

static void end(struct connection *c)
{
	c->server->tracers--;
	c->netns->usage.values[UL2TP_LIMIT_SUBSCRIBERS]--;
	c->trace_lost = 0;
}

int trace_listen(struct connection *c, uint64_t events, struct extack *ea)
{
	int err = 0;

	if (events == c->trace_events)
		return 0;
	if (!c->trace_events)
		err = begin(c, ea);
	if (err < 0)
		return err;
	if (!events)
		end(c);
	c->trace_events = events;
	update(c->server, c->netns);
	return 0;
}

static size_t message_begin(struct writer *w)
{
	const struct nl_header header = { .type = UL2TP_FAMILY_ID };

	return ul2tp_message_begin(w, &header, UL2TP_CMD_TRACE);
}

void trace_tell_lost(struct connection *c)
{
	uint8_t octets[128];
	struct writer w = writer_over(octets, sizeof(octets));
	size_t start = message_begin(&w);

	trace_lost_put(&w, c->trace_lost);
	if (nl_message_end(&w, start) && connection_offer(c, octets, write_len(&w)))
		c->trace_lost = 0;
}

static void lose(struct connection *c, uint64_t events)
{
	if (!events)
		return;
	c->trace_lost += events;
	connection_wait(c);
}

static bool is_for(const struct connection *c, const struct trace_entry *e)
{
	return c->trace_events >> e->event.event & 1 &&
	       (e->netns.cookie == c->netns->id.cookie || all_namespaces(c->server));
}

static bool event_put(struct writer *w, const struct trace_event *e)
{
	size_t start = message_begin(w);

	trace_event_put(w, e);
	return nl_message_end(w, start);
}

/* Sends what has been written; the events in it are lost if that can not be now. */
static void flush(struct connection *c, struct writer *w, uint64_t *events)
{
	if (*events && (c->trace_lost || !connection_offer(c, w->start, write_len(w))))
		lose(c, *events);
	*events = 0;
}

static void tell(struct connection *c, const struct trace_entry *batch, size_t count)
{
	uint8_t octets[DATAGRAM];
	struct writer w = writer_over(octets, sizeof(octets));
	uint64_t events = 0;

	if (c->trace_lost)
		trace_tell_lost(c);
	for (size_t i = 0; i < count; i++) {
		if (!is_for(c, &batch[i]))
			continue;
		if (!event_put(&w, &batch[i].event)) {
			flush(c, &w, &events);
			w = writer_over(octets, sizeof(octets));
			event_put(&w, &batch[i].event);
		}
		events++;
	}
	flush(c, &w, &events);
}

static size_t read_batch(struct dataplane *dp, struct trace_entry batch[BATCH])
{
	size_t count = 0;

	while (count < BATCH && dataplane_trace_next(dp, &batch[count]))
		count++;
	return count;
}

static void open_more(struct letter *letter)
{
	container_of(letter, struct server, more)->more_posted = false;
}

void trace_tell(struct server *server)
{
	static struct trace_entry batch[BATCH]; /* the API thread's */
	uint64_t lost = dataplane_trace_lost(server->dataplane);
	size_t count = BATCH;

	for (int i = 0; i < BATCHES_MAX && count == BATCH; i++) {
		count = read_batch(server->dataplane, batch);
		list_for_each (node, &server->connections) {
			struct connection *c = list_entry(node, struct connection, in_server);

			if (!c->trace_events)
				continue;
			tell(c, batch, count);
			lose(c, lost);
		}
		lost = 0;
	}
	if (count < BATCH || server->more_posted)
		return;
	server->more_posted = true;
	server->more.open = open_more;
	mailbox_post(&server->mailbox, &server->more);
}
