/* SPDX-License-Identifier: BSD-2-Clause */
/* managed.c - endpoints that are a program's own socket (TUN-20 to TUN-26)
 *
 * We know it by its cookie, have taken its data out of it (divert.h), send beside it (transmitter.h) and are told of
 * its end (socket_watch.h); the descriptor itself is closed before whoever asked is answered.
 */
#include "keeper/managed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "keeper/descriptors.h"
#include "keeper/endpoint_socket.h"
#include "keeper/fast_path.h"
#include "keeper/path_mtu.h"

static void managed_free(struct managed *m)
{
	free(m);
}
DEFINE_AUTO(managed)

static struct managed *find(const struct server *s, uint64_t cookie)
{
	struct bucket_node *node = buckets_first(&s->managed, cookie);

	return node ? container_of(node, struct managed, by_cookie) : NULL;
}

/* TUN-20, and then what we need beyond the kernel. */
static int check(struct server *s, const struct client *c, int fd, uint8_t protocol,
                 struct extack *ea)
{
	uint64_t cookie;
	int err = program_socket_check(fd, c->about.netns, protocol, ea);

	if (err == 0)
		err = program_socket_cookie(fd, &cookie);
	if (err < 0)
		return err;
	if (find(s, cookie))
		return extack_fail(ea, -EBUSY, 0, "the socket has a tunnel already");
	if (protocol != IPPROTO_UDP)
		return extack_fail(ea, -EPROTONOSUPPORT, 0,
		                   "the socket is none of ul2tpd's of protocol 115");
	if (!s->divert.ops)
		return extack_fail(
			ea, -EOPNOTSUPP, 0,
			"this system lets ul2tpd take no data out of a program's socket, give "
			"local and remote instead");
	return descriptors_check(&s->descriptors, ea);
}

static bool has_port(const struct program_socket *p)
{
	const union address *local = &p->params.local;

	return local->any.sa_family == AF_INET6 ? local->v6.sin6_port : local->v4.sin_port;
}

/* What the engine is told of it. */
static void describe(struct endpoint *e, const struct program_socket *p)
{
	struct managed *m = e->managed;

	e->about.netns = p->netns;
	e->about.cookie = p->cookie;
	e->about.params = p->params;
	e->about.fd = m->transmitter ? transmitter_fd(m->transmitter) : -1;
	m->divert.netns = p->netns;
	m->divert.cookie = p->cookie;
	m->ino = p->ino;
	m->divert.local = p->params.local;
	m->divert.peer = p->params.peer;
	m->bound = has_port(p);
}

/* The one time that we have the socket which knows it (path_mtu.h). */
static void measure_path(struct endpoint *e, int fd, const struct program_socket *p)
{
	sa_family_t family = p->params.peer.any.sa_family;
	uint32_t own = family == AF_UNSPEC ? 0 : path_mtu_of(fd, family);
	uint32_t route = own ? endpoint_route_mtu(e, &p->params.peer) : 0;

	e->less.bytes = route ? (int32_t)(route - own) : 0;
}

/* One that is not connected does not send (TUN-23). */
static int get_transmitter(struct server *s, int fd, const struct program_socket *p,
                           struct transmitter **ret, struct extack *ea)
{
	int err = 0;

	*ret = NULL;
	if (p->params.peer.any.sa_family != AF_UNSPEC)
		*ret = transmitter_get(&s->transmitters, fd, p, &err, ea);
	return err;
}

/* While in the socket's namespace, whose news we are told already. */
static int take(struct server *s, struct endpoint *e, int fd, bool needs_port, struct extack *ea)
{
	struct managed *m = e->managed;
	struct program_socket p;
	int err = program_socket_read(fd, &p);

	if (err == 0 && needs_port && !has_port(&p))
		return extack_fail(
			ea, -EOPNOTSUPP, 0,
			"without the module udp_diag the end of a socket is seen if it has a port: bind it "
			"first");
	if (err == 0)
		err = get_transmitter(s, fd, &p, &m->transmitter, ea);
	if (err < 0)
		return err;
	describe(e, &p);
	measure_path(e, fd, &p);
	err = s->divert.ops->attach(&s->divert, &m->divert, fd, ea);
	if (err < 0) {
		transmitter_put(TAKE(m->transmitter));
		return err;
	}
	program_socket_quieten(fd);
	buckets_insert(&s->managed, &m->by_cookie, m->divert.cookie);
	return 0;
}

static int take_in_namespace(struct server *s, struct endpoint *e, const struct client *c, int fd,
                             struct extack *ea)
{
	struct netns_id netns = c->about.netns;
	ino_t ino;
	int err = netns_go_to(&s->home, c->connection, netns, &ino, ea);

	if (err < 0)
		return err;
	err = socket_watch_use(&s->watches, netns, ea);
	if (err >= 0) {
		err = take(s, e, fd, err == SOCKET_WATCH_PORTS, ea);
		if (err < 0)
			socket_watch_release(&s->watches, netns);
	}
	netns_go_home(&s->home);
	if (err < 0 || !ino)
		return err;
	err = namespaces_use(&s->namespaces, netns, ino);
	if (err == 0)
		namespaces_hold_socket(&s->namespaces, netns);
	else
		managed_close(s, e);
	return err;
}

static struct managed *managed_new(struct endpoint *e, uint32_t worker, int number)
{
	struct managed *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->endpoint = e;
	list_init(&m->in_untold);
	list_init(&m->fast);
	m->divert.worker = worker;
	m->divert.number = number;
	m->divert.receive = RAW_FDS_NONE;
	return m;
}

int kept_managed_open(struct server *s, uint32_t client, uint32_t worker, int number,
                      uint8_t protocol, int fd, struct reply *reply, struct message_fds *fds)
{
	const struct client *c = slots_get(&s->clients, client);
	AUTO_MEMORY struct endpoint *e = NULL;
	AUTO(managed) struct managed *m = NULL;
	uint32_t slot;
	int err;

	if (!c)
		return -ENOENT;
	if (!c->about.admin)
		return -EPERM;
	err = check(s, c, fd, protocol, &reply->ea);
	if (err < 0)
		return err;
	e = kept_endpoint_new();
	m = e ? managed_new(e, worker, number) : NULL;
	if (!m)
		return -ENOMEM;
	err = slots_add(&s->endpoints, e, &slot);
	if (err < 0)
		return extack_fail(&reply->ea, err, 0, "too many local endpoints");
	e->managed = m;
	e->about.slot = slot;
	err = take_in_namespace(s, e, c, fd, &reply->ea);
	if (err < 0) {
		slots_remove(&s->endpoints, slot);
		return err;
	}
	TAKE(m);
	kept_endpoint_lend(TAKE(e), reply, fds);
	return 0;
}

int kept_managed_changed(struct server *s, int fd, struct reply *reply, struct message_fds *fds)
{
	struct transmitter *before;
	struct program_socket p;
	struct managed *m;
	uint64_t cookie;
	ino_t ino;
	int err = program_socket_cookie(fd, &cookie);

	if (err < 0)
		return extack_fail(&reply->ea, err, 0, "the descriptor is not a socket");
	m = find(s, cookie);
	if (!m || m->dropped)
		return extack_fail(&reply->ea, -ENOENT, 0, "there is no tunnel on this socket");
	err = netns_go_to(&s->home, fd, m->divert.netns, &ino, &reply->ea);
	if (err < 0)
		return err;
	before = m->transmitter;
	err = program_socket_read(fd, &p);
	if (err == 0)
		err = get_transmitter(s, fd, &p, &m->transmitter, &reply->ea);
	if (err == 0) {
		fast_path_socket_shut(s, m);
		describe(m->endpoint, &p);
		m->cgroup_err = 0;
		measure_path(m->endpoint, fd, &p);
		transmitter_put(before);
		err = s->divert.ops->changed(&s->divert, &m->divert, fd, &reply->ea);
	} else {
		m->transmitter = before;
	}
	netns_go_home(&s->home);
	if (err == 0)
		kept_endpoint_lend(m->endpoint, reply, fds);
	return err;
}

void managed_drop(struct server *s, struct endpoint *e)
{
	struct managed *m = e->managed;

	if (m->dropped)
		return;
	m->dropped = true;
	fast_path_socket_shut(s, m);
	s->divert.ops->detach(&s->divert, &m->divert);
	transmitter_put(TAKE(m->transmitter));
	socket_watch_release(&s->watches, m->divert.netns);
	e->about.fd = -1;
}

void managed_close(struct server *s, struct endpoint *e)
{
	struct managed *m = e->managed;

	managed_drop(s, e);
	fast_path_socket_forget(m);
	if (!m->gone)
		namespaces_release_socket(&s->namespaces, m->divert.netns);
	list_remove(&m->in_untold);
	buckets_remove(&s->managed, &m->by_cookie);
}

static int session_change(struct server *s, uint32_t slot, const struct divert_session *session,
                          bool add)
{
	struct endpoint *e = session->by_ids ? NULL : slots_get(&s->endpoints, slot);
	struct divert_socket *socket;

	if (!s->divert.ops || (!session->by_ids && (!e || !e->managed || e->managed->dropped)))
		return -ENOENT;
	socket = e ? &e->managed->divert : NULL;
	if (add) {
		int err = s->divert.ops->session_add(&s->divert, socket, session);

		if (err == 0 && socket)
			socket->sessions++;
		return err;
	}
	s->divert.ops->session_remove(&s->divert, socket, session);
	if (socket && socket->sessions)
		socket->sessions--;
	return 0;
}

int kept_divert_add(struct server *s, uint32_t slot, const struct divert_session *session)
{
	return session_change(s, slot, session, true);
}

int kept_divert_remove(struct server *s, uint32_t slot, const struct divert_session *session)
{
	return session_change(s, slot, session, false);
}

int kept_raw_sockets(struct server *s, uint32_t slot, struct message_fds *fds)
{
	const struct endpoint *e = slots_get(&s->endpoints, slot);

	if (!e || !e->managed)
		return -ENOENT;
	memcpy(fds->fd, e->managed->divert.receive.fd, sizeof(fds->fd));
	return 0;
}

int kept_divert_channel(struct server *s, uint32_t worker, struct reply *reply,
                        struct message_fds *fds)
{
	struct divert_channel channel = { -1, -1 };
	int err;

	if (!s->divert.ops)
		return -EOPNOTSUPP;
	err = s->divert.ops->channel(&s->divert, worker, &channel, &reply->ea);
	fds->fd[0] = channel.ring;
	fds->fd[1] = channel.board;
	reply->max_sessions = s->divert.max_sessions;
	return err;
}

/* --- what the watches tell */

static void socket_gone(struct server *s, struct managed *m)
{
	if (m->gone)
		return;
	m->gone = m->divert.gone = true;
	fast_path_socket_shut(s, m);
	namespaces_release_socket(&s->namespaces, m->divert.netns);
	list_append(&s->untold, &m->in_untold);
}

static void gone(void *arg, uint64_t cookie)
{
	struct managed *m = find(arg, cookie);

	if (m)
		socket_gone(arg, m);
}

/* Sockets without a port are in no list. */
static bool left(void *arg, struct netns_id netns, const struct udp_list *list, bool sure)
{
	struct server *s = arg;
	struct endpoint *e;
	bool lacking = false;

	slots_for_each(&s->endpoints, slot, e)
	{
		struct managed *m = e->managed;

		if (!m || !m->bound || m->gone || m->divert.netns.cookie != netns.cookie ||
		    udp_list_has(list, m->ino))
			continue;
		lacking = true;
		if (sure)
			socket_gone(s, m);
	}
	return lacking;
}

/* --- from one release to the next */

void managed_leave(const struct server *s, const struct endpoint *e, struct bequest *b)
{
	const struct managed *m = e->managed;

	leave_u64(b, m->divert.cookie);
	leave_u32(b, m->divert.worker);
	leave_u32(b, (uint32_t)m->divert.number);
	leave_u32(b, m->gone);
	leave_u32(b, m->bound);
	leave_u64(b, m->ino);
	leave_u32(b, (uint32_t)e->less.bytes);
	transmitter_leave(&s->transmitters, m->transmitter, b);
	s->divert.ops->leave_socket(&s->divert, &m->divert, b);
}

static void managed_read(struct server *s, struct endpoint *e, struct inheritance *i)
{
	struct managed *m = e->managed;

	m->divert.netns = e->about.netns;
	m->divert.local = e->about.params.local;
	m->divert.peer = e->about.params.peer;
	m->divert.cookie = e->about.cookie = inherit_u64(i);
	m->divert.worker = inherit_u32(i);
	m->divert.number = (int)inherit_u32(i);
	m->gone = m->divert.gone = inherit_bool(i);
	m->bound = inherit_bool(i);
	m->ino = inherit_u64(i);
	e->less.bytes = (int32_t)inherit_u32(i);
	m->transmitter = transmitter_inherit(&s->transmitters, i);
	e->about.fd = m->transmitter ? transmitter_fd(m->transmitter) : -1;
	if (!m->divert.cookie || find(s, m->divert.cookie) || !s->divert.ops)
		inherit_refuse(i);
}

/* The socket has its filter, and there is a watch. */
static int managed_place(struct server *s, struct endpoint *e, ino_t ino, struct inheritance *i)
{
	int err = ino ? namespaces_use(&s->namespaces, e->about.netns, ino) : 0;

	if (err < 0)
		return err;
	err = s->divert.ops->inherit_socket(&s->divert, &e->managed->divert, i);
	if (err < 0 && ino)
		namespaces_release(&s->namespaces, e->about.netns);
	return err;
}

static int managed_settle(struct server *s, struct endpoint *e, ino_t ino, struct inheritance *i)
{
	struct managed *m = e->managed;
	int err = slots_put(&s->endpoints, e, e->about.slot);

	if (err < 0)
		return err;
	err = socket_watch_use_again(&s->watches, e->about.netns);
	if (!err) {
		err = managed_place(s, e, ino, i);
		if (err < 0)
			socket_watch_release(&s->watches, e->about.netns);
	}
	if (err < 0) {
		slots_remove(&s->endpoints, e->about.slot);
		return err;
	}
	buckets_insert(&s->managed, &m->by_cookie, m->divert.cookie);
	if (m->gone)
		list_append(&s->untold, &m->in_untold);
	else
		namespaces_hold_socket(&s->namespaces, e->about.netns);
	return 0;
}

int managed_inherit(struct server *s, struct endpoint *e, ino_t ino, struct inheritance *i)
{
	struct managed *m = managed_new(e, 0, -1);
	int err = -ENOMEM;

	e->managed = m;
	if (m) {
		managed_read(s, e, i);
		err = inherit_failed(i) ? -EBADMSG : managed_settle(s, e, ino, i);
	}
	if (err < 0) {
		if (m)
			transmitter_put(m->transmitter);
		free(m);
		free(e);
	}
	return err;
}

/* --- start and end */

void managed_open(struct server *s)
{
	list_init(&s->untold);
	socket_watches_open(&s->watches);
	s->watches.gone = gone;
	s->watches.left = left;
	s->watches.arg = s;
	transmitters_open(&s->transmitters);
}

void managed_engine_gone(struct server *s)
{
	struct endpoint *e;

	slots_for_each(&s->endpoints, slot, e)
	{
		struct managed *m = e->managed;

		if (!m)
			continue;
		m->divert.sessions = 0; /* the next engine adds them again */
		list_remove(&m->in_untold);
		if (m->gone)
			list_append(&s->untold, &m->in_untold);
	}
}

void managed_tell(struct server *s, bool (*tell)(void *arg, const struct keeper_event *event),
                  void *arg)
{
	list_for_each_safe (node, &s->untold) {
		const struct managed *m = list_entry(node, struct managed, in_untold);
		const struct keeper_event event = {
			.kind = KEEPER_EVENT_SOCKET_GONE,
			.netns = m->divert.netns,
			.cookie = m->divert.cookie,
		};

		if (!tell(arg, &event))
			return;
		list_remove(node);
	}
}

void managed_end(struct server *s)
{
	divert_close(&s->divert);
	socket_watches_close(&s->watches);
	buckets_release(&s->managed);
}
