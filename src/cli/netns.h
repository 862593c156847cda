/* SPDX-License-Identifier: BSD-2-Clause */
/* netns.h - go into a network namespace by its name, as ip -n does */
#ifndef UL2TP_CLI_NETNS_H
#define UL2TP_CLI_NETNS_H

#include <stddef.h>

/**
 * netns_enter() - make the namespace that "ip netns add @name" made ours
 * @name: below /run/netns, or a path if there is a slash in it
 * @why:  on failure, @size octets at most, what is wrong and what to do
 *
 * Return: 0 or a negative errno.
 */
int netns_enter(const char *name, char *why, size_t size);

#endif
