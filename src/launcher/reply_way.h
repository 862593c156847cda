/* SPDX-License-Identifier: BSD-2-Clause */
/* reply_way.h - what the three ways of reply.h have in common; for reply.c and the ways alone */
#ifndef UL2TP_LAUNCHER_REPLY_WAY_H
#define UL2TP_LAUNCHER_REPLY_WAY_H

#include <stdatomic.h>

#include "launcher/reply.h"
#include "launcher/socket_list.h"

/* One way. Each is a row of the table in reply.c. */
struct reply_way_ops {
	const char *name;
	int protocol; /* of the stand-ins */

	/** open() - what all stand-ins share; called in the namespace where they will be. NULL: nothing */
	int (*open)(struct reply *r);

	/** prepare() - make a new socket ready for answers. NULL: it is */
	int (*prepare)(struct reply *r, int fd, const struct reply_target *target);

	/** send() - as reply_send(); there is room for @len octets if @len is at most longest */
	ssize_t (*send)(struct reply *r, struct reply_target *target, const void *octets,
	                size_t len);

	size_t longest; /* datagrams are split at messages so as not to be longer */
};

extern const struct reply_way_ops reply_uevent, reply_fib, reply_trap;

struct reply {
	enum reply_way way;
	const struct reply_way_ops *ops;
	int home_netns; /* where the threads are that call us */
	int netns;      /* where stand-ins are made; -1: at home */
	int sender;     /* uevent, trap: whose messages they are; -1 */
	int stranger;   /* uevent: sends what is too long for an echo; -1 */
	atomic_bool strayed;
	uint32_t port;  /* of sender */
	uint32_t magic; /* of this run */
	struct socket_list sockets;
};

/** reply_sender_open() - a netlink socket of @protocol, bound, here; its port in @port. -errno */
int reply_sender_open(int protocol, uint32_t *port);

/** reply_sender_send() - one datagram; @port 0 is the kernel. Octets sent or -errno */
ssize_t reply_sender_send(int fd, const struct iovec *parts, size_t count, uint32_t port);

#endif
