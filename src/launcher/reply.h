/* SPDX-License-Identifier: BSD-2-Clause */
/* reply.h - stand-ins of netlink sockets: making one, and putting an answer into it as the kernel would
 *
 * A client reads answers with recvmsg() and believes those that come from port 0, the kernel's. Nothing but
 * the kernel can send from there; so we let it: some netlink protocols send a message back to whoever sent
 * it. What the program gets is a socket of such a protocol in a namespace of ours, so that bind(),
 * getsockname(), select(), MSG_PEEK and the rest are the kernel's own and cost nothing.
 *
 * All functions may be called by any thread; those on one socket by one at a time (object.lock).
 */
#ifndef UL2TP_LAUNCHER_REPLY_H
#define UL2TP_LAUNCHER_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/launcher.h"

/**
 * reply_open() - choose and test a way
 * @wanted:  REPLY_AUTO, or the only one to try
 * @private_netns: descriptor, -1: there is none
 * @ret:     set on success
 * @why:     receives in words why not (also: why ways before the chosen one were not), @size octets
 *
 * Return: 0; -EOPNOTSUPP none works.
 */
int reply_open(enum reply_way wanted, int private_netns, struct reply **ret, char *why, size_t size);
void reply_free(struct reply *r);

/** reply_way() - which it is; never REPLY_AUTO */
enum reply_way reply_way(const struct reply *r);

/** reply_name() - "uevent", "fib", "trap", "auto" */
const char *reply_name(enum reply_way way);

/** reply_socket() - a new stand-in; @type as given to socket(), with SOCK_NONBLOCK. -errno */
int reply_socket(struct reply *r, int type);

/**
 * reply_send() - put @len octets, one or more netlink messages, into the receive queue of @socket
 * @socket: a duplicate of the program's
 * @group:  0, or the multicast group the program is to see them come by
 *
 * Return: 0; -EAGAIN its receive buffer is full: try again when the program has read; negative errno.
 */
int reply_send(struct reply *r, int socket, const void *octets, size_t len, uint32_t group);

#endif
