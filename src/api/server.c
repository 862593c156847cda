/* SPDX-License-Identifier: BSD-2-Clause */
/* server.c - see server.h */
#include "api/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "api/connection.h"
#include "api/trace.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/shortage.h"
#include "path/ppp_adopt.h"
#include "path/ppp_file.h"

#define ACCEPT_AGAIN_MS 100
#define ACCEPTS_MAX     16 /* in one turn */

static void refuse(int fd)
{
	log_event(LOG_WARNING, "client-refused", "reason=\"%d clients are connected\"",
	          CONNECTIONS_MAX);
	close(fd);
}

/* Whoever waits to be accepted goes on waiting, so that the listener would be reported at each turn. */
static void stop_accepting(struct server *server, int err)
{
	if (!server->accept_ms)
		log_event(LOG_ERR, "out-of-descriptors", "error=\"%s\" reason=\"%s\"",
		          strerror(err),
		          err == EMFILE ? "raise LimitNOFILE of the service"
		                        : "the system is short of them, or of memory");
	loop_remove(server->loop, &server->listener);
	server->accept_ms = loop_now_ms(server->loop) + ACCEPT_AGAIN_MS;
}

/* Not until none is left: whoever connects without end must not keep clients from their answers, and us from our end. */
static void accept_clients(struct watch *watch, uint32_t events)
{
	struct server *server = container_of(watch, struct server, listener);

	for (unsigned int i = 0; i < ACCEPTS_MAX; i++) {
		int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			if (is_shortage(errno))
				stop_accepting(server, errno);
			return;
		}
		server->accept_ms = 0;
		if (server->connection_count >= CONNECTIONS_MAX)
			refuse(fd);
		else
			connection_new(server, fd);
	}
}

static int listen_for_clients(struct server *server)
{
	return loop_add(server->loop, &server->listener, server->listener_fd, EPOLLIN,
	                accept_clients);
}

/* Return: milliseconds to wait at most; -1: for ever. */
static int accept_turn(struct server *server, uint64_t now_ms)
{
	if (server->listener.fd >= 0)
		return -1;
	if (now_ms < server->accept_ms)
		return (int)(server->accept_ms - now_ms);
	return listen_for_clients(server) < 0 ? ACCEPT_AGAIN_MS : -1;
}

static int turn(struct server *server)
{
	uint64_t now_ms = loop_now_ms(server->loop);
	int tidy_ms = tidy_turn(&server->tidy, server->dataplane, now_ms);
	int accept_ms = accept_turn(server, now_ms);

	if (tidy_ms < 0 || accept_ms < 0)
		return tidy_ms < 0 ? accept_ms : tidy_ms;
	return tidy_ms < accept_ms ? tidy_ms : accept_ms;
}

static void netns_gone(struct server *server, struct netns_id id)
{
	struct netns *ns = dataplane_netns_find(server->dataplane, id);

	if (!ns)
		return;
	log_event(LOG_NOTICE, "namespace-gone", "netns=%llu tunnels=%u",
	          (unsigned long long)id.cookie, ns->usage.values[UL2TP_LIMIT_TUNNELS]);
	dataplane_netns_hold(ns);
	list_for_each_safe (node, &server->connections) {
		struct connection *c = list_entry(node, struct connection, in_server);

		if (c->netns == ns)
			connection_free(c);
	}
	dataplane_netns_empty(server->dataplane, ns);
	dataplane_netns_release(server->dataplane, ns);
}

/* Clients see the end of their connections as they do when an engine dies. */
static _Noreturn void yield(struct server *server)
{
	dataplane_yield(server->dataplane);
	fflush(NULL);
	_exit(EXIT_SUCCESS);
}

static void hear_keeper(struct watch *watch, uint32_t events)
{
	struct server *server = container_of(watch, struct server, events);
	struct keeper_event event;
	int got;

	while ((got = keeper_event_read(server->keeper, &event)) > 0)
		if (event.kind == KEEPER_EVENT_STOP)
			server->stop = true;
		else if (event.kind == KEEPER_EVENT_NETNS_GONE)
			netns_gone(server, event.netns);
		else if (event.kind == KEEPER_EVENT_SOCKET_GONE)
			dataplane_socket_gone(server->dataplane, event.cookie);
		else if (event.kind == KEEPER_EVENT_UPGRADE)
			keeper_pause(server->keeper);
		else if (event.kind == KEEPER_EVENT_YIELD)
			yield(server);
	if (got < 0)
		server->stop = true;
}

static void ppp_closed(struct watch *watch, uint32_t events)
{
	loop_ready(container_of(watch, struct server, ppp_closed)->ppp_files);
}

static int watch_ppp_files(struct server *server)
{
	server->ppp_files = loop_new();
	if (!server->ppp_files)
		return -errno;
	return loop_add(server->loop, &server->ppp_closed, loop_fd(server->ppp_files), EPOLLIN,
	                ppp_closed);
}

static void free_connections(struct server *server)
{
	list_for_each_safe (node, &server->connections)
		connection_free(list_entry(node, struct connection, in_server));
}

int server_run(const struct keeper_start *start, struct dataplane *dp, const struct quirks *quirks)
{
	struct server server = {
		.loop = loop_new(),
		.keeper = start->keeper,
		.dataplane = dp,
		.quirks = quirks,
		.divert = start->divert,
		.fast_path = start->fast != NULL,
		.fast_why = start->fast_why,
		.tun_error = start->tun_error,
		.listener_fd = start->listener,
		.listener.fd = -1,
		.events.fd = -1,
		.mailbox.fd = -1,
		.ppp_closed.fd = -1,
	};
	int err;

	if (!server.loop)
		return -errno;
	list_init(&server.connections);
	err = loop_add(server.loop, &server.events, keeper_event_fd(start->keeper), EPOLLIN,
	               hear_keeper);
	if (!err)
		err = listen_for_clients(&server);
	if (!err)
		err = watch_ppp_files(&server);
	if (!err)
		err = mailbox_open(&server.mailbox, server.loop);
	if (!err)
		dataplane_mailbox_set(dp, &server.mailbox);
	if (!err && !start->first)
		err = ppp_adopt(dp, server.ppp_files);
	if (!err)
		keeper_ready(start->keeper);
	while (!err && !server.stop) {
		err = loop_once(server.loop, turn(&server));
		if (server.tracers)
			trace_tell(&server);
	}
	if (err)
		return err;
	free_connections(&server);
	ppp_files_close(dp);
	dataplane_trace_close(dp);
	dataplane_mailbox_set(dp, NULL);
	mailbox_close(&server.mailbox, server.loop);
	loop_free(server.ppp_files);
	loop_free(server.loop);
	return 0;
}
