/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_socket.c - see ip_socket.h and ip_stand_in.h */
#include "launcher/ip_socket.h"

#include <assert.h>
#include <errno.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "launcher/caller.h"
#include "launcher/ip_mark.h"
#include "launcher/ip_stand_in.h"
#include "launcher/netns_socket.h"
#include "launcher/private_net.h"

#define SOL_UDP_NUMBER 17 /* netinet/udp.h and linux/udp.h exclude each other */

#define FIRST_PORT 1024
#define PORTS      (65536 - FIRST_PORT)

static_assert(sizeof(struct ip_facts) <= ESTATE_STATE, "a thing has room for it");

static struct ip_stand_in *stand_in_of(struct object *o)
{
	return container_of(o, struct ip_stand_in, object);
}

/* --- birth and death --- */

static atomic_uint there_are;

void ip_sockets_collect(struct launcher *l)
{
	if (atomic_load(&there_are))
		object_collect(&l->objects);
}

static void ip_stand_in_free(struct ip_stand_in *s)
{
	if (!s)
		return;
	atomic_fetch_sub(&there_are, 1);
	estate_drop(s->launcher, s->estate);
	ip_link_close(s);
	if (s->watcher >= 0)
		close(s->watcher);
	if (s->netns >= 0)
		close(s->netns);
	free(s);
}
DEFINE_AUTO(ip_stand_in)

static void free_object(struct object *o)
{
	ip_stand_in_free(stand_in_of(o));
}

static int bind_port(int fd, int family, uint16_t port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int result = family == AF_INET6 ? bind(fd, (struct sockaddr *)&v6, sizeof(v6))
	                                : bind(fd, (struct sockaddr *)&v4, sizeof(v4));

	return result < 0 ? -errno : 0;
}

/* One after the other, so that none is used again while somebody may still watch it. */
static int bind_next(struct launcher *l, int fd, int family, uint16_t *port)
{
	int err = -EADDRINUSE;

	for (unsigned int tries = 0; err == -EADDRINUSE && tries < PORTS; tries++) {
		*port = (uint16_t)(FIRST_PORT + atomic_fetch_add(&l->estate->next_port, 1) % PORTS);
		err = bind_port(fd, family, *port);
	}
	return err;
}

/* What the program gets: in the private namespace, at any address, content without checksums. */
static int stand_in_socket(struct ip_stand_in *s, int type)
{
	struct launcher *l = s->launcher;
	socklen_t len = sizeof(s->facts.cookie);
	int family = s->facts.family, on = 1, err;
	AUTO_FD fd =
		netns_socket(l, l->private_netns, family, SOCK_DGRAM | (type & SOCK_NONBLOCK), 0);

	s->watcher = netns_socket(l, l->private_netns, family, SOCK_DGRAM, 0);
	if (fd < 0 || s->watcher < 0)
		return fd < 0 ? fd : s->watcher;
	if (family == AF_INET6 &&
	    setsockopt(fd, SOL_UDP_NUMBER, UDP_NO_CHECK6_RX, &on, sizeof(on)) < 0)
		return -errno;
	/* Where the watcher may not have it, ul2tpd's socket may not either. */
	err = ip_mark_set(l, s->watcher);
	if (!err)
		err = ip_mark_demand(l, fd);
	else if (err == -EPERM)
		err = 0;
	if (!err)
		err = bind_next(l, fd, family, &s->facts.port);
	if (err < 0)
		return err;
	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &s->facts.cookie, &len) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* Family and type are those of the trapped call. The descriptor of the stand-in, or -errno. */
static int make(struct trap *t, struct ip_stand_in *s)
{
	AUTO_FD fd = -1;
	int err = private_net_prepare(t->launcher);

	if (err < 0)
		return err;
	s->netns = trap_netns(t);
	if (s->netns < 0)
		return s->netns;
	s->facts.family = (int)trap_argument(t, 0);
	s->facts.rights = caller_is_admin(t, s->netns);
	fd = stand_in_socket(s, (int)trap_argument(t, 1));
	if (fd < 0)
		return fd;
	err = ip_link_open(s);
	if (err == -ENETDOWN) /* an ul2tpd that ended meanwhile; perhaps a new one is there */
		err = ip_link_open(s);
	return err < 0 ? err : TAKE_FD(fd);
}

static const struct object_ops ip_socket_ops;

static struct ip_stand_in *stand_in_new(struct launcher *l)
{
	struct ip_stand_in *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	atomic_fetch_add(&there_are, 1);
	s->launcher = l;
	s->netns = s->watcher = -1;
	s->estate = ESTATE_NONE;
	s->link = (struct daemon_link)DAEMON_LINK_CLOSED;
	return s;
}

/* What a kernel without it says, and why once for whoever started the program. */
static void refuse(struct trap *t, int err)
{
	const char *why = strerror(-err);

	if (err == -ENETDOWN)
		why = "ul2tpd can not be reached";
	if (err == -EPERM)
		why = "the launcher has not both CAP_NET_ADMIN and CAP_NET_RAW, which are needed";
	if (t->launcher->private_netns < 0)
		why = "no network namespace can be made here, for which CAP_SYS_ADMIN or user "
		      "namespaces are needed";
	launcher_say_once(t->launcher, ONCE_IP_SOCKET, "process %d gets no L2TP/IP socket: %s",
	                  trap_process(t), why);
	/* Where IPv6 is switched off the kernel says so whatever the protocol is. */
	trap_fail(t, err == -EAFNOSUPPORT ? err : -EPROTONOSUPPORT);
}

void ip_socket_open(struct trap *t)
{
	struct object_table *objects = &t->launcher->objects;
	int type = (int)trap_argument(t, 1), err;
	AUTO(ip_stand_in) struct ip_stand_in *s = NULL;
	AUTO_FD fd = -1;
	struct object *o;

	if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_DGRAM) { /* IPS-1 */
		trap_continue(t);
		return;
	}
	s = stand_in_new(t->launcher);
	fd = s ? make(t, s) : -ENOMEM;
	err = fd < 0 ? fd : object_init(&s->object, &ip_socket_ops, fd);
	if (err < 0) {
		refuse(t, err);
		return;
	}
	ip_remember(s, true);
	o = &TAKE(s)->object;
	object_add(objects, o);
	if (trap_give(t, fd, GIVE_IN_RANGE, type & SOCK_CLOEXEC) < 0)
		object_remove(objects, o);
}

int ip_socket_restore(struct launcher *l, uint32_t index, const struct estate_thing *thing)
{
	AUTO(ip_stand_in) struct ip_stand_in *s = stand_in_new(l);

	if (!s)
		return -ENOMEM;
	memcpy(&s->facts, thing->state, sizeof(s->facts));
	s->watcher = thing->fds[0];
	s->netns = thing->fds[1];
	s->estate = index;
	object_restore(&s->object, &ip_socket_ops, thing->ino, thing->dev);
	if (daemon_link_adopt(thing->fds[2], &s->link) < 0)
		launcher_trace(l, 1, "an L2TP/IP socket waits for ul2tpd");
	object_add(&l->objects, &TAKE(s)->object);
	return 0;
}

/* Also the time to look for a ul2tpd that has come back. */
static bool is_gone(struct object *o)
{
	struct ip_stand_in *s = stand_in_of(o);

	if (bind_port(s->watcher, s->facts.family, s->facts.port) != -EADDRINUSE)
		return true;
	ip_link_look(s);
	return false;
}

/* --- calls --- */

/* The address of bind() and connect(), with the kernel's limits. Its length, or -errno. */
static int read_name(const struct trap *t, uint8_t octets[UL2TP_IP_NAME_MAX])
{
	int len = (int)trap_argument(t, 2), err;

	if (len < 0 || len > UL2TP_IP_NAME_MAX)
		return -EINVAL;
	err = len ? trap_read(t, trap_argument(t, 1), octets, (size_t)len) : 0;
	return err < 0 ? err : len;
}

static void ip_bind(struct trap *t, struct object *o)
{
	struct ip_stand_in *s = stand_in_of(o);
	uint8_t name[UL2TP_IP_NAME_MAX];
	int len = read_name(t, name), err;

	err = len < 0 ? len : ip_link_bind(s, name, (size_t)len);
	if (err == -EADDRINUSE) { /* perhaps by one that was closed a moment ago */
		object_collect_surely(&t->launcher->objects, o);
		err = ip_link_bind(s, name, (size_t)len);
	}
	trap_result(t, err);
}

static void ip_connect(struct trap *t, struct object *o)
{
	uint8_t name[UL2TP_IP_NAME_MAX];
	int len = read_name(t, name);

	if (len >= 0 && len < (int)sizeof(sa_family_t))
		len = -EINVAL;
	trap_result(t, len < 0 ? len : ip_link_connect(stand_in_of(o), name, (size_t)len));
}

static void ip_getsockname(struct trap *t, struct object *o)
{
	struct ip_state state;
	int err = ip_link_get(stand_in_of(o), &state);

	if (!err)
		err = trap_write_sized(t, trap_argument(t, 1), trap_argument(t, 2), state.name,
		                       state.name_len);
	trap_result(t, err);
}

static void ip_getpeername(struct trap *t, struct object *o)
{
	struct ip_state state;
	int err = ip_link_get(stand_in_of(o), &state);

	if (!err && !state.peer_name_len)
		err = -ENOTCONN;
	if (!err)
		err = trap_write_sized(t, trap_argument(t, 1), trap_argument(t, 2), state.peer_name,
		                       state.peer_name_len);
	trap_result(t, err);
}

/* The kernel shuts a datagram socket down also when it says that it is not connected; over IPv4 it still sends. */
static void ip_shutdown(struct trap *t, struct object *o)
{
	AUTO_FD fd = trap_descriptor_of(t, o, (int)trap_argument(t, 0));
	struct ip_state state;
	int err;

	if (fd < 0) {
		trap_fail(t, fd);
		return;
	}
	err = shutdown(fd, (int)trap_argument(t, 1)) < 0 ? -errno : 0;
	if (err == -ENOTCONN) {
		err = ip_link_get(stand_in_of(o), &state);
		if (!err && !state.connected)
			err = -ENOTCONN;
	}
	if (stand_in_of(o)->facts.family == AF_INET6 && (int)trap_argument(t, 1) != SHUT_RD) {
		stand_in_of(o)->facts.sends_no_more = true;
		ip_remember(stand_in_of(o), false);
	}
	trap_result(t, err);
}

static int64_t ip_send(struct trap *t, struct object *o, const struct outgoing *m)
{
	size_t name_len = m->name_len < sizeof(m->name) ? m->name_len : sizeof(m->name);
	struct ul2tp_ip_socket_send send = {
		.name = reader_over(&m->name, m->has_name ? name_len : 0),
		.data = reader_over(m->octets, m->len),
		.control = reader_over(m->control, m->control_len),
		.flags = (uint32_t)m->flags,
	};
	int err;

	if (stand_in_of(o)->facts.sends_no_more)
		return -EPIPE;
	if (m->len > UL2TP_IP_DATA_MAX)
		return -EMSGSIZE;
	if (m->control_len > UL2TP_IP_CONTROL_MAX)
		return -ENOBUFS;
	err = ip_link_send(stand_in_of(o), &send);
	return err < 0 ? err : (int64_t)m->len;
}

static const struct object_ops ip_socket_ops = {
	.name = "L2TP/IP",
	.send = ip_send,
	.bind = ip_bind,
	.connect = ip_connect,
	.getsockname = ip_getsockname,
	.getpeername = ip_getpeername,
	.setsockopt = ip_setsockopt,
	.getsockopt = ip_getsockopt,
	.ioctl = ip_ioctl,
	.shutdown = ip_shutdown,
	.is_gone = is_gone,
	.free = free_object,
};
