/* SPDX-License-Identifier: BSD-2-Clause */
/* connection.c - see connection.h */
#include "api/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "api/arrived_descriptors.h"
#include "api/request.h"
#include "api/server.h"
#include "api/trace.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "path/ip_socket.h"

#define REQUESTS_AT_ONCE 64 /* of one client before others get their turn */
#define BUFFER_OCTETS    (1 << 20)

/* The system puts all descriptors of a datagram into one control message, and at most ARRIVED_DESCRIPTORS_MAX. */
static pid_t take_ancillary(struct msghdr *msg, struct arrived_descriptors *arrived)
{
	pid_t sender = 0;

	for (struct cmsghdr *m = CMSG_FIRSTHDR(msg); m; m = CMSG_NXTHDR(msg, m)) {
		if (m->cmsg_level != SOL_SOCKET)
			continue;
		if (m->cmsg_type == SCM_CREDENTIALS) {
			struct ucred cred;

			memcpy(&cred, CMSG_DATA(m), sizeof(cred));
			sender = cred.pid;
		} else if (m->cmsg_type == SCM_RIGHTS && !arrived->count) {
			arrived_descriptors_keep(arrived, m);
		}
	}
	return sender;
}

/* Return: length of a request, 0 when the client has gone, negative errno. */
static ssize_t receive(struct connection *c, void *octets, struct arrived_descriptors *arrived)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred)) +
	                                      CMSG_SPACE(ARRIVED_DESCRIPTORS_MAX * sizeof(int))];
	struct iovec iov = { octets, DATAGRAM_MAX };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(c->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return -errno;
	c->sender = take_ancillary(&msg, arrived);
	arrived->cut = msg.msg_flags & MSG_CTRUNC;
	if (msg.msg_flags & MSG_TRUNC) {
		log_event(LOG_WARNING, "request-too-long", "client=%d process=\"%s\" longest=%d",
		          c->client.pid, c->client.process, DATAGRAM_MAX);
		return -EMSGSIZE;
	}
	return n;
}

/* What programs have closed by now goes first, whatever else waits to be served. With a kernel close() has done its work when
 * it returns: what the program asks for next, perhaps in a request that waited beside this one, must not find what it has
 * closed (PPP-44, PX-45). */
static void serve_datagram(struct connection *c, const void *octets, size_t len,
                           struct arrived_descriptors *arrived)
{
	loop_ready(c->server->ppp_files);
	c->arrived = arrived;
	request_serve(c, octets, len);
	c->arrived = NULL;
}

/* The client's last close and an empty datagram look alike to recvmsg(); poll() tells them apart. */
static void serve(struct connection *c, uint32_t events)
{
	_Alignas(8) static _Thread_local uint8_t octets[DATAGRAM_MAX];

	for (int i = 0; i < REQUESTS_AT_ONCE && !c->owed; i++) {
		struct arrived_descriptors arrived = { .count = 0 };
		ssize_t n = receive(c, octets, &arrived);

		if (n == -EAGAIN || n == -EINTR)
			return;
		if (n < 0 && n != -EMSGSIZE)
			c->watch.ready = NULL;
		else if (n == 0 && events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR))
			c->watch.ready = NULL;
		else if (n >= 0)
			serve_datagram(c, octets, (size_t)n, &arrived);
		arrived_descriptors_close(&arrived);
		if (!c->watch.ready || n == 0) /* is it the last close, poll() says it */
			return;
	}
}

static void tell_overrun(struct connection *c)
{
	struct nlmsghdr m = { .nlmsg_len = sizeof(m), .nlmsg_type = NLMSG_OVERRUN };

	if (send(c->fd, &m, sizeof(m), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		c->overrun = false;
}

/* Return: whether nothing is owed any more. */
static bool send_answers(struct connection *c)
{
	while (c->owed) {
		struct answer *a = c->owed;

		if (send(c->fd, a->octets, a->len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			if (errno == EAGAIN)
				return false;
			connection_end(c);
		}
		c->owed = a->next;
		free(a);
	}
	return true;
}

static void send_owed(struct connection *c)
{
	if (!send_answers(c))
		return;
	if (c->overrun)
		tell_overrun(c);
	if (c->trace_lost)
		trace_tell_lost(c);
	if (c->dump.running)
		request_continue_dump(c);
}

static void ready(struct watch *watch, uint32_t events)
{
	struct connection *c = container_of(watch, struct connection, watch);

	if (events & EPOLLOUT)
		send_owed(c);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		serve(c, events);
	if (events & (EPOLLHUP | EPOLLERR) && c->owed)
		c->watch.ready = NULL; /* nobody will read it */
	if (c->watch.ready)
		connection_wait(c);
	else
		connection_free(c);
}

/* A process chooses its own name, which stands in log lines between quotes. */
static void make_quotable(char *name)
{
	for (; *name; name++)
		if (*name < ' ' || *name > '~' || *name == '"')
			*name = '?';
}

static bool has_too_many(const struct server *server, uid_t uid)
{
	uint32_t count = 0;

	list_for_each (node, &server->connections)
		if (list_entry(node, struct connection, in_server)->client.uid == uid)
			count++;
	return uid != 0 && count >= CONNECTIONS_OF_USER_MAX;
}

struct connection *connection_new(struct server *server, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct extack ea = { 0 };
	const int on = 1, size = BUFFER_OCTETS;
	int err;

	if (!c) {
		close(fd);
		return NULL;
	}
	c->server = server;
	c->fd = fd;
	c->watch.fd = -1;
	list_init(&c->in_server);
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	err = keeper_client_open(server->keeper, fd, &c->client, &ea);
	if (err < 0) {
		log_event(LOG_NOTICE, "client-refused", "error=\"%s\" reason=\"%s\"",
		          strerror(-err), ea.text);
		close(fd);
		free(c);
		return NULL;
	}
	make_quotable(c->client.process);
	if (has_too_many(server, c->client.uid)) {
		log_event(LOG_WARNING, "client-refused",
		          "uid=%u process=\"%s\" reason=\"%d connections\"", c->client.uid,
		          c->client.process, CONNECTIONS_OF_USER_MAX);
		connection_free(c);
		return NULL;
	}
	c->netns = dataplane_netns(server->dataplane, c->client.netns);
	if (!c->netns || loop_add(server->loop, &c->watch, fd, EPOLLIN | EPOLLRDHUP, ready) < 0) {
		connection_free(c);
		return NULL;
	}
	dataplane_netns_hold(c->netns);
	c->port = ++server->last_port;
	list_append(&server->connections, &c->in_server);
	server->connection_count++;
	return c;
}

void connection_free(struct connection *c)
{
	if (!c)
		return;
	loop_remove(c->server->loop, &c->watch);
	ip_socket_free(c->ip_socket);
	if (!list_empty(&c->in_server)) {
		list_remove(&c->in_server);
		c->server->connection_count--;
		if (c->subscribed)
			c->netns->usage.values[UL2TP_LIMIT_SUBSCRIBERS]--;
		trace_listen(c, 0, NULL);
		dataplane_netns_release(c->server->dataplane, c->netns);
	}
	close(c->fd);
	keeper_client_close(c->server->keeper, c->client.slot);
	while (c->owed) {
		struct answer *next = c->owed->next;

		free(c->owed);
		c->owed = next;
	}
	free(c);
}
