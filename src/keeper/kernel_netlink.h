/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel_netlink.h - sockets by which the kernel is asked, and by which it tells what changes
 *
 * Made in the network namespace that the thread is in, and about that one for good. The news are a socket of their own,
 * so that a question need not look for its answer among them.
 */
#ifndef UL2TP_KEEPER_KERNEL_NETLINK_H
#define UL2TP_KEEPER_KERNEL_NETLINK_H

#include <stddef.h>

/**
 * kernel_netlink_ask() - a socket to ask by; it blocks, and gives up an answer that does not come within two seconds
 * @protocol: NETLINK_...
 *
 * Return: a descriptor, which is the caller's, or what socket() or bind() said.
 */
int kernel_netlink_ask(int protocol);

/**
 * kernel_netlink_news() - a socket that does not block, in @count @groups of @protocol's
 *
 * It has room for the news of ten thousand objects that come or go at once.
 *
 * Return: a descriptor, which is the caller's, or what socket(), bind() or joining a group said.
 */
int kernel_netlink_news(int protocol, const int *groups, size_t count);

#endif
