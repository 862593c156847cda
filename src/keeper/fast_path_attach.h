/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_attach.h - programs on the tc hooks of an interface
 *
 * On the devices of sessions, which are ours and end with us, they are simply attached; on an underlay they hang on a
 * descriptor, so that they go when it is closed, also by the death of the process. Call while in the interface's
 * namespace.
 */
#ifndef UL2TP_KEEPER_FAST_PATH_ATTACH_H
#define UL2TP_KEEPER_FAST_PATH_ATTACH_H

#include "base/extack.h"

enum fast_hook { FAST_HOOK_INGRESS, FAST_HOOK_EGRESS };

/** fast_attach_probe() - whether this kernel has such hooks; 0, or -EOPNOTSUPP in words */
int fast_attach_probe(struct extack *ea);

/** fast_attach() - before all others on the hook. Return: 0 or -errno */
int fast_attach(int ifindex, enum fast_hook hook, int program);

/** fast_detach() - 0, or -errno: it is not there any more */
int fast_detach(int ifindex, enum fast_hook hook, int program);

/** fast_link() - likewise, until the descriptor that is returned is closed. -errno */
int fast_link(int ifindex, enum fast_hook hook, int program);

#endif
