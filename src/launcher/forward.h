/* SPDX-License-Identifier: BSD-2-Clause */
/* forward.h - the real generic netlink socket behind a stand-in, for all families but l2tp
 *
 * It is in the program's network namespace, and was opened and is used with no more than the program's rights.
 */
#ifndef UL2TP_LAUNCHER_FORWARD_H
#define UL2TP_LAUNCHER_FORWARD_H

#include <linux/netlink.h>

#include "launcher/trap.h"

struct forward {
	int fd;        /* -1: it could not be opened */
	int error;     /* why not */
	uint32_t port; /* 0: not bound yet */
	uint8_t *buffer;
	size_t size;
};

/** forward_open() - in the namespace @netns, by whoever opens the stand-in. 0, or what f->error says */
int forward_open(const struct trap *t, int netns, struct forward *f);
void forward_close(struct forward *f);

/** forward_bind() - to the program's port if it is free there, else to any */
int forward_bind(const struct trap *t, int netns, struct forward *f, uint32_t port);

/**
 * forward_send() - a datagram of the program, with the sender's rights
 * @to: NULL: it named no destination
 *
 * Return: octets sent, or the errno of the call.
 */
int64_t forward_send(const struct trap *t, int netns, struct forward *f, const void *octets,
                     size_t len, const struct sockaddr_nl *to);

/** forward_setsockopt() - an option of level SOL_NETLINK, with the caller's rights */
int forward_setsockopt(const struct trap *t, int netns, struct forward *f, int name,
                       const void *value, size_t len);

/**
 * forward_receive() - the next datagram, without waiting; it is in f->buffer until the next call
 *
 * Return: its length; -EAGAIN nothing has come; -ENOBUFS some were lost.
 */
ssize_t forward_receive(struct forward *f);

#endif
