/* SPDX-License-Identifier: BSD-2-Clause */
/* channel.c - channels come, change and go; the API thread. See channel.h
 *
 * Where a channel's frames go follows from its relations: route_of(). Whoever changes one of them lets the worker know
 * by set_route(), and what it pointed to before is free when that returns.
 */
#include "path/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "path/channel_private.h"
#include "path/dataplane_private.h"
#include "path/ppp_file.h"
#include "path/ppp_record.h"
#include "path/unit.h"
#include "path/unit_fast.h"

#define STATE_CONNECTED 1 /* PX-3 */
#define STATE_BOUND     3

/* Frames that a socket or file has: protocol first. */
static void frame_written(void *arg, const uint8_t *frame, size_t len, bool whole)
{
	struct channel *c = arg;

	if (whole)
		channel_forward(c, frame, len);
	else
		channel_drop(c, TX_DROP_TOO_BIG);
}

static struct channel_route route_of(const struct channel *c)
{
	struct channel_route route = { .unit = c->unit, .bridge = c->bridge };

	if (c->socket)
		route.socket = &c->socket->end;
	if (!list_empty(&c->files))
		route.file = &list_entry(c->files.next, struct ppp_file, in_channel)->end;
	if (!c->bound)
		route.mode = CHANNEL_TO_SOCKET;
	else if (c->bridge)
		route.mode = CHANNEL_TO_BRIDGE;
	else
		route.mode = c->unit ? CHANNEL_TO_UNIT : CHANNEL_TO_FILES;
	return route;
}

static void open_route(struct letter *letter)
{
	struct channel *c = container_of(letter, struct channel, rx.letter);

	c->rx.route = c->rx.next;
	if (c->rx.receiver)
		receiver_gate_set(c->rx.receiver, c->rx.route.mode == CHANNEL_TO_UNIT);
	if (c->rx.program_fd >= 0)
		channel_take_over(c, c->rx.program_fd);
	if (c->rx.route.file)
		channel_queue_flush(c);
}

static void post(struct channel *c, void (*open)(struct letter *))
{
	c->rx.letter.open = open;
	mailbox_post_wait(&c->rx.worker->mailbox, &c->rx.letter);
}

static void set_route(struct channel *c, int program_fd)
{
	c->rx.next = route_of(c);
	c->rx.program_fd = program_fd;
	post(c, open_route);
}

static void open_begin(struct letter *letter)
{
	struct channel *c = container_of(letter, struct channel, rx.letter);

	c->rx.route = c->rx.next;
	if (c->rx.receiver)
		c->rx.receiver->channel = c;
}

static struct worker *own_worker(const struct channel *c)
{
	return c->session ? dataplane_sending_worker(c->dp, c->session) : c->tx.worker;
}

/* Without a session it is one that has lost its own. */
static struct channel *channel_make(struct ppp_file *socket, struct session *s)
{
	struct channel *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->dp = socket->dp;
	c->netns = socket->netns;
	c->socket = socket;
	c->session = s;
	list_init(&c->in_unit);
	list_init(&c->files);
	list_init(&c->rx.queue);
	c->rx.worker = c->tx.worker = dataplane_receiving_worker(c->dp, c->netns);
	if (s) {
		c->rx.receiver = s->receiver;
		c->tx.worker = s->sender->worker;
		c->tx.sender = s->sender;
		s->channel = c;
		s->socket_state = STATE_CONNECTED;
	}
	return c;
}

/* @number: 0: none */
static void channel_start(struct channel *c, uint32_t number)
{
	c->number = number;
	if (number)
		ordered_insert(&c->netns->channels, &c->by_number, number);
	c->rx.next = route_of(c);
	post(c, open_begin);
	ppp_end_start(&c->socket->end, c->tx.worker, frame_written, c);
}

/* PX-21 */
static bool has_number(const struct session_record *r)
{
	return r->session_id || r->peer_session_id;
}

int channel_new(struct ppp_file *socket, struct session *s, struct channel **ret)
{
	struct channel *c = channel_make(socket, s);

	if (!c)
		return -ENOMEM;
	channel_start(c, has_number(s->record) ? ++c->netns->last_channel : 0);
	*ret = c;
	return 0;
}

int channel_adopt(struct ppp_file *socket, struct session *s, uint32_t number, struct channel **ret)
{
	struct channel *c;

	if (number && channel_find(socket->netns, number))
		return -EEXIST;
	c = channel_make(socket, s);
	if (!c)
		return -ENOMEM;
	if (number > c->netns->last_channel)
		c->netns->last_channel = number;
	channel_start(c, number);
	*ret = c;
	return 0;
}

/* What programs wrote before they asked for something is sent before it is done, as if write() had sent it. The API
 * thread waits while this runs, so that the files stay as they are. */
static void drain(struct channel *c)
{
	if (c->socket)
		ppp_end_drain(&c->socket->end);
	list_for_each (node, &c->files)
		ppp_end_drain(&list_entry(node, struct ppp_file, in_channel)->end);
}

static void open_sender_gone(struct letter *letter)
{
	struct channel *c = container_of(letter, struct channel, tx.letter);

	drain(c);
	c->tx.sender = NULL;
}

static void open_settle(struct letter *letter)
{
	drain(container_of(letter, struct channel, tx.letter));
}

void channel_settle(struct channel *c)
{
	c->tx.letter.open = open_settle;
	mailbox_post_wait(&c->tx.worker->mailbox, &c->tx.letter);
}

void channel_session_going(struct channel *c)
{
	c->tx.letter.open = open_sender_gone;
	mailbox_post(&c->tx.worker->mailbox, &c->tx.letter);
}

static void open_sender_back(struct letter *letter)
{
	struct channel *c = container_of(letter, struct channel, tx.letter);

	c->tx.sender = c->session->sender;
	if (c->unit)
		unit_gate_follow(c->unit);
}

void channel_session_back(struct channel *c)
{
	c->tx.letter.open = open_sender_back;
	mailbox_post(&c->tx.worker->mailbox, &c->tx.letter);
}

void channel_session_gone(struct channel *c)
{
	if (c->unit)
		unit_fast_session_gone(c->unit, c->session);
	c->session = NULL;
	ppp_record_update(c->socket);
}

static void open_end(struct letter *letter)
{
	channel_queue_flush(container_of(letter, struct channel, rx.letter));
}

void channel_socket_detach(struct channel *c)
{
	ppp_end_stop(&c->socket->end); /* what was written before is sent */
	c->socket = NULL;
	set_route(c, -1);
}

void channel_delete(struct channel *c)
{
	post(c, open_end);
	if (c->number)
		ordered_remove(&c->netns->channels, &c->by_number);
	free(c);
}

void channel_bind(struct channel *c, int program_fd)
{
	c->bound = true;
	if (c->session)
		c->session->socket_state = STATE_BOUND;
	if (c->number) /* else it is a tunnel's, and there are no frames */
		set_route(c, program_fd);
	ppp_record_update(c->socket);
}

void channel_file_attach(struct channel *c, struct ppp_file *f)
{
	f->channel = c;
	list_append(&c->files, &f->in_channel);
	set_route(c, -1);
	ppp_end_start(&f->end, c->tx.worker, frame_written, c);
	ppp_record_update(f);
}

void channel_file_detach(struct ppp_file *f)
{
	struct channel *c = f->channel;

	ppp_end_stop(&f->end);
	list_remove(&f->in_channel);
	f->channel = NULL;
	set_route(c, -1);
}

void channel_device_name(const struct channel *c, char ret[IFNAMSIZ])
{
	ret[0] = '\0';
	if (c->unit)
		unit_device_name(c->unit, ret);
}

struct channel *channel_find(const struct netns *ns, uint32_t number)
{
	return ordered_entry(ordered_find(&ns->channels, number), struct channel, by_number);
}

void channel_unit_set(struct channel *c, struct unit *u)
{
	c->unit = u;
	set_route(c, -1);
	ppp_record_update(c->socket);
}

static void stop_ends(struct channel *c)
{
	if (c->socket)
		ppp_end_stop_begin(&c->socket->end);
	list_for_each (node, &c->files)
		ppp_end_stop_begin(&list_entry(node, struct ppp_file, in_channel)->end);
	mailbox_wait(&c->tx.worker->mailbox);
}

static void start_ends(struct channel *c)
{
	if (c->socket)
		ppp_end_start(&c->socket->end, c->tx.worker, frame_written, c);
	list_for_each (node, &c->files)
		ppp_end_start(&list_entry(node, struct ppp_file, in_channel)->end, c->tx.worker,
		              frame_written, c);
}

/* While nobody reads what programs write, and nothing routes to it, no worker touches .tx. */
void channel_move(struct channel *c, struct worker *w)
{
	if (!w)
		w = own_worker(c);
	if (w == c->tx.worker)
		return;
	stop_ends(c);
	c->tx.worker = w;
	if (c->session)
		c->session->sender->worker = w;
	start_ends(c);
}

/* First each other's worker gets the sender, then the frames go there (PPP-30). */
void channel_bridge(struct channel *a, struct channel *b)
{
	channel_move(a, b->rx.worker);
	channel_move(b, a->rx.worker);
	a->bridge = b;
	b->bridge = a;
	set_route(a, -1);
	set_route(b, -1);
	ppp_record_update(a->socket);
	ppp_record_update(b->socket);
}

void channel_unbridge(struct channel *c)
{
	struct channel *other = c->bridge;

	c->bridge = other->bridge = NULL;
	set_route(c, -1);
	set_route(other, -1);
	ppp_record_update(c->socket);
	ppp_record_update(other->socket);
	channel_move(c, NULL);
	channel_move(other, NULL);
}
