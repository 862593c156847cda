/* SPDX-License-Identifier: BSD-2-Clause */
/* server.h - what the keeper holds, and what it does with it when it is asked
 *
 * The context of the privileged side. One thread, but for the reaper's.
 */
#ifndef UL2TP_KEEPER_SERVER_H
#define UL2TP_KEEPER_SERVER_H

#include "base/buckets.h"
#include "base/list.h"
#include "keeper/bequest.h"
#include "keeper/descriptors.h"
#include "keeper/divert.h"
#include "keeper/fast_path.h"
#include "keeper/host_watch.h"
#include "keeper/namespaces.h"
#include "keeper/netns.h"
#include "keeper/numbering.h"
#include "process/process.h"
#include "keeper/reaper.h"
#include "keeper/request.h"
#include "keeper/slots.h"
#include "keeper/socket_watch.h"
#include "keeper/spread.h"
#include "keeper/transmitter.h"

struct server {
	struct netns_home home;
	struct rights_owner home_owner;
	struct slots clients, endpoints, devices, files;
	struct namespaces namespaces;
	struct numbering numbering;
	struct descriptors descriptors;
	struct reaper *reaper;
	struct divert divert;
	struct transmitters transmitters;
	struct socket_watches watches;
	struct host_watches host; /* what the fast path would pass by */
	struct buckets managed;   /* endpoints that are a program's socket, by cookie */
	struct list untold;       /* those that have gone, which the engine does not know yet */
	struct fast_path *fast;   /* NULL: none, and .fast_why says why */
	enum fast_reason fast_why;
	/* By index, server.fast->board.sessions of them. Not to be found by the mapping's header again (records.h), where the
	 * engine writes. */
	struct session_record *session_records;
	bool ip_sockets_for_all;
	bool naive; /* as in keeper_options */
};

/* A process that connected. */
struct client {
	struct keeper_client about;
	int connection; /* a duplicate; the way into the client's namespace */
	int process;    /* directory of the opener */
	uid_t euid;     /* the opener's when it connected */
	struct rights_owner owner;

	/* The client's namespace and rtnetlink in it, -1 until it was entered: see client_enter(). As the connection
	 * they keep the namespace alive, for as long as the client is there. At home netns stays -1. */
	int netns, link;
	ino_t netns_ino;
};

/* By how much the MTU of the path to a peer is less than that of the route, as by IPsec (path_mtu.h). */
struct path_less {
	union address peer;
	uint64_t until_ms; /* then it is asked again */
	int32_t bytes;     /* negative: more */
};

/* A socket pair of the engine's, or a program's socket. Without descriptors once its namespace has gone. */
struct endpoint {
	struct keeper_endpoint about; /* .fd, .bulk_fd are ours */
	struct managed *
		managed; /* a program's socket (managed.h): then its descriptors are there; else NULL */
	bool admin;      /* who opened it had CAP_NET_ADMIN */
	struct path_less less; /* of a program's socket: to its peer, and not asked again */
	struct spread spread;  /* .about.fd is not in it */
};

struct device {
	struct keeper_device about; /* .fd is ours */
	int routes;                 /* of a shared one: rtnetlink in its namespace; else -1 */
	bool clsact; /* it has one of the fast path's, for whichever session it is of */
};

/** server_open() - start with empty tables. Return: 0 or -errno; said in words already. */
int server_open(struct server *s, const struct keeper_options *options, struct records *records);

/** server_close() - close and remove everything, devices included */
void server_close(struct server *s);

/** server_answer() - do what @request asks. Descriptors in @fds are used or left to the caller to close;
 * those of the answer are borrowed in @reply_fds */
void server_answer(struct server *s, const struct request *request, struct message_fds *fds,
                   struct reply *reply, struct message_fds *reply_fds);

/** server_engine_gone() - forget its connections; sockets and devices stay for the next engine */
void server_engine_gone(struct server *s);

/** endpoint_is_dropped() - nothing of ours is left in its namespace, which is to go */
bool endpoint_is_dropped(const struct endpoint *e);

/** kept_endpoint_new() - with nothing in it; NULL: out of memory. kept_endpoint_lend() - answer with it */
struct endpoint *kept_endpoint_new(void);
void kept_endpoint_lend(const struct endpoint *e, struct reply *reply, struct message_fds *fds);

/** server_drop_namespace() - close our own descriptors of all that is in it */
void server_drop_namespace(struct server *s, struct netns_id id);

/** client_enter() - be in the client's namespace until client_leave(); c->link is there then. 0 or -errno */
int client_enter(const struct server *s, struct client *c);
void client_leave(const struct server *s, const struct client *c);

/** client_link_broken() - start anew with the next device: an answer may still be under way */
void client_link_broken(struct client *c);

/** endpoint_route_mtu() - of the route from an endpoint to a peer, whatever the port; while in its namespace. 0: not known */
uint32_t endpoint_route_mtu(const struct endpoint *e, const union address *peer);

/** kept_endpoint_path_mtu() - of the path to a peer (path_mtu.h), asked in the namespace @here, where we are; 0: not known */
uint32_t kept_endpoint_path_mtu(const struct server *s, struct netns_id here,
                                const struct mtu_path *path);

/**
 * server_leave() - all that the keeper of another release is to go on with; what is not there need not be said to have gone
 *
 * Programs of the fast path are taken off, with nothing that they counted lost; server_stay() has them come again. The
 * reaper rests.
 */
void server_leave(struct server *s, struct bequest *b);
void server_stay(struct server *s);

/** server_inherit() - after server_open(), what another left. Return: 0; -EBADMSG; -errno: then it is to be closed */
int server_inherit(struct server *s, struct inheritance *i);

/* Of server_leave() and server_inherit(), each in the file of its noun. */
void kept_files_leave(struct server *s, struct bequest *b);
int kept_files_inherit(struct server *s, struct inheritance *i);
void kept_devices_leave(struct server *s, struct bequest *b);
int kept_devices_inherit(struct server *s, struct inheritance *i);
void kept_endpoints_leave(struct server *s, struct bequest *b);
int kept_endpoints_inherit(struct server *s, struct inheritance *i);

/* Requests, each in the file of its noun. */
int kept_client_open(struct server *s, int connection, struct reply *reply);
int kept_client_check(struct server *s, uint32_t slot, pid_t sender, bool over_daemon);
int kept_client_close(struct server *s, uint32_t slot);
int kept_endpoint_open(struct server *s, uint32_t client, const struct endpoint_params *params,
                       struct reply *reply, struct message_fds *fds);
int kept_endpoint_resume(struct server *s, uint32_t from, struct reply *reply,
                         struct message_fds *fds);
int kept_endpoint_spread(struct server *s, uint32_t slot, uint32_t number, uint32_t count,
                         struct reply *reply, struct message_fds *fds);
int kept_endpoint_close(struct server *s, uint32_t slot);
void kept_endpoint_drop(struct server *s, struct endpoint *e);
int kept_endpoint_route(struct server *s, uint32_t endpoint, const union address *peer,
                        struct reply *reply);
int kept_managed_open(struct server *s, uint32_t client, uint32_t worker, int number,
                      uint8_t protocol, int fd, struct reply *reply, struct message_fds *fds);
int kept_managed_changed(struct server *s, int fd, struct reply *reply, struct message_fds *fds);
int kept_divert_add(struct server *s, uint32_t slot, const struct divert_session *session);
int kept_divert_remove(struct server *s, uint32_t slot, const struct divert_session *session);
int kept_raw_sockets(struct server *s, uint32_t slot, struct message_fds *fds);
int kept_divert_channel(struct server *s, uint32_t worker, struct reply *reply,
                        struct message_fds *fds);
int kept_socket_bind(struct server *s, uint32_t endpoint, const union address *local,
                     struct reply *reply);
int kept_socket_connect(struct server *s, uint32_t endpoint, const union address *peer,
                        struct reply *reply);
int kept_socket_option(struct server *s, uint32_t endpoint,
                       const struct keeper_socket_option *option, struct reply *reply);
int kept_device_create(struct server *s, uint32_t client, const struct request *wanted,
                       struct reply *reply, struct message_fds *fds);
int kept_device_resume(struct server *s, uint32_t from, struct reply *reply,
                       struct message_fds *fds);
int kept_device_remove(struct server *s, uint32_t slot);
int kept_device_route_add(struct server *s, uint32_t slot, const struct prefix *prefix,
                          bool replace, struct reply *reply);
int kept_device_route_remove(struct server *s, uint32_t slot, const struct prefix *prefix);
void kept_device_drop(struct server *s, struct device *d);
int kept_file_keep(struct server *s, int fd, struct reply *reply);
int kept_file_resume(struct server *s, uint32_t from, struct reply *reply, struct message_fds *fds);
int kept_file_close(struct server *s, uint32_t slot);

#endif
