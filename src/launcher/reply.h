/* SPDX-License-Identifier: BSD-2-Clause */
/* reply.h - stand-ins of netlink sockets: making one, and putting an answer into it as the kernel would
 *
 * A client reads answers with recvmsg() and believes those that come from port 0, the kernel's. Nothing but
 * the kernel can send from there; so we let it: some netlink protocols send a message back to whoever sent
 * it. What the program gets is a socket of such a protocol in a namespace of ours, so that bind(),
 * select(), MSG_PEEK and the rest are the kernel's own and cost nothing.
 *
 * All functions may be called by any thread; those on one target by one at a time.
 */
#ifndef UL2TP_LAUNCHER_REPLY_H
#define UL2TP_LAUNCHER_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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
int reply_open(enum reply_way wanted, int private_netns, struct reply **ret, char *why,
               size_t size);
void reply_free(struct reply *r);

/** reply_way() - which it is; never REPLY_AUTO */
enum reply_way reply_way(const struct reply *r);

/** reply_magic() - what stand-ins know answers by, and which another process must use for the same stand-ins */
uint32_t reply_magic(const struct reply *r);
void reply_magic_set(struct reply *r, uint32_t magic);

/** reply_port() - whose port answers come from with REPLY_TRAP, and which another process must take over, so that
 * what the one before it has sent is believed. -EADDRINUSE: somebody has it */
uint32_t reply_port(const struct reply *r);
int reply_port_set(struct reply *r, uint32_t port);

/** reply_name() - "uevent", "fib", "trap", "auto" */
const char *reply_name(enum reply_way way);

/* A stand-in as the place where answers go. */
struct reply_target {
	int socket; /* a duplicate of it while a call on it is served; -1: none is at hand */
	uint32_t
		port; /* its port id; the owner sets it when the socket has one. Nothing is sent before */
	ino_t ino;               /* set by reply_socket(), as are the following */
	uint64_t cookie;         /* SO_COOKIE */
	uint32_t receive_buffer; /* SO_RCVBUF when last seen */
};

/** reply_socket() - a new stand-in; @type as given to socket(), with its flags. Its descriptor, or -errno */
int reply_socket(struct reply *r, int type, struct reply_target *ret);

/**
 * reply_send() - put @len octets, one or more netlink messages, into the receive queue of a stand-in
 *
 * Whole messages from the front are queued as far as the receive buffer has room. Nothing is ever lost for
 * want of room: what is not taken stays the caller's.
 *
 * Return: octets that were taken, > 0; -EAGAIN the receive buffer is full: try again when the program has
 *         read; -EBADF the program has closed it; -ENOTSOCK this way needs target->socket; negative errno.
 */
ssize_t reply_send(struct reply *r, struct reply_target *target, const void *octets, size_t len);

/**
 * reply_overrun() - something on its way to the program was lost: its next read says ENOBUFS, as the kernel's would
 *
 * Beside that it may be shown an empty message or two (NLMSG_NOOP).
 *
 * Return: 0; -ENOTSOCK target->socket is needed; -EOPNOTSUPP with REPLY_TRAP, where whoever receives says so.
 */
int reply_overrun(struct reply *r, struct reply_target *target);

/** reply_strayed() - whether a message was too long for an echo since this was last asked, and so came from a
 * port that is not 0, which some clients skip */
bool reply_strayed(struct reply *r);

/** reply_renew() - after the program's bind(), which takes away what a way depends on; target->socket */
int reply_renew(struct reply *r, const struct reply_target *target);

/** reply_is_gone() - whether no process has the stand-in any more; ours neither (target->socket is -1) */
bool reply_is_gone(struct reply *r, const struct reply_target *target);

/** reply_sender_is_ours() - with REPLY_TRAP: whether a datagram that came from @port is one of ours */
bool reply_sender_is_ours(const struct reply *r, uint32_t port);

#endif
