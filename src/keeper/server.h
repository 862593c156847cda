/* SPDX-License-Identifier: BSD-2-Clause */
/* server.h - what the keeper holds, and what it does with it when it is asked
 *
 * The context of the privileged side. One thread, but for the reaper's.
 */
#ifndef UL2TP_KEEPER_SERVER_H
#define UL2TP_KEEPER_SERVER_H

#include "keeper/namespaces.h"
#include "keeper/netns.h"
#include "keeper/numbering.h"
#include "process/process.h"
#include "keeper/reaper.h"
#include "keeper/request.h"
#include "keeper/slots.h"

struct server {
	struct netns_home home;
	struct rights_owner home_owner;
	struct slots clients, endpoints, devices;
	struct namespaces namespaces;
	struct numbering numbering;
	struct reaper *reaper;
};

/* A process that connected. */
struct client {
	struct keeper_client about;
	int connection; /* a duplicate; the way into the client's namespace */
	int process;    /* directory of the opener */
	uid_t euid;     /* the opener's when it connected */
	struct rights_owner owner;
};

/* A socket pair of the engine's. Without descriptors once its namespace has gone. */
struct endpoint {
	struct keeper_endpoint about; /* .fd, .bulk_fd are ours */
};

struct device {
	struct keeper_device about; /* .fd is ours */
};

/** server_open() - start with empty tables. Return: 0 or -errno; said in words already. */
int server_open(struct server *s, uint32_t max_tunnels, uint32_t max_sessions);

/** server_close() - close and remove everything, devices included */
void server_close(struct server *s);

/** server_answer() - do what @request asks. Descriptors in @fds are used or left to the caller to close;
 * those of the answer are borrowed in @reply_fds */
void server_answer(struct server *s, const struct request *request, struct message_fds *fds,
                   struct reply *reply, struct message_fds *reply_fds);

/** server_engine_gone() - forget its connections; sockets and devices stay for the next engine */
void server_engine_gone(struct server *s);

/** server_drop_namespace() - close our own descriptors of all that is in it */
void server_drop_namespace(struct server *s, struct netns_id id);

/* Requests, each in the file of its noun. */
int kept_client_open(struct server *s, int connection, struct reply *reply);
int kept_client_check(struct server *s, uint32_t slot, pid_t sender, bool over_daemon);
int kept_client_close(struct server *s, uint32_t slot);
int kept_endpoint_open(struct server *s, uint32_t client, const struct endpoint_params *params,
                       struct reply *reply, struct message_fds *fds);
int kept_endpoint_resume(struct server *s, uint32_t from, struct reply *reply,
                         struct message_fds *fds);
int kept_endpoint_close(struct server *s, uint32_t slot);
void kept_endpoint_drop(struct endpoint *e);
int kept_endpoint_route(struct server *s, uint32_t endpoint, const union address *peer,
                        struct reply *reply);
int kept_device_create(struct server *s, uint32_t client, const char *name, uint32_t mtu_bytes,
                       struct reply *reply, struct message_fds *fds);
int kept_device_resume(struct server *s, uint32_t from, struct reply *reply,
                       struct message_fds *fds);
int kept_device_remove(struct server *s, uint32_t slot);
void kept_device_drop(struct server *s, struct device *d);

#endif
