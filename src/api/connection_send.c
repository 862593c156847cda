/* SPDX-License-Identifier: BSD-2-Clause */
/* connection_send.c - what a client is sent, and what it is owed until it reads; see connection.h */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "api/connection.h"
#include "api/server.h"

void connection_wait(struct connection *c)
{
	bool owed = c->owed || c->dump.running || c->overrun || c->trace_lost;

	loop_events(c->server->loop, &c->watch,
	            (c->owed ? 0 : EPOLLIN | EPOLLRDHUP) | (owed ? EPOLLOUT : 0));
}

void connection_end(struct connection *c)
{
	shutdown(c->fd, SHUT_RDWR);
}

void connection_answer(struct connection *c, const void *octets, size_t len)
{
	struct answer **end = &c->owed;
	struct answer *a;

	if (!len)
		return;
	if (!c->owed) {
		if (send(c->fd, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return;
		if (errno != EAGAIN) {
			connection_end(c);
			return;
		}
	}
	a = malloc(sizeof(*a) + len);
	if (!a) {
		c->overrun = true;
		return;
	}
	a->next = NULL;
	a->len = len;
	memcpy(a->octets, octets, len);
	while (*end)
		end = &(*end)->next;
	*end = a;
}

void connection_notify(struct connection *c, const void *octets, size_t len)
{
	if (!c->overrun && connection_offer(c, octets, len))
		return;
	c->overrun = true;
	connection_wait(c);
}

bool connection_offer(struct connection *c, const void *octets, size_t len)
{
	if (!c->owed &&
	    (send(c->fd, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno != EAGAIN))
		return true; /* a client that has gone is seen when it is read */
	return false;
}
