/* SPDX-License-Identifier: BSD-2-Clause */
/* route.h - routes to the addresses of sessions, on a device that many of them share, over rtnetlink
 *
 * In the main table, of a protocol number of our own, by which administrators know them and ours are removed.
 */
#ifndef UL2TP_KEEPER_ROUTE_H
#define UL2TP_KEEPER_ROUTE_H

#include <stdbool.h>

#include "base/prefix.h"

#define ROUTE_PROTOCOL 115 /* as IP has it of L2TP; not in anybody's rt_protos */

/**
 * route_add() - one that leads to @ifindex, which is up
 * @socket:  link_socket() of the namespace
 * @replace: instead of any there is; else that is -EEXIST
 *
 * Return: 0 or the kernel's -errno.
 */
int route_add(int socket, int ifindex, const struct prefix *to, bool replace);

/** route_remove() - that which route_add() has made. -ESRCH: somebody else has removed it */
int route_remove(int socket, int ifindex, const struct prefix *to);

#endif
