/* SPDX-License-Identifier: BSD-2-Clause */
/* divert_raw.c - data leaves programs' sockets without eBPF; see divert.h
 *
 * Two halves: a classic filter on the program's socket drops the data packets of the tunnel's sessions
 * (divert_filter.h), and raw sockets receive them (raw_sockets.h).
 *
 * The sessions stand in the filter as numbers. So when one comes or goes we need the program's socket for a
 * moment, which we do not hold: it is taken from the process that does (process/holders.h). Where that is not
 * permitted, or when there are more sessions than a filter can name, the filter drops all data packets: the
 * program then no longer sees those of unknown sessions.
 *
 * A filter outlives us. When a tunnel goes it is taken off; if the keeper dies its guard does that (guard.h).
 */
#include "keeper/divert.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "keeper/filter_sessions.h"
#include "keeper/guard.h"
#include "keeper/raw_sockets.h"

#define SHORT_FILTER 64 /* sessions in one that is made anew in no time */

struct raw {
	struct list receivers, sockets, namespaces;
	struct guard *guard;
	struct former_guard former;
	struct reaper *reaper;
	pid_t last_holder; /* of the socket that was found last: often there are more in one process */
	bool said_all, said_stays; /* once is enough */
	struct classic program;
};

/* Sessions that are taken from any socket of a namespace. */
struct by_ids {
	struct list in_all;
	struct netns_id netns;
	struct filter_sessions sessions;
};

struct raw_socket {
	struct list in_all;
	struct netns_id netns;
	const struct divert_socket *socket;
	struct held_socket held;
	struct raw_sockets *receiver; /* NULL: the socket has no port yet */
	uint16_t port;                /* host order */
	struct filter_sessions sessions;
	uint32_t guarded; /* place at the guard */
	bool unsettled;   /* sessions were removed that the filter still names */
	size_t too_many;  /* so many sessions did not fit, and all data is dropped; 0: all fit */
	bool untouchable; /* its holder may not be touched: all data is dropped for good */
};

static int raw_open(struct divert *d, struct extack *why)
{
	int err = raw_sockets_probe();
	struct raw *r;

	if (err < 0)
		return extack_fail(why, err, 0, "%s",
		                   err == -EPERM ? "raw sockets need CAP_NET_RAW"
		                                 : "the system makes no raw socket for UDP");
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->guard = guard_new(d->max_tunnels, d->home);
	if (!r->guard) {
		free(r);
		return -ENOMEM;
	}
	r->reaper = d->reaper;
	r->former.pipe = -1;
	list_init(&r->receivers);
	list_init(&r->sockets);
	list_init(&r->namespaces);
	d->state = r;
	return 0;
}

static void by_ids_free(struct by_ids *b)
{
	list_remove(&b->in_all);
	filter_sessions_release(&b->sessions);
	free(b);
}

static void raw_close(struct divert *d)
{
	struct raw *r = d->state;

	list_for_each_safe (node, &r->namespaces)
		by_ids_free(list_entry(node, struct by_ids, in_all));
	guard_free(r->guard);
	former_guard_let_act(&r->former);
	raw_sockets_tidy(&r->receivers); /* inherited for sockets that were not */
	free(r);
}

static int raw_channel(struct divert *d, uint32_t worker, struct divert_channel *ret,
                       struct extack *ea)
{
	*ret = (struct divert_channel){ -1, -1 };
	return 0;
}

static struct by_ids *by_ids_of(struct raw *r, struct netns_id netns)
{
	list_for_each (node, &r->namespaces) {
		struct by_ids *b = list_entry(node, struct by_ids, in_all);

		if (b->netns.cookie == netns.cookie)
			return b;
	}
	return NULL;
}

static struct by_ids *by_ids_make(struct raw *r, struct netns_id netns)
{
	struct by_ids *b = by_ids_of(r, netns);

	if (b)
		return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->netns = netns;
	list_append(&r->namespaces, &b->in_all);
	return b;
}

static void say_all(struct raw *r, const char *reason)
{
	if (!r->said_all)
		log_event(LOG_NOTICE, "divert-all",
		          "effect=\"a program does not see data packets of unknown sessions\" "
		          "reason=\"%s\"",
		          reason);
	r->said_all = true;
}

static void say_stays(struct raw *r, int err)
{
	if (!r->said_stays)
		log_event(
			LOG_NOTICE, "filter-stays",
			"effect=\"a program sees data of sessions that came since, and none of those that "
			"went\" error=\"%s\"",
			strerror(-err));
	r->said_stays = true;
}

/* The program for the sessions of @s; -E2BIG */
static int build(struct raw *r, const struct raw_socket *s)
{
	static const struct filter_sessions none;
	const struct by_ids *shared = by_ids_of(r, s->netns);
	struct filter_sessions all;
	int err = filter_sessions_merge(&s->sessions, shared ? &shared->sessions : &none, &all);

	if (err == 0)
		err = divert_filter_build(&r->program, all.at, all.count);
	filter_sessions_release(&all);
	return err;
}

static int attach_all(struct raw *r, int fd)
{
	divert_filter_build_all(&r->program);
	return classic_attach(&r->program, fd);
}

/* A filter is paid for from the socket's option memory, and for a moment so is the one before it. */
static int attach_built(struct raw *r, const struct raw_socket *s, int fd)
{
	int err = build(r, s);

	if (err == 0)
		err = classic_attach(&r->program, fd);
	if (err != -ENOMEM)
		return err;
	err = attach_all(r, fd);
	if (err == 0)
		err = build(r, s);
	return err < 0 ? err : classic_attach(&r->program, fd);
}

/* Put the filter that is now right on the program's socket @fd. 0 or -errno */
static int filter_renew(struct raw *r, struct raw_socket *s, int fd)
{
	int err = attach_built(r, s, fd);

	s->too_many = 0;
	if (err != -E2BIG && err != -ENOMEM)
		return err;
	s->too_many = s->sessions.count ? s->sessions.count : 1;
	say_all(r, "more sessions than a filter can name");
	return attach_all(r, fd);
}

/* The sessions have changed. When there were too many, it is tried again when half of them are left. */
static void filter_follow(struct divert *d, struct raw_socket *s)
{
	struct raw *r = d->state;
	AUTO_FD fd = -1;

	s->unsettled = false;
	if (s->socket->gone || s->untouchable)
		return;
	if (s->too_many && s->sessions.count > s->too_many / 2)
		return;
	s->held.skip = d->engine;
	fd = held_socket_get(&s->held);
	if (fd >= 0)
		filter_renew(r, s, fd);
	else
		say_stays(r, fd);
}

static uint16_t port_of(const union address *a)
{
	return ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

static void raw_socket_free(struct raw_socket *s)
{
	if (!s)
		return;
	raw_sockets_release(s->receiver, s->port);
	filter_sessions_release(&s->sessions);
	free(s);
}
DEFINE_AUTO(raw_socket)

/* Sockets that receive on the port that @socket has now. */
static int follow_port(struct raw *r, struct raw_socket *s, struct divert_socket *socket,
                       struct extack *ea)
{
	uint16_t port = port_of(&socket->local);
	struct raw_sockets *now = NULL;
	int err = port ? raw_sockets_use(&r->receivers, r->reaper, s->netns, port, &now, ea) : 0;

	if (err < 0)
		return err;
	raw_sockets_release(s->receiver, s->port);
	s->receiver = now;
	s->port = port;
	socket->receive = now ? *raw_sockets_fds(now) : RAW_FDS_NONE;
	return 0;
}

/* Whether the socket can be had again later: its holder is looked for now, as it will be then. A program may have
 * thousands of descriptors, so the number that it gave is tried before they are walked over. */
static bool may_be_had(struct divert *d, struct raw_socket *s)
{
	struct raw *r = d->state;
	AUTO_FD fd = -1;

	s->held.pid = r->last_holder;
	s->held.number = s->socket->number;
	s->held.skip = d->engine;
	fd = held_socket_get(&s->held);
	if (fd >= 0)
		r->last_holder = s->held.pid;
	return fd >= 0;
}

static int begin(struct divert *d, struct raw_socket *s, int fd, struct extack *ea)
{
	struct raw *r = d->state;
	int err = guard_add(r->guard, r->reaper, &s->held, &s->guarded);

	if (err < 0)
		return extack_fail(ea, err, 0, "there can be no guard for the socket");
	if (may_be_had(d, s)) {
		err = filter_renew(r, s, fd);
	} else {
		s->untouchable = true;
		say_all(r, "the process that holds the socket may not be touched");
		err = attach_all(r, fd);
	}
	if (err < 0) {
		guard_remove(r->guard, s->guarded);
		return extack_fail(ea, err, 0,
		                   err == -EPERM ? "the socket's filter is locked (SO_LOCK_FILTER)"
		                                 : "the system refuses the socket filter");
	}
	return 0;
}

static struct raw_socket *raw_socket_new(struct divert_socket *socket)
{
	struct raw_socket *s = calloc(1, sizeof(*s));

	if (s)
		*s = (struct raw_socket){ .netns = socket->netns, .socket = socket };
	return s;
}

/* First receive, then drop: else what comes in between would be lost. */
static int raw_attach(struct divert *d, struct divert_socket *socket, int fd, struct extack *ea)
{
	AUTO(raw_socket) struct raw_socket *s = raw_socket_new(socket);
	struct raw *r = d->state;
	int err;

	if (!s)
		return -ENOMEM;
	err = held_socket_of(fd, &s->held);
	if (err == 0)
		err = follow_port(r, s, socket, ea);
	if (err == 0)
		err = begin(d, s, fd, ea);
	if (err < 0)
		return err;
	list_append(&r->sockets, &s->in_all);
	socket->way = TAKE(s);
	return 0;
}

static int raw_changed(struct divert *d, struct divert_socket *socket, int fd, struct extack *ea)
{
	return follow_port(d->state, socket->way, socket, ea);
}

static void raw_detach(struct divert *d, struct divert_socket *socket)
{
	struct raw_socket *s = socket->way;
	struct raw *r = d->state;
	AUTO_FD fd = -1;

	s->held.skip = d->engine;
	fd = socket->gone ? -ESRCH : held_socket_get(&s->held);

	if (fd >= 0)
		classic_detach(fd);
	else if (!socket->gone)
		say_stays(r, fd);
	guard_remove(r->guard, s->guarded);
	list_remove(&s->in_all);
	raw_socket_free(s);
	socket->way = NULL;
	socket->receive = RAW_FDS_NONE;
}

static void follow_namespace(struct divert *d, struct netns_id netns)
{
	struct raw *r = d->state;

	list_for_each (node, &r->sockets) {
		struct raw_socket *s = list_entry(node, struct raw_socket, in_all);

		if (s->netns.cookie == netns.cookie)
			filter_follow(d, s);
	}
}

static int raw_session_add(struct divert *d, struct divert_socket *socket,
                           const struct divert_session *session)
{
	struct raw *r = d->state;
	struct by_ids *shared;
	int changed;

	if (socket) {
		struct raw_socket *s = socket->way;

		changed = filter_sessions_add(&s->sessions, session);
		if (changed > 0)
			filter_follow(d, s);
		return changed < 0 ? changed : 0;
	}
	shared = by_ids_make(r, session->netns);
	if (!shared)
		return -ENOMEM;
	changed = filter_sessions_add(&shared->sessions, session);
	if (changed > 0)
		follow_namespace(d, session->netns);
	return changed < 0 ? changed : 0;
}

/* Sessions often go together, and their tunnel with them: a long filter is made once for all. */
static void follow_later(struct divert *d, struct raw_socket *s)
{
	if (s->sessions.count <= SHORT_FILTER) {
		filter_follow(d, s);
		return;
	}
	s->unsettled = true;
	d->unsettled = true;
}

static void raw_session_remove(struct divert *d, struct divert_socket *socket,
                               const struct divert_session *session)
{
	struct raw *r = d->state;
	struct by_ids *shared;

	if (socket) {
		struct raw_socket *s = socket->way;

		if (filter_sessions_remove(&s->sessions, session))
			follow_later(d, s);
		return;
	}
	shared = by_ids_of(r, session->netns);
	if (!shared || !filter_sessions_remove(&shared->sessions, session))
		return;
	if (!shared->sessions.count)
		by_ids_free(shared);
	list_for_each (node, &r->sockets) {
		struct raw_socket *s = list_entry(node, struct raw_socket, in_all);

		if (s->netns.cookie == session->netns.cookie)
			follow_later(d, s);
	}
}

static void raw_settle(struct divert *d)
{
	struct raw *r = d->state;

	d->unsettled = false;
	list_for_each (node, &r->sockets) {
		struct raw_socket *s = list_entry(node, struct raw_socket, in_all);

		if (s->unsettled)
			filter_follow(d, s);
	}
}

static void raw_child_ended(struct divert *d)
{
	struct raw *r = d->state;

	guard_look(r->guard, r->reaper);
}

static void raw_leave(const struct divert *d, struct bequest *b)
{
	const struct raw *r = d->state;

	guard_leave(r->guard, b);
	raw_sockets_leave(&r->receivers, b);
	list_for_each (node, &r->namespaces) {
		const struct by_ids *shared = list_entry(node, struct by_ids, in_all);

		leave_u64(b, shared->netns.cookie);
		filter_sessions_leave(&shared->sessions, b);
	}
	leave_u64(b, 0);
}

static int raw_inherit(struct divert *d, struct inheritance *i)
{
	struct raw *r = d->state;
	struct netns_id netns;
	int err = former_guard_inherit(&r->former, i);

	if (!err)
		err = raw_sockets_inherit(&r->receivers, r->reaper, i);
	while (!err && (netns.cookie = inherit_u64(i))) {
		struct by_ids *shared = by_ids_of(r, netns) ? NULL : by_ids_make(r, netns);

		err = shared ? filter_sessions_inherit(&shared->sessions, i) : -EBADMSG;
	}
	return !err && inherit_failed(i) ? -EBADMSG : err;
}

static void raw_leave_socket(const struct divert *d, const struct divert_socket *socket,
                             struct bequest *b)
{
	const struct raw_socket *s = socket->way;

	leave_u64(b, s->held.ino);
	leave_u32(b, (uint32_t)s->held.pid);
	leave_u32(b, (uint32_t)s->held.number);
	leave_u32(b, s->receiver ? s->port : 0);
	leave_u64(b, s->too_many);
	leave_u32(b, s->untouchable);
	filter_sessions_leave(&s->sessions, b);
}

static void raw_read_socket(struct raw_socket *s, struct inheritance *i)
{
	uint32_t port;

	s->held.cookie = s->socket->cookie;
	s->held.ino = inherit_u64(i);
	s->held.pid = (pid_t)inherit_u32(i);
	s->held.number = (int)inherit_u32(i);
	port = inherit_u32(i);
	s->too_many = inherit_u64(i);
	s->untouchable = inherit_bool(i);
	if (port > UINT16_MAX || s->held.pid < 0)
		inherit_refuse(i);
	s->port = (uint16_t)port;
}

/* The filter is on it as it was. Whoever can not have it here is told of by the guard that knew it. */
static int raw_inherit_socket(struct divert *d, struct divert_socket *socket, struct inheritance *i)
{
	AUTO(raw_socket) struct raw_socket *s = raw_socket_new(socket);
	struct raw *r = d->state;
	int err;

	if (!s)
		return -ENOMEM;
	raw_read_socket(s, i);
	err = filter_sessions_inherit(&s->sessions, i);
	if (err < 0)
		return err;
	if (s->port) {
		s->receiver = raw_sockets_use_again(&r->receivers, s->netns, s->port);
		if (!s->receiver)
			return -EBADMSG;
		socket->receive = *raw_sockets_fds(s->receiver);
	}
	err = guard_add(r->guard, r->reaper, &s->held, &s->guarded);
	if (err < 0)
		return err;
	list_append(&r->sockets, &s->in_all);
	socket->way = TAKE(s);
	return 0;
}

static void raw_inherited(struct divert *d)
{
	struct raw *r = d->state;

	raw_sockets_tidy(&r->receivers);
	former_guard_dismiss(&r->former);
}

const struct divert_ops divert_raw = {
	.name = "raw",
	.open = raw_open,
	.close = raw_close,
	.channel = raw_channel,
	.attach = raw_attach,
	.changed = raw_changed,
	.detach = raw_detach,
	.session_add = raw_session_add,
	.session_remove = raw_session_remove,
	.leave = raw_leave,
	.inherit = raw_inherit,
	.leave_socket = raw_leave_socket,
	.inherit_socket = raw_inherit_socket,
	.inherited = raw_inherited,
	.settle = raw_settle,
	.child_ended = raw_child_ended,
};
