/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel_netlink.h - sockets by which the kernel is asked, and by which it tells what changes
 *
 * Made in the network namespace that the thread is in, and about that one for good. The news are a socket of their own,
 * so that a question need not look for its answer among them.
 *
 * Whoever has CAP_NET_ADMIN in that namespace can send to each netlink socket there, by its number and to groups, and may be
 * a stranger to all others. What is not the kernel's is never taken for it.
 */
#ifndef UL2TP_KEEPER_KERNEL_NETLINK_H
#define UL2TP_KEEPER_KERNEL_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/reader.h"

/**
 * kernel_netlink_ask() - a socket to ask by; it blocks, and gives up an answer that does not come within two seconds
 * @protocol: NETLINK_...
 *
 * Return: a descriptor, which is the caller's, or what socket() or bind() said.
 */
int kernel_netlink_ask(int protocol);

/** kernel_netlink_only() - only the kernel can send to the socket @fd from now on; but to groups of it all still can. -errno */
int kernel_netlink_only(int fd);

/**
 * kernel_netlink_news() - a socket that does not block, in @count @groups of @protocol's
 *
 * It has room for the news of ten thousand objects that come or go at once.
 *
 * Return: a descriptor, which is the caller's, or what socket(), bind() or joining a group said.
 */
int kernel_netlink_news(int protocol, const int *groups, size_t count);

#define KERNEL_READS_MAX 256 /* in one go: others wait too */

/** kernel_netlink_receive() - the next datagram; its length, 0: it was not the kernel's; -EAGAIN: nothing more; -ENOBUFS: some
 * were lost */
ssize_t kernel_netlink_receive(int fd, void *octets, size_t room);

/** kernel_message_next() - the next message of a datagram; false: no more whole ones. @payload: what follows the header */
bool kernel_message_next(struct reader *datagram, struct nlmsghdr *m, struct reader *payload);

#endif
