/* SPDX-License-Identifier: BSD-2-Clause */
/* keeper.c - the engine's side: each call is one request and one reply
 *
 * If the keeper has gone, every call answers -ECONNRESET, which a client may get to see: it says the same where the engine
 * goes before it has answered. The engine learns of it from keeper_event_read() too, and ends. If the keeper can not be
 * reached otherwise, it ends at once.
 */
#include "keeper/keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "keeper/descriptors.h"
#include "keeper/engine_process.h"
#include "keeper/request.h"

#define PPP_MTU 1500 /* PPP-81 */

#define SHARED_NAME "ppp-shared%d"

struct keeper {
	int requests, events;
	uint32_t serial; /* of the last request */
};

struct keeper *keeper_new(int requests, int events)
{
	struct keeper *k = calloc(1, sizeof(*k));

	if (k)
		*k = (struct keeper){ .requests = requests, .events = events };
	return k;
}

/* What was made for a request, or kept from an engine before, while there was no room here for its descriptors: nobody
 * else knows of it. */
static void take_back(struct keeper *k, const struct request *request, const struct reply *reply)
{
	switch (request->kind) {
	case REQUEST_DEVICE_CREATE:
	case REQUEST_DEVICE_RESUME:
		keeper_device_remove(k, reply->device.slot);
		break;
	case REQUEST_ENDPOINT_OPEN:
	case REQUEST_MANAGED_OPEN:
	case REQUEST_ENDPOINT_RESUME:
		keeper_endpoint_close(k, reply->endpoint.slot);
		break;
	case REQUEST_FILE_RESUME:
		keeper_file_close(k, reply->file);
		break;
	default:
		break;
	}
}

/* What goes would stay for good if the keeper were not told, and what it answers to one request is not to be taken for the
 * answer to another. The next engine finds out what there is. */
_Noreturn static void end(const char *error)
{
	log_event(LOG_ERR, "keeper-not-reached", "error=\"%s\"", error);
	abort();
}

static void end_unless_gone(int err)
{
	if (err != -EPIPE && err != -ECONNRESET)
		end(strerror(-err));
}

static int gone(int err, struct extack *ea)
{
	return extack_fail(ea, err == -EPIPE ? -ECONNRESET : err, 0, "the keeper does not answer");
}

/* Send @request with @fd (-1: none) and wait for the answer; its descriptors are the caller's on success. */
static int ask(struct keeper *k, struct request *request, int fd, struct reply *reply,
               struct message_fds *fds, struct extack *ea)
{
	struct message_fds with = MESSAGE_NO_FDS;
	int err;

	with.fd[0] = fd;
	request->serial = k->serial = k->serial % UINT32_MAX + 1;
	err = message_send(k->requests, request, sizeof(*request), &with, 0);
	/* A descriptor that can not be handed over is refused: nothing has happened. */
	if (err < 0 && fd < 0)
		end_unless_gone(err);
	if (err < 0)
		return gone(err, ea);
	err = message_receive(k->requests, reply, sizeof(*reply), fds, 0);
	if ((err > 0 || err == -EMFILE) && reply->serial != request->serial)
		end("the answer is not that to the request");
	if (err == -EMFILE && reply->err >= 0) {
		take_back(k, request, reply);
		return descriptors_lack(ea);
	}
	if (err <= 0 && err != -EMFILE) {
		end_unless_gone(err);
		return gone(err, ea);
	}
	if (reply->err < 0) {
		message_fds_close(fds);
		if (reply->ea.text[0])
			extack_set(ea, reply->ea.attribute, "%s", reply->ea.text);
	}
	return reply->err;
}

/* A request whose answer is only whether it was done. */
static int tell_in_words(struct keeper *k, struct request *request, struct extack *ea)
{
	struct message_fds fds;
	struct reply reply;
	int err = ask(k, request, -1, &reply, &fds, ea);

	if (err >= 0)
		message_fds_close(&fds);
	return err;
}

static int tell(struct keeper *k, struct request *request)
{
	return tell_in_words(k, request, NULL);
}

int keeper_client_open(struct keeper *k, int connection, struct keeper_client *ret,
                       struct extack *ea)
{
	struct request request = { .kind = REQUEST_CLIENT_OPEN };
	struct message_fds fds;
	struct reply reply;
	int err = ask(k, &request, connection, &reply, &fds, ea);

	if (err < 0)
		return err;
	message_fds_close(&fds);
	*ret = reply.client;
	return 0;
}

int keeper_client_check(struct keeper *k, uint32_t client, pid_t sender, bool over_daemon)
{
	struct request request = {
		.kind = REQUEST_CLIENT_CHECK,
		.slot = client,
		.check = { .sender = sender, .over_daemon = over_daemon },
	};

	return tell(k, &request);
}

void keeper_client_close(struct keeper *k, uint32_t client)
{
	struct request request = { .kind = REQUEST_CLIENT_CLOSE, .slot = client };

	tell(k, &request);
}

static int ask_endpoint(struct keeper *k, struct request *request, int fd,
                        struct keeper_endpoint *ret, struct extack *ea)
{
	struct message_fds fds;
	struct reply reply;
	int err = ask(k, request, fd, &reply, &fds, ea);

	if (err < 0)
		return err;
	*ret = reply.endpoint;
	ret->fd = fds.fd[0];
	ret->bulk_fd = fds.fd[1];
	return 0;
}

int keeper_endpoint_open(struct keeper *k, uint32_t client, const struct endpoint_params *params,
                         struct keeper_endpoint *ret, struct extack *ea)
{
	struct request request = { .kind = REQUEST_ENDPOINT_OPEN,
		                   .slot = client,
		                   .endpoint = *params };

	return ask_endpoint(k, &request, -1, ret, ea);
}

int keeper_endpoint_spread(struct keeper *k, uint32_t endpoint, uint32_t number, uint32_t count,
                           struct extack *ea)
{
	struct request request = {
		.kind = REQUEST_ENDPOINT_SPREAD,
		.slot = endpoint,
		.spread = { .number = number, .count = count },
	};
	struct reply reply = { .err = -EPIPE }; /* until there is one */
	struct message_fds fds;
	int err = ask(k, &request, -1, &reply, &fds, ea);

	if (err < 0)
		return reply.err < 0 ? err : -EMFILE;
	return fds.fd[0];
}

int keeper_endpoint_resume(struct keeper *k, uint32_t from, struct keeper_endpoint *ret)
{
	struct request request = { .kind = REQUEST_ENDPOINT_RESUME, .slot = from };

	return ask_endpoint(k, &request, -1, ret, NULL);
}

void keeper_endpoint_fds_close(struct keeper_endpoint *e)
{
	int *const fds[] = { &e->fd, &e->bulk_fd };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

int keeper_managed_open(struct keeper *k, uint32_t client, int fd, int number, uint32_t worker,
                        uint8_t protocol, struct keeper_endpoint *ret, struct extack *ea)
{
	struct request request = {
		.kind = REQUEST_MANAGED_OPEN,
		.slot = client,
		.managed = { .worker = worker, .number = number, .protocol = protocol },
	};

	return ask_endpoint(k, &request, fd, ret, ea);
}

int keeper_managed_changed(struct keeper *k, int fd, struct keeper_endpoint *ret, struct extack *ea)
{
	struct request request = { .kind = REQUEST_MANAGED_CHANGED };

	return ask_endpoint(k, &request, fd, ret, ea);
}

int keeper_divert_add(struct keeper *k, uint32_t endpoint, const struct divert_session *session)
{
	struct request request = { .kind = REQUEST_DIVERT_ADD,
		                   .slot = endpoint,
		                   .session = *session };

	return tell(k, &request);
}

void keeper_divert_remove(struct keeper *k, uint32_t endpoint, const struct divert_session *session)
{
	struct request request = { .kind = REQUEST_DIVERT_REMOVE,
		                   .slot = endpoint,
		                   .session = *session };

	tell(k, &request);
}

int keeper_divert_channel(struct keeper *k, uint32_t worker, int *ring, int *board,
                          uint32_t *max_sessions, struct extack *ea)
{
	struct request request = { .kind = REQUEST_DIVERT_CHANNEL, .slot = worker };
	struct message_fds fds;
	struct reply reply;
	int err = ask(k, &request, -1, &reply, &fds, ea);

	if (err < 0)
		return err;
	*ring = fds.fd[0];
	*board = fds.fd[1];
	*max_sessions = reply.max_sessions;
	return 0;
}

int keeper_raw_sockets(struct keeper *k, uint32_t endpoint, struct raw_fds *ret)
{
	struct request request = { .kind = REQUEST_RAW_SOCKETS, .slot = endpoint };
	struct message_fds fds;
	struct reply reply;
	int err = ask(k, &request, -1, &reply, &fds, NULL);

	if (err < 0)
		return err;
	memcpy(ret->fd, fds.fd, sizeof(ret->fd));
	return 0;
}

int keeper_fast_session(struct keeper *k, uint32_t index, const struct fast_wish *wish)
{
	struct request request = { .kind = REQUEST_FAST_SESSION, .slot = index, .fast = *wish };

	return tell(k, &request);
}

void keeper_fast_forget(struct keeper *k, uint32_t index)
{
	struct request request = { .kind = REQUEST_FAST_FORGET, .slot = index };

	tell(k, &request);
}

void keeper_endpoint_close(struct keeper *k, uint32_t endpoint)
{
	struct request request = { .kind = REQUEST_ENDPOINT_CLOSE, .slot = endpoint };

	tell(k, &request);
}

int keeper_route(struct keeper *k, uint32_t endpoint, const union address *peer,
                 union address *source, uint32_t *mtu_bytes, struct extack *ea)
{
	struct request request = { .kind = REQUEST_ROUTE, .slot = endpoint, .peer = *peer };
	struct message_fds fds;
	struct reply reply;
	int err = ask(k, &request, -1, &reply, &fds, ea);

	if (err < 0)
		return err;
	message_fds_close(&fds);
	*source = reply.route.source;
	*mtu_bytes = reply.route.mtu_bytes;
	return 0;
}

static int ask_names(struct keeper *k, struct request *request, struct keeper_socket_names *ret,
                     struct extack *ea)
{
	struct message_fds fds;
	struct reply reply;
	int err = ask(k, request, -1, &reply, &fds, ea);

	if (err < 0)
		return err;
	message_fds_close(&fds);
	*ret = reply.names;
	return 0;
}

int keeper_socket_bind(struct keeper *k, uint32_t endpoint, const union address *local,
                       struct keeper_socket_names *ret, struct extack *ea)
{
	struct request request = { .kind = REQUEST_SOCKET_BIND, .slot = endpoint, .local = *local };

	return ask_names(k, &request, ret, ea);
}

int keeper_socket_connect(struct keeper *k, uint32_t endpoint, const union address *peer,
                          struct keeper_socket_names *ret, struct extack *ea)
{
	struct request request = { .kind = REQUEST_SOCKET_CONNECT,
		                   .slot = endpoint,
		                   .peer = *peer };

	return ask_names(k, &request, ret, ea);
}

int keeper_socket_option(struct keeper *k, uint32_t endpoint,
                         const struct keeper_socket_option *option,
                         struct keeper_socket_names *names, struct extack *ea)
{
	struct request request = { .kind = REQUEST_SOCKET_OPTION,
		                   .slot = endpoint,
		                   .option = *option };

	return ask_names(k, &request, names, ea);
}

static int ask_device(struct keeper *k, struct request *request, struct keeper_device *ret,
                      struct extack *ea)
{
	struct message_fds fds;
	struct reply reply;
	int err = ask(k, request, -1, &reply, &fds, ea);

	if (err < 0)
		return err;
	*ret = reply.device;
	ret->fd = fds.fd[0];
	return 0;
}

static int ask_new_device(struct keeper *k, struct request *request, const char *name,
                          struct keeper_device *ret, struct extack *ea)
{
	if (strlen(name) >= sizeof(request->device.name))
		return extack_fail(ea, -EINVAL, 0, "an interface name has at most %d characters",
		                   IFNAMSIZ - 1);
	snprintf(request->device.name, sizeof(request->device.name), "%s", name);
	return ask_device(k, request, ret, ea);
}

int keeper_device_create(struct keeper *k, uint32_t client, const char *name,
                         const struct mtu_rule *mtu, const struct mtu_path *path,
                         struct keeper_device *ret, struct extack *ea)
{
	struct request request = {
		.kind = REQUEST_DEVICE_CREATE,
		.slot = client,
		.device = { .mtu = *mtu },
	};

	if (path) {
		request.device.has_path = 1;
		request.device.path = *path;
	}
	return ask_new_device(k, &request, name, ret, ea);
}

int keeper_ppp_device_create(struct keeper *k, uint32_t client, const char *name,
                             struct keeper_device *ret, struct extack *ea)
{
	struct request request = {
		.kind = REQUEST_DEVICE_CREATE,
		.slot = client,
		.device = { .mtu.otherwise_bytes = PPP_MTU, .ppp = 1 },
	};

	return ask_new_device(k, &request, name, ret, ea);
}

int keeper_shared_device_create(struct keeper *k, uint32_t client, uint32_t worker,
                                struct keeper_device *ret, struct extack *ea)
{
	struct request request = {
		.kind = REQUEST_DEVICE_CREATE,
		.slot = client,
		.device = { .mtu.otherwise_bytes = PPP_MTU,
		            .ppp = 1,
		            .shared = 1,
		            .worker = worker },
	};

	return ask_new_device(k, &request, SHARED_NAME, ret, ea);
}

int keeper_device_route_add(struct keeper *k, uint32_t device, const struct prefix *prefix,
                            bool replace, struct extack *ea)
{
	struct request request = {
		.kind = REQUEST_DEVICE_ROUTE_ADD,
		.slot = device,
		.device_route = { .prefix = *prefix, .replace = replace },
	};
	struct message_fds none;
	struct reply reply;

	return ask(k, &request, -1, &reply, &none, ea);
}

void keeper_device_route_remove(struct keeper *k, uint32_t device, const struct prefix *prefix)
{
	struct request request = {
		.kind = REQUEST_DEVICE_ROUTE_REMOVE,
		.slot = device,
		.device_route = { .prefix = *prefix },
	};

	tell(k, &request);
}

int keeper_device_resume(struct keeper *k, uint32_t from, struct keeper_device *ret)
{
	struct request request = { .kind = REQUEST_DEVICE_RESUME, .slot = from };

	return ask_device(k, &request, ret, NULL);
}

void keeper_device_remove(struct keeper *k, uint32_t device)
{
	struct request request = { .kind = REQUEST_DEVICE_REMOVE, .slot = device };

	tell(k, &request);
}

int keeper_file_keep(struct keeper *k, int fd, uint32_t *ret, struct extack *ea)
{
	struct request request = { .kind = REQUEST_FILE_KEEP };
	struct message_fds fds;
	struct reply reply;
	int err = ask(k, &request, fd, &reply, &fds, ea);

	if (err < 0)
		return err;
	message_fds_close(&fds);
	*ret = reply.file;
	return 0;
}

int keeper_file_resume(struct keeper *k, uint32_t from, uint32_t *file, int *fd)
{
	struct request request = { .kind = REQUEST_FILE_RESUME, .slot = from };
	struct message_fds fds;
	struct reply reply;
	int err = ask(k, &request, -1, &reply, &fds, NULL);

	if (err < 0)
		return err;
	*file = reply.file;
	*fd = fds.fd[0];
	return 0;
}

void keeper_file_close(struct keeper *k, uint32_t file)
{
	struct request request = { .kind = REQUEST_FILE_CLOSE, .slot = file };

	tell(k, &request);
}

int keeper_event_fd(const struct keeper *k)
{
	return k->events;
}

void keeper_ready(struct keeper *k)
{
	struct request request = { .kind = REQUEST_READY };

	tell(k, &request);
}

int keeper_upgrade(struct keeper *k, struct extack *ea)
{
	struct request request = { .kind = REQUEST_UPGRADE };

	return tell_in_words(k, &request, ea);
}

int keeper_pause(struct keeper *k)
{
	struct request request = { .kind = REQUEST_PAUSE };

	return tell(k, &request);
}

int keeper_event_read(struct keeper *k, struct keeper_event *ret)
{
	struct message_fds fds;
	int err = message_receive(k->events, ret, sizeof(*ret), &fds, MSG_DONTWAIT);

	if (err > 0)
		message_fds_close(&fds);
	return err < 0 ? -EPIPE : err;
}
