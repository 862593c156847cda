/* SPDX-License-Identifier: BSD-2-Clause */
/* diag_answer.h - what the kernel answers, and tells, of sockets (NETLINK_SOCK_DIAG): octets in, values out
 *
 * Called by socket_watch.c and socket_cgroup.c (inet_diag) and by identity.c (unix_diag), who ask and receive.
 */
#ifndef UL2TP_KEEPER_DIAG_ANSWER_H
#define UL2TP_KEEPER_DIAG_ANSWER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/reader.h"

struct diag_socket {
	uint64_t cookie;
	ino_t ino;
	uint64_t group; /* its control group's id */
	bool has_group; /* it was told */
};

/* Return: 0; -errno: no more is to be read. */
typedef int diag_socket_fn(void *arg, const struct diag_socket *socket);

/**
 * diag_sockets_read() - each socket of the family inet that one datagram tells of
 * @seq: the question's number; news have 0. What has another is passed over
 *
 * Return: DIAG_MORE the answer goes on, if one was asked for that has several datagrams; DIAG_END that was all; -errno: what
 * the kernel said, or @each; -EBADMSG it said that something is wrong, but not what.
 */
int diag_sockets_read(struct reader datagram, uint32_t seq, diag_socket_fn *each, void *arg);

enum { DIAG_END, DIAG_MORE };

/** diag_unix_peer() - of the first Unix socket a datagram tells of, the inode of the one at the other end; 0: it is not told */
ino_t diag_unix_peer(struct reader datagram);

#endif
