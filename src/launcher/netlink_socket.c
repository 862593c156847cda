/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_socket.c - see netlink_socket.h and netlink_stand_in.h */
#include "launcher/netlink_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/monotonic.h"
#include "launcher/caller.h"
#include "launcher/family_numbers.h"
#include "launcher/listing.h"
#include "launcher/netlink_estate.h"
#include "launcher/netlink_pump.h"
#include "launcher/netlink_stand_in.h"
#include "launcher/netns_socket.h"
#include "process/process.h"

/* --- birth and death --- */

static void netlink_socket_free(struct netlink_socket *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < LINKS; i++)
		daemon_link_close(&n->links[i]);
	forward_close(&n->forward);
	answer_queue_free(&n->kept);
	estate_drop(n->launcher, n->estate);
	if (n->netns >= 0)
		close(n->netns);
	if (n->own >= 0)
		close(n->own);
	pthread_mutex_destroy(&n->lock);
	free(n);
}
DEFINE_AUTO(netlink_socket)

static void free_object(struct object *o)
{
	netlink_socket_free(netlink_socket_of(o));
}

static struct netlink_socket *netlink_socket_new(struct launcher *l)
{
	struct netlink_socket *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->launcher = l;
	n->estate = ESTATE_NONE;
	pthread_mutex_init(&n->lock, NULL);
	for (size_t i = 0; i < LINKS; i++)
		n->links[i] = (struct daemon_link)DAEMON_LINK_CLOSED;
	n->forward.fd = n->netns = n->own = -1;
	return n;
}

/* Locked meanwhile, so that it is not found to be closed by all before the program has it. */
static void give(struct trap *t, struct object *o, int fd, bool cloexec)
{
	struct object_table *objects = &t->launcher->objects;
	int given;

	pthread_mutex_lock(&o->lock);
	object_add(objects, o);
	object_find(objects, o->ino); /* a reference of our own */
	given = trap_give(t, fd, GIVE_IN_RANGE, cloexec);
	netlink_socket_of(o)->given_ms = monotonic_ms();
	netlink_socket_of(o)->held.number = given;
	pthread_mutex_unlock(&o->lock);
	if (given < 0)
		object_remove(objects, o);
	object_put(objects, o);
}

void netlink_socket_open(struct trap *t)
{
	AUTO(netlink_socket) struct netlink_socket *n = netlink_socket_new(t->launcher);
	int type = (int)trap_argument(t, 1);
	AUTO_FD fd = -1;
	struct object *o;
	int err;

	if (n)
		n->netns = trap_netns(t);
	if (!n || n->netns < 0) {
		trap_fail(t, n ? n->netns : -ENOMEM);
		return;
	}
	fd = reply_socket(t->launcher->reply, type, &n->target);
	err = fd < 0 ? fd : object_init(&n->object, &netlink_socket_ops, fd);
	if (err < 0) {
		trap_fail(t, err);
		return;
	}
	if (t->launcher->keeps)
		n->own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	held_socket_of(fd, &n->held);
	n->held.pid = trap_process(t);
	n->opener_is_admin = caller_is_admin(t, n->netns);
	err = forward_open(t, n->netns, &n->forward);
	if (err < 0)
		launcher_trace(t->launcher, 1,
		               "no generic netlink of the kernel's for process %d: %s",
		               trap_process(t), strerror(-err));
	netlink_estate_put(n);
	o = &TAKE(n)->object;
	give(t, o, fd, type & SOCK_CLOEXEC);
}

int netlink_socket_restore(struct launcher *l, uint32_t index, const struct estate_thing *thing)
{
	AUTO(netlink_socket) struct netlink_socket *n = netlink_socket_new(l);
	struct netlink_socket *restored;
	int err = n ? netlink_estate_get(n, thing) : -ENOMEM;

	if (err < 0)
		return err;
	n->estate = index;
	restored = TAKE(n);
	object_restore(&restored->object, &netlink_socket_ops, thing->ino, thing->dev);
	object_add(&l->objects, &restored->object);
	pthread_mutex_lock(&restored->lock);
	netlink_end(restored); /* what comes of itself is waited for again */
	return 0;
}

/* A duplicate that we keep hides the program's last close, so whoever else has it is looked for. */
static bool nobody_else_has(const struct netlink_socket *n)
{
	return held_sockets_lack(&n->launcher->held_sockets, n->held.ino, n->given_ms);
}

/* The kernel lists netlink sockets that have a port. One that has none yet is looked for where it was given first: a
 * program may have thousands. */
static bool unnamed_is_gone(const struct netlink_socket *n)
{
	AUTO_FD process = process_open(n->held.pid);

	if (process >= 0 && process_has_socket_at(process, n->held.number, n->held.ino))
		return false;
	return nobody_else_has(n);
}

static bool closed_by_all(const struct netlink_socket *n)
{
	if (n->own >= 0)
		return nobody_else_has(n);
	return n->target.port ? reply_is_gone(n->launcher->reply, &n->target) : unnamed_is_gone(n);
}

/* Asked now and then: also the time to look for a ul2tpd that has come back. */
static bool is_gone(struct object *o)
{
	struct netlink_socket *n = netlink_socket_of(o);
	bool gone;

	if (pthread_mutex_trylock(&n->lock) != 0)
		return false;
	gone = closed_by_all(n);
	if (!gone && n->subscribed && n->links[LINK_ANYONE].fd < 0)
		netlink_subscribe(n, true);
	netlink_end(n);
	return gone;
}

/* Of itself a process may take descriptors by the kernel's rules; so a refusal is a seccomp profile's, or an older
 * kernel's, and others will be refused too. */
static bool descriptors_are_refused(void)
{
	AUTO_FD process = (int)syscall(SYS_pidfd_open, getpid(), 0);
	AUTO_FD fd = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, process, 0);

	return fd < 0;
}

int netlink_start(struct launcher *l)
{
	int err = family_numbers_choose(&l->l2tp_family, &l->l2tp_group);

	l->keeps = descriptors_are_refused();
	if (l->keeps)
		launcher_trace(l, 1,
		               "pidfd_getfd is refused: no tunnels on a program's own socket");
	return err < 0 ? err : netlink_pump_start(l, &l->pump);
}

void netlink_stop(struct launcher *l)
{
	netlink_pump_stop(l->pump);
	l->pump = NULL;
}

/* --- calls --- */

int netlink_descriptor(const struct trap *t, const struct netlink_socket *n)
{
	int fd;

	if (n->own < 0)
		return trap_descriptor_of(t, &n->object, (int)trap_argument(t, 0));
	fd = fcntl(n->own, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static void borrow(struct netlink_socket *n)
{
	int fd;

	if (n->target.socket >= 0)
		return;
	fd = n->own >= 0 ? fcntl(n->own, F_DUPFD_CLOEXEC, 0) : held_socket_get(&n->held);
	if (fd >= 0)
		n->target.socket = fd;
}

/* Echoes by NETLINK_FIB_LOOKUP are the program's own socket's; the other ways know it by its port. */
void netlink_borrow(struct netlink_socket *n)
{
	if (reply_way(n->launcher->reply) == REPLY_FIB)
		borrow(n);
}

int netlink_begin(struct trap *t, struct netlink_socket *n)
{
	int number = (int)trap_argument(t, 0);
	int fd = netlink_descriptor(t, n);

	if (fd < 0)
		return fd;
	pthread_mutex_lock(&n->lock);
	n->again = t->again;
	n->held.pid = (pid_t)t->notif.pid;
	n->held.number = number;
	n->target.socket = fd;
	netlink_pump_pause(n);
	return 0;
}

void netlink_end(struct netlink_socket *n)
{
	if (n->target.socket >= 0)
		close(n->target.socket);
	n->target.socket = -1;
	n->again = false;
	netlink_estate_update(n);
	if (!answer_queue_empty(&n->kept))
		netlink_pump_wait(n);
	else
		netlink_pump_watch(n);
	pthread_mutex_unlock(&n->lock);
}

static uint32_t port_of(int fd)
{
	struct sockaddr_nl name;
	socklen_t len = sizeof(name);

	return getsockname(fd, (struct sockaddr *)&name, &len) < 0 ? 0 : name.nl_pid;
}

/* The process as it knows itself: in the innermost of its pid namespaces. */
static int32_t own_process(const struct trap *t)
{
	AUTO_FD thread = process_open((pid_t)t->notif.pid);
	AUTO_MEMORY char *text = thread < 0 ? NULL : process_status(thread);
	pid_t innermost;

	if (!text || !trap_is_valid(t))
		return -ESRCH;
	innermost = process_status_innermost(text);
	return innermost ? innermost : trap_process(t);
}

/* The kernel's netlink_autobind(): the process, or if that is taken a number that can be none. */
static int bind_itself(struct trap *t, int fd)
{
	struct sockaddr_nl name = { .nl_family = AF_NETLINK };
	int32_t port = own_process(t);

	if (port < 0)
		return port;
	for (int32_t tries = 0; tries < 1000; tries++) {
		name.nl_pid = (uint32_t)port;
		if (bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
			return 0;
		if (errno != EADDRINUSE)
			return -errno;
		port = -4097 - (int32_t)(random() % 0x7fff0000);
	}
	return -EADDRINUSE;
}

/* Its own word may also be a number that bind() refused; one that it has can be bound again. */
static bool has_port(int fd)
{
	struct sockaddr_nl name = { .nl_family = AF_NETLINK, .nl_pid = port_of(fd) };

	return name.nl_pid && bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0;
}

int netlink_name(struct trap *t, struct netlink_socket *n)
{
	int err = 0;

	if (n->target.port)
		return 0;
	if (!has_port(n->target.socket))
		err = bind_itself(t, n->target.socket);
	if (!err)
		err = reply_renew(n->launcher->reply, &n->target);
	if (!err)
		n->target.port = port_of(n->target.socket);
	return err;
}

/* --- delivering --- */

static ssize_t send_answer(struct netlink_socket *n, const void *octets, size_t len)
{
	ssize_t taken = reply_send(n->launcher->reply, &n->target, octets, len);

	if (reply_strayed(n->launcher->reply))
		launcher_say_once(
			n->launcher, ONCE_LONG_ANSWER,
			"an answer of the kernel's is too long to seem to come from it, so that "
			"some programs skip it; with --reply fib they do not");
	return taken;
}

/* Where the system has no memory for it, it may have later; a program that gets no answer waits for ever. */
static bool has_time(ssize_t err)
{
	return err == -EAGAIN || err == -ENOTSOCK || err == -ENOMEM || err == -ENOBUFS;
}

void netlink_deliver(struct netlink_socket *n, const void *octets, size_t len)
{
	ssize_t taken = 0;

	if (answer_queue_empty(&n->kept))
		taken = send_answer(n, octets, len);
	if (taken < 0 && !has_time(taken)) {
		launcher_trace(n->launcher, 1, "an answer of %zu octets is lost: %s", len,
		               strerror((int)-taken));
		return;
	}
	if (taken < 0)
		taken = 0;
	if ((size_t)taken < len &&
	    answer_queue_put(&n->kept, (const uint8_t *)octets + taken, len - (size_t)taken) < 0)
		launcher_say(n->launcher,
		             "an answer is lost: a program that does not read has too many");
}

static bool flush(struct netlink_socket *n)
{
	const uint8_t *octets;
	bool moved = false;
	size_t len;

	while ((octets = answer_queue_front(&n->kept, &len))) {
		ssize_t taken = send_answer(n, octets, len);

		if (has_time(taken))
			break;
		answer_queue_take(&n->kept, taken < 0 ? len : (size_t)taken);
		moved = true;
	}
	return moved;
}

void netlink_overrun(struct netlink_socket *n)
{
	borrow(n);
	if (reply_overrun(n->launcher->reply, &n->target) < 0)
		n->lost = true;
}

static bool drain(struct netlink_socket *n)
{
	bool moved = false;

	while (answer_queue_empty(&n->kept)) {
		ssize_t len = forward_receive(&n->forward);

		if (len == -ENOBUFS) {
			netlink_overrun(n);
			continue;
		}
		if (len < 0)
			break;
		listing_pass(n, n->forward.buffer, (size_t)len);
		moved = true;
	}
	return moved;
}

static void say_interrupted(uint8_t *octets, size_t len)
{
	struct reader datagram = reader_over(octets, len);
	struct nl_message m;

	while (nl_message_next(&datagram, &m)) {
		uint8_t *at = octets + (m.start - octets) + offsetof(struct nlmsghdr, nlmsg_flags);
		const uint16_t flags = m.flags | NLM_F_DUMP_INTR;

		if (m.flags & NLM_F_MULTI)
			memcpy(at, &flags, sizeof(flags));
	}
}

void netlink_deliver_answers(struct netlink_socket *n, uint8_t *octets, size_t len)
{
	if (n->again)
		say_interrupted(octets, len);
	netlink_deliver(n, octets, len);
}

void netlink_deliver_translated(struct netlink_socket *n, const struct daemon_link *link,
                                uint8_t *octets, size_t len, const struct nl_message *request)
{
	const struct l2tp_numbers ours = { n->launcher->l2tp_family, n->launcher->l2tp_group };
	struct reader datagram = reader_over(octets, len);
	struct nl_message m;

	while (nl_message_next(&datagram, &m))
		translate_answer(octets + (m.start - octets), m.length, &link->numbers, &ours,
		                 request ? request->start : NULL, request ? request->length : 0);
	netlink_deliver_answers(n, octets, len);
}

/* The link that has subscribed is that of LINK_ANYONE. */
static void take_notification(void *arg, uint8_t *octets, size_t len)
{
	struct reader datagram = reader_over(octets, len);
	struct netlink_socket *n = arg;
	struct nl_message m;

	if (nl_message_next(&datagram, &m) && m.type == NLMSG_OVERRUN)
		netlink_overrun(n);
	else
		netlink_deliver_translated(n, &n->links[LINK_ANYONE], octets, len, NULL);
}

bool netlink_serve_rest(struct netlink_socket *n)
{
	bool moved = flush(n);

	moved |= drain(n);
	for (size_t i = 0; i < LINKS; i++)
		if (answer_queue_empty(&n->kept) && n->links[i].fd >= 0)
			daemon_link_hear(&n->links[i]);
	return moved;
}

/* --- ul2tpd --- */

/* What another ul2tpd has told meanwhile, or would have, is lost. */
static int subscribe_again(struct netlink_socket *n, struct daemon_link *link)
{
	int err = daemon_link_subscribe(link, true);

	if (!err && n->heard)
		netlink_overrun(n);
	n->heard |= !err;
	return err;
}

int netlink_link(struct netlink_socket *n, enum link_rights rights,
                 const struct daemon_waiter *waiter, struct daemon_link **ret)
{
	struct daemon_link *link = &n->links[rights];
	bool fresh = link->fd < 0;
	int err = daemon_link_open(n->launcher, n->netns, rights == LINK_ADMIN, waiter, link);

	link->notify = take_notification;
	link->notify_arg = n;
	if (!err && fresh && rights == LINK_ANYONE && n->subscribed)
		err = subscribe_again(n, link);
	if (!err)
		err = daemon_link_set(link, n->options);
	if (!err)
		*ret = link;
	return err;
}

int netlink_subscribe(struct netlink_socket *n, bool on)
{
	struct daemon_link *link = NULL;
	int err = -EPIPE;

	for (int tries = 0; err == -EPIPE && tries < DAEMON_LINK_TRIES; tries++) {
		err = netlink_link(n, LINK_ANYONE, NULL, &link);
		if (!err)
			err = daemon_link_subscribe(link, on);
	}
	if (!err)
		n->heard = on;
	return err;
}

/* It is in a namespace of ours, and would be refused for that. */
static int for_tunnel(struct object *o)
{
	const struct netlink_socket *n = netlink_socket_of(o);

	return netns_socket(n->launcher, n->netns, AF_UNIX, SOCK_DGRAM, 0);
}

const struct object_ops netlink_socket_ops = {
	.name = "netlink",
	.send = netlink_send,
	.receive = netlink_receive,
	.bind = netlink_bind,
	.connect = netlink_connect,
	.getsockname = netlink_getsockname,
	.getpeername = netlink_getpeername,
	.setsockopt = netlink_setsockopt,
	.getsockopt = netlink_getsockopt,
	.for_tunnel = for_tunnel,
	.is_gone = is_gone,
	.free = free_object,
};
