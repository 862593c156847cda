/* SPDX-License-Identifier: BSD-2-Clause */
/* incoming.h - where a program wants what it receives: the arguments of recvfrom(), recvmsg(), recvmmsg(), read(), readv()
 *
 * A handler that receives in a program's place learns here where the octets, the sender's name and the control messages go
 * in its memory, and puts them there.
 */
#ifndef UL2TP_LAUNCHER_INCOMING_H
#define UL2TP_LAUNCHER_INCOMING_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "launcher/trap.h"

#define INCOMING_CONTROL_MAX                                                                       \
	1024                   /* octets of control messages that come with a datagram of netlink */
#define INCOMING_MMSG_MAX 1024 /* of one recvmmsg() */

/* Where one datagram goes, in the program's memory. */
struct incoming {
	struct iovec *parts;
	size_t count;
	struct iovec one;           /* the only part, of calls that have no more */
	uint64_t name, name_len_at; /* 0: not wanted */
	uint64_t control;
	size_t control_len;
	uint64_t header; /* its struct msghdr; 0: there is none */
	int flags;       /* MSG_* of the call */
};

void incoming_release(struct incoming *in);
#define AUTO_INCOMING __attribute__((cleanup(incoming_release))) struct incoming

/* What came, besides the octets. */
struct received {
	struct sockaddr_nl name;
	size_t control_len;
	int flags; /* msg_flags */
	_Alignas(struct cmsghdr) uint8_t control[INCOMING_CONTROL_MAX];
};

/** incoming_read() - of a trapped call but recvmmsg(). 0, or the errno of the call; @ret can be released */
int incoming_read(const struct trap *t, struct incoming *ret);

/** incoming_read_header() - of a struct msghdr at @address. As incoming_read() */
int incoming_read_header(const struct trap *t, uint64_t address, int flags, struct incoming *ret);

/** incoming_room() - octets that fit */
size_t incoming_room(const struct incoming *in);

/**
 * incoming_take() - recvmsg() on @fd, without waiting
 * @flags: MSG_PEEK, MSG_OOB, MSG_ERRQUEUE
 * @octets: receives at most @size of them
 *
 * Return: the datagram's length, which may be more; negative errno.
 */
ssize_t incoming_take(int fd, int flags, void *octets, size_t size, size_t control_len,
                      struct received *ret);

/** incoming_put() - the octets, and of @got what the call wants. 0 or the errno of the call */
int incoming_put(const struct trap *t, const struct incoming *in, const void *octets, size_t len,
                 const struct received *got);

/** incoming_result() - what the call returns of a datagram of @size octets */
ssize_t incoming_result(const struct incoming *in, size_t size);

#endif
