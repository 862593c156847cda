/* SPDX-License-Identifier: BSD-2-Clause */
/* connection.h - one client: its socket, who it is, what it is owed
 *
 * Answers are written at once, or kept until the client reads; while any is kept its requests are not read,
 * so a client that does not read holds up only itself. A dump goes on whenever there is room. Notifications to
 * a subscriber that does not read are lost, and it is told so (NLMSG_OVERRUN).
 */
#ifndef UL2TP_API_CONNECTION_H
#define UL2TP_API_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "keeper/keeper.h"
#include "loop/loop.h"
#include "netlink/error_message.h"
#include "netlink/family.h"
#include "tunnel/netns.h"

struct server;
struct ip_socket;

#define DATAGRAM_MAX 65536 /* longest request, and more than the longest answer */
#define DUMP_CHUNK   32768 /* octets of a dump in one datagram (NL-92) */

/* Where a dump goes on: ids "not below", as 64 bits so that there is one beyond the last. */
struct dump {
	bool running;
	const struct genl_family *family;
	uint8_t command;
	uint64_t next_tunnel, next_session;
	struct nl_message request; /* header fields only */
};

struct answer {
	struct answer *next;
	size_t len;
	uint8_t octets[];
};

struct connection {
	struct list in_server;
	struct server *server;
	struct watch watch;
	int fd;
	struct keeper_client client;
	struct netns *netns;
	struct ip_socket *ip_socket; /* NULL: it has none */
	uint32_t port; /* what the kernel calls port id: names the client in answers */
	struct nl_socket_options options;
	uint64_t trace_events; /* which it is sent: bits of enum ul2tp_trace_event */
	uint64_t trace_lost;   /* events that it should have got, of which it was not told yet */
	bool subscribed;
	bool rights_dropped; /* whoever sends has no privilege (UL2TP_ATTR_DROP_RIGHTS) */
	bool rights_kept;    /* whoever sends has GENL_ADMIN (UL2TP_ATTR_KEEP_RIGHTS) */
	bool stops;          /* at a refusal, in a datagram (UL2TP_ATTR_STOP_AT_REFUSAL) */
	bool overrun;        /* notifications were lost, and it was not told yet */
	pid_t sender;        /* of the request being served */
	uint64_t token;      /* of the next request (UL2TP_ATTR_TOKEN); 0: it has none */
	struct arrived_descriptors *arrived; /* with the datagram being served */
	struct dump dump;
	struct answer *owed; /* what did not fit the socket yet, in order; NULL: nothing */
};

/**
 * connection_new() - serve an accepted socket
 * @fd: becomes the connection's
 *
 * Return: NULL if it can not be served; the reason is logged.
 */
struct connection *connection_new(struct server *server, int fd);
void connection_free(struct connection *c);

/** connection_answer() - send octets that may not be lost; @octets is copied if need be */
void connection_answer(struct connection *c, const void *octets, size_t len);

/** connection_end() - an answer was lost: the client, should it be there, hears the end, and does not wait for it */
void connection_end(struct connection *c);

/** connection_take_descriptor() - the next of those that came with the datagram being served, in their order; it
 * becomes the caller's. -EBADF: there is none. Those that nobody takes are closed */
int connection_take_descriptor(struct connection *c);

/** connection_lacks_descriptors() - some came with the datagram being served for which there was no room */
bool connection_lacks_descriptors(const struct connection *c);

/** connection_notify() - send octets that may be lost, which is then told later */
void connection_notify(struct connection *c, const void *octets, size_t len);

/** connection_offer() - send octets if nothing is owed and the client's socket takes them at once; else false */
bool connection_offer(struct connection *c, const void *octets, size_t len);

/** connection_wait() - for requests, and for room if something is owed: whenever it may have become so */
void connection_wait(struct connection *c);

#endif
