/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_cgroup.h - which control group a socket is of: that of its maker when it was made, wherever he is now */
#ifndef UL2TP_KEEPER_SOCKET_CGROUP_H
#define UL2TP_KEEPER_SOCKET_CGROUP_H

#include <stdint.h>

#include "keeper/keeper.h"

/**
 * socket_cgroup() - of a UDP socket that somebody else has. Call while in its namespace
 * @local, @peer: what it is bound and connected to
 * @device: ifindex of what it is bound to; 0: nothing
 * @ret: the group's id, which is the inode of its directory
 *
 * Return: 0; -ENOENT there is no such socket; -EOPNOTSUPP this kernel does not say; what sock_diag said.
 */
int socket_cgroup(uint64_t cookie, const union address *local, const union address *peer,
                  int device, uint64_t *ret);

#endif
