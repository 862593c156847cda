/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_attach.h - programs on the tcx hooks of an interface, Linux 6.6 and later
 *
 * These are apart from what an administrator does with tc. Each call but the probe waits until all processors have seen
 * it, 10 to 20 ms in which nobody can change any interface, and so does the end of the interface for each program.
 * Call while in the interface's namespace.
 */
#ifndef UL2TP_KEEPER_FAST_PATH_ATTACH_H
#define UL2TP_KEEPER_FAST_PATH_ATTACH_H

#include "base/extack.h"

enum fast_hook { FAST_HOOK_INGRESS, FAST_HOOK_EGRESS };

/** fast_attach_probe() - whether this kernel has such hooks; 0, or -EOPNOTSUPP in words */
int fast_attach_probe(struct extack *ea);

/** fast_attach() - before all others on the hook, until the interface goes. Return: 0 or -errno */
int fast_attach(int ifindex, enum fast_hook hook, int program);

/** fast_detach() - what fast_attach() has attached. Return: 0 or -errno */
int fast_detach(int ifindex, enum fast_hook hook, int program);

/** fast_link() - likewise, until the descriptor that is returned is closed. -errno */
int fast_link(int ifindex, enum fast_hook hook, int program);

/**
 * fast_link_xdp() - have the driver run it, until the descriptor that is returned is closed
 *
 * Some drivers take their link down and up for it.
 *
 * Return: a descriptor; -EBUSY there is another program; -EOPNOTSUPP the driver has no XDP; -ERANGE, -EINVAL and
 * others as the driver likes: packets may be too large for it.
 */
int fast_link_xdp(int ifindex, int program);

#endif
