/* SPDX-License-Identifier: BSD-2-Clause */
/* endpoint.c - the sockets of tunnels, and the routes from them */
#include "keeper/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/monotonic.h"
#include "keeper/bequest.h"
#include "keeper/descriptors.h"
#include "keeper/endpoint_socket.h"
#include "keeper/managed.h"
#include "keeper/path_mtu.h"
#include "keeper/twin_socket.h"

#define PATH_LESS_MS 100

static void close_sockets(struct endpoint *e)
{
	if (e->about.fd >= 0)
		close(e->about.fd);
	if (e->about.bulk_fd >= 0)
		close(e->about.bulk_fd);
	e->about.fd = e->about.bulk_fd = -1;
	spread_close(&e->spread);
}

static void endpoint_free(struct endpoint *e)
{
	if (!e)
		return;
	close_sockets(e);
	free(e);
}
DEFINE_AUTO(endpoint)

void kept_endpoint_drop(struct server *s, struct endpoint *e)
{
	if (e->managed)
		managed_drop(s, e);
	else
		close_sockets(e);
}

bool endpoint_is_dropped(const struct endpoint *e)
{
	return e->managed ? e->managed->dropped : e->about.fd < 0;
}

/* The sockets, while in the namespace. */
static int endpoint_bind(struct endpoint *e, struct extack *ea)
{
	if (e->about.params.flags & ENDPOINT_TWIN)
		return twin_open(&e->about, ea);
	e->about.fd = endpoint_socket(&e->about.params, ea);
	if (e->about.fd < 0)
		return e->about.fd;
	e->about.bulk_fd = bulk_socket(&e->about.params, e->about.fd, e->about.slot);
	return 0;
}

static int endpoint_make(struct server *s, const struct client *c, struct endpoint *e,
                         struct extack *ea)
{
	ino_t ino;
	int err = netns_go_to(&s->home, c->connection, c->about.netns, &ino, ea);

	if (err < 0)
		return err;
	err = endpoint_bind(e, ea);
	if (!err && s->naive)
		endpoint_socket_plain(e->about.fd);
	netns_go_home(&s->home);
	if (err < 0)
		return err;
	e->about.netns = c->about.netns;
	if (!ino)
		return 0;
	err = namespaces_use(&s->namespaces, e->about.netns, ino);
	return err < 0 ? extack_fail(ea, err, 0, "too many network namespaces") : 0;
}

struct endpoint *kept_endpoint_new(void)
{
	struct endpoint *e = calloc(1, sizeof(*e));

	if (e)
		e->about.fd = e->about.bulk_fd = -1;
	return e;
}

void kept_endpoint_lend(const struct endpoint *e, struct reply *reply, struct message_fds *fds)
{
	reply->endpoint = e->about;
	fds->fd[0] = e->about.fd;
	fds->fd[1] = e->about.bulk_fd;
}

/* what an L2TP/IP socket of a program needs, and no more. */
static bool anyone_may(const struct server *s, const struct endpoint_params *p)
{
	return s->ip_sockets_for_all && p->protocol == IPPROTO_L2TP && !p->mark && !p->device[0];
}

int kept_endpoint_open(struct server *s, uint32_t client, const struct endpoint_params *params,
                       struct reply *reply, struct message_fds *fds)
{
	const struct client *c = slots_get(&s->clients, client);
	AUTO(endpoint) struct endpoint *e = NULL;
	uint32_t slot;
	int err;

	if (!c)
		return -ENOENT;
	/* The engine has asked before; if strangers rule it, this is what holds. */
	if (!c->about.admin && !anyone_may(s, params))
		return -EPERM;
	err = endpoint_params_check(params, &reply->ea);
	if (!err)
		err = descriptors_check(&s->descriptors, &reply->ea);
	if (err < 0)
		return err;
	e = kept_endpoint_new();
	if (!e)
		return -ENOMEM;
	e->about.params = *params;
	e->admin = c->about.admin;
	err = slots_add(&s->endpoints, e, &slot);
	if (err < 0)
		return extack_fail(&reply->ea, err, 0, "too many local endpoints");
	e->about.slot = slot;
	err = endpoint_make(s, c, e, &reply->ea);
	if (err < 0) {
		slots_remove(&s->endpoints, slot);
		return err;
	}
	kept_endpoint_lend(TAKE(e), reply, fds);
	return 0;
}

int kept_endpoint_resume(struct server *s, uint32_t from, struct reply *reply,
                         struct message_fds *fds)
{
	struct endpoint *e;

	while ((e = slots_next(&s->endpoints, &from)) && endpoint_is_dropped(e))
		from++;
	if (!e)
		return -ENOENT;
	kept_endpoint_lend(e, reply, fds);
	return 0;
}

static bool may_spread(const struct endpoint *e)
{
	const struct endpoint_params *p = &e->about.params;

	return !e->managed && e->about.fd >= 0 && p->protocol == IPPROTO_UDP &&
	       p->peer.any.sa_family == AF_UNSPEC;
}

static int spread_make(struct server *s, struct endpoint *e, uint32_t count, struct extack *ea)
{
	ino_t ino;
	int err = netns_go_to(&s->home, e->about.fd, e->about.netns, &ino, ea);

	if (err < 0)
		return err;
	err = spread_open(&e->spread, &e->about.params, e->about.fd, e->about.bulk_fd, count,
	                  s->naive, &s->descriptors, ea);
	netns_go_home(&s->home);
	if (!err)
		e->about.spread = count;
	return err;
}

int kept_endpoint_spread(struct server *s, uint32_t slot, uint32_t number, uint32_t count,
                         struct reply *reply, struct message_fds *fds)
{
	struct endpoint *e = slots_get(&s->endpoints, slot);
	int err = 0;

	if (!e)
		return -ENOENT;
	if (!may_spread(e) || count > SPREAD_MAX || number < 1 || number >= count ||
	    (e->about.spread && e->about.spread != count))
		return -EINVAL;
	if (!e->about.spread)
		err = spread_make(s, e, count, &reply->ea);
	if (!err)
		fds->fd[0] = e->spread.fd[number];
	return err;
}

int kept_endpoint_close(struct server *s, uint32_t slot)
{
	struct endpoint *e = slots_remove(&s->endpoints, slot);

	if (!e)
		return -ENOENT;
	if (e->managed)
		managed_close(s, e);
	namespaces_release(&s->namespaces, e->about.netns);
	if (e->managed)
		free(e->managed);
	else
		close_sockets(e);
	free(e);
	return 0;
}

static const char *connect_words(int err)
{
	switch (err) {
	case -ENETUNREACH:
	case -EHOSTUNREACH:
		return "no route to remote";
	case -EACCES:
		return "remote is a broadcast address, or a rule forbids it";
	default:
		return "the system refuses the remote address";
	}
}

/* The port is not the route's to choose. */
static void source_port(union address *source, const union address *local)
{
	if (local->any.sa_family == AF_INET6)
		source->v6.sin6_port = local->v6.sin6_port;
	else
		source->v4.sin_port = local->v4.sin_port;
}

static bool can_reach(const struct endpoint *e, const union address *peer)
{
	return address_len(peer) && peer->any.sa_family == e->about.params.local.any.sa_family;
}

/* While in the namespace. */
static int route_ask(const struct endpoint *e, const union address *peer, struct reply *reply)
{
	struct endpoint_params from = e->about.params;
	socklen_t len = sizeof(reply->route.source);
	union address to = *peer;
	AUTO_FD fd = -1;

	address_unmap(&from.local); /* TX-5 */
	address_unmap(&to);
	fd = route_socket(&from, &reply->ea);

	if (fd < 0)
		return fd;
	if (connect(fd, &to.any, address_len(&to)) < 0) {
		int err = -errno;

		return extack_fail(&reply->ea, err, 0, "%s", connect_words(err));
	}
	if (getsockname(fd, &reply->route.source.any, &len) < 0)
		return -errno;
	reply->route.mtu_bytes = path_mtu_of(fd, to.any.sa_family);
	source_port(&reply->route.source, &from.local);
	return 0;
}

int kept_endpoint_route(struct server *s, uint32_t endpoint, const union address *peer,
                        struct reply *reply)
{
	const struct endpoint *e = slots_get(&s->endpoints, endpoint);
	ino_t ino;
	int err;

	if (!e || e->about.fd < 0)
		return -ENOENT;
	if (!can_reach(e, peer))
		return extack_fail(&reply->ea, -EINVAL, 0,
		                   "remote and local are of different families");
	err = netns_go_to(&s->home, e->about.fd, e->about.netns, &ino, &reply->ea);
	if (err < 0)
		return err;
	err = route_ask(e, peer, reply);
	netns_go_home(&s->home);
	return err;
}

uint32_t endpoint_route_mtu(const struct endpoint *e, const union address *peer)
{
	struct reply reply = { 0 };

	return route_ask(e, peer, &reply) < 0 ? 0 : reply.route.mtu_bytes;
}

/* What the path's MTU is less than the route's. Sessions often come by the hundred, and asking costs more than the route. */
static int32_t path_less(struct endpoint *e, const union address *peer, uint32_t route)
{
	struct path_less *less = &e->less;
	uint64_t now = monotonic_ms();

	if (e->managed || (now < less->until_ms && !memcmp(&less->peer, peer, sizeof(*peer))))
		return less->bytes;
	*less = (struct path_less){
		.peer = *peer,
		.until_ms = now + PATH_LESS_MS,
		.bytes = (int32_t)(route - path_mtu(&e->about.params, e->about.fd, peer, route)),
	};
	return less->bytes;
}

uint32_t kept_endpoint_path_mtu(const struct server *s, struct netns_id here,
                                const struct mtu_path *path)
{
	struct endpoint *e = slots_get(&s->endpoints, path->endpoint);
	uint32_t route;

	if (!e || e->about.fd < 0 || e->about.netns.cookie != here.cookie ||
	    !can_reach(e, &path->peer))
		return 0;
	route = endpoint_route_mtu(e, &path->peer);
	return route ? path_mtu_by(route, path_less(e, &path->peer, route)) : 0;
}

static void endpoint_leave(struct server *s, const struct endpoint *e, struct bequest *b)
{
	leave_u32(b, e->about.slot);
	leave_u64(b, e->about.netns.cookie);
	leave_u64(b, namespaces_ino(&s->namespaces, e->about.netns));
	leave_bytes(b, &e->about.params, sizeof(e->about.params));
	leave_u32(b, e->admin);
	leave_u32(b, e->managed != NULL);
	if (e->managed) {
		managed_leave(s, e, b);
		return;
	}
	leave_fd(b, e->about.fd);
	leave_fd(b, e->about.bulk_fd);
	leave_u32(b, e->about.spread);
	for (uint32_t n = 1; n < e->spread.count; n++)
		leave_fd(b, e->spread.fd[n]);
}

void kept_endpoints_leave(struct server *s, struct bequest *b)
{
	const struct endpoint *e;

	slots_for_each(&s->endpoints, slot, e)
	{
		/* Of what has gone the next engine is told that it has. */
		if (!endpoint_is_dropped(e))
			endpoint_leave(s, e, b);
	}
	leave_u32(b, BEQUEST_END);
}

static void sockets_inherit(struct inheritance *i, struct endpoint *e)
{
	const struct endpoint_params *p = &e->about.params;
	const struct socket_kind kind = {
		.family = p->local.any.sa_family,
		.type = p->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_RAW,
		.protocol = p->protocol,
		.netns = e->about.netns.cookie,
	};
	uint32_t count;

	e->about.fd = inherit_socket(i, &kind);
	e->about.bulk_fd = inherit_socket(i, &kind);
	count = inherit_u32(i);
	if (e->about.fd < 0 || count > SPREAD_MAX || endpoint_params_check(p, NULL) < 0) {
		inherit_refuse(i);
		return;
	}
	e->about.spread = count;
	for (uint32_t n = 1; n < count && !inherit_failed(i); n++) {
		int fd = inherit_socket(i, &kind);

		if (fd < 0) {
			inherit_refuse(i);
			return;
		}
		e->spread.fd[n] = fd;
		e->spread.count = n + 1;
	}
}

static int endpoint_inherit(struct server *s, struct inheritance *i, uint32_t slot)
{
	AUTO(endpoint) struct endpoint *e = kept_endpoint_new();
	ino_t ino;
	int err;

	if (!e)
		return -ENOMEM;
	e->about.slot = slot;
	e->about.netns.cookie = inherit_u64(i);
	ino = inherit_u64(i);
	inherit_bytes(i, &e->about.params, sizeof(e->about.params));
	e->admin = inherit_bool(i);
	if (inherit_bool(i))
		return managed_inherit(s, TAKE(e), ino, i);
	sockets_inherit(i, e);
	if (inherit_failed(i))
		return -EBADMSG;
	err = slots_put(&s->endpoints, e, slot);
	if (err < 0)
		return err;
	err = ino ? namespaces_use(&s->namespaces, e->about.netns, ino) : 0;
	if (err < 0) {
		slots_remove(&s->endpoints, slot);
		return err;
	}
	TAKE(e);
	return 0;
}

int kept_endpoints_inherit(struct server *s, struct inheritance *i)
{
	uint32_t slot;
	int err = 0;

	while (!err && (slot = inherit_u32(i)) != BEQUEST_END && !inherit_failed(i))
		err = endpoint_inherit(s, i, slot);
	return !err && inherit_failed(i) ? -EBADMSG : err;
}
