/* SPDX-License-Identifier: BSD-2-Clause */
/* request.h - what engine and keeper say to each other
 *
 * One request, one reply, both of fixed size, on a SOCK_SEQPACKET pair; descriptors go along as
 * SCM_RIGHTS. Both ends are one program forked in two, so the layout is the compiler's. The keeper
 * still takes a request for what it is: numbers from a process that reads what strangers send.
 */
#ifndef UL2TP_KEEPER_REQUEST_H
#define UL2TP_KEEPER_REQUEST_H

#include <stddef.h>
#include <sys/types.h>

#include "keeper/keeper.h"

enum request_kind {
	REQUEST_CLIENT_OPEN, /* with the connection */
	REQUEST_CLIENT_CHECK,
	REQUEST_CLIENT_CLOSE,
	REQUEST_ENDPOINT_OPEN,
	REQUEST_ENDPOINT_CLOSE,
	REQUEST_ENDPOINT_RESUME,
	REQUEST_ENDPOINT_SPREAD,
	REQUEST_MANAGED_OPEN,    /* with the socket */
	REQUEST_MANAGED_CHANGED, /* with the socket */
	REQUEST_DIVERT_ADD,
	REQUEST_DIVERT_REMOVE,
	REQUEST_DIVERT_CHANNEL,
	REQUEST_RAW_SOCKETS,
	REQUEST_ROUTE,
	REQUEST_SOCKET_BIND,
	REQUEST_SOCKET_CONNECT,
	REQUEST_SOCKET_OPTION,
	REQUEST_DEVICE_CREATE,
	REQUEST_DEVICE_REMOVE,
	REQUEST_DEVICE_RESUME,
	REQUEST_DEVICE_ROUTE_ADD,
	REQUEST_DEVICE_ROUTE_REMOVE,
	REQUEST_FILE_KEEP, /* with the end of a pair */
	REQUEST_FILE_RESUME,
	REQUEST_FILE_CLOSE,
	REQUEST_FAST_SESSION,
	REQUEST_FAST_FORGET,
	/* Those of run.c. */
	REQUEST_READY,
	REQUEST_UPGRADE,
	REQUEST_PAUSE, /* until an upgrade is done, or refused */
	REQUEST_KINDS,
};

struct request {
	uint32_t serial; /* from 1; the reply repeats it */
	uint32_t kind;
	uint32_t slot; /* of what the request is about; where to go on, for _RESUME */
	union {
		struct {
			int32_t sender;
			uint8_t over_daemon;
		} check;
		struct endpoint_params endpoint;
		union address peer;
		union address local;
		struct keeper_socket_option option;
		struct {
			uint32_t number, count;
		} spread;
		struct {
			uint32_t worker;
			int32_t number;
			uint8_t protocol;
		} managed;
		struct divert_session session;
		struct fast_wish fast;
		struct {
			struct mtu_rule mtu;
			struct mtu_path path;
			uint8_t has_path, ppp, shared;
			uint32_t worker; /* of a shared one */
			char name[IFNAMSIZ];
		} device;
		struct {
			struct prefix prefix;
			uint8_t replace;
		} device_route;
	};
};

struct reply {
	uint32_t serial; /* of what it answers; 0: of a request that could not be read */
	int32_t err;
	struct extack ea;
	union {
		struct keeper_client client;
		struct keeper_endpoint endpoint;
		struct keeper_socket_names names;
		struct keeper_device device;
		uint32_t max_sessions;
		uint32_t file; /* its slot */
		struct {
			union address source;
			uint32_t mtu_bytes;
		} route;
	};
};

#define MESSAGE_FDS_MAX RAW_FDS

/* Descriptors that travel with a message; -1: none. */
struct message_fds {
	int fd[MESSAGE_FDS_MAX];
};

#define MESSAGE_NO_FDS ((struct message_fds){ .fd = { -1, -1, -1, -1 } })

/** message_send() - send one message with those descriptors that are not -1; they stay the caller's
 *
 * Return: 0 or a negative errno. Does not block if @flags has MSG_DONTWAIT.
 */
int message_send(int socket, const void *message, size_t len, const struct message_fds *fds,
                 int flags);

/** message_receive() - receive one message of exactly @len octets; descriptors become the caller's
 *
 * Return: 1; 0 nothing waits; -EPIPE the other end has gone; -EPROTO not such a message; -EMFILE there was no room for
 *         its descriptors, but @message is as it was sent; negative errno.
 */
int message_receive(int socket, void *message, size_t len, struct message_fds *fds, int flags);

/** message_fds_close() - close those that were not taken */
void message_fds_close(struct message_fds *fds);

#endif
