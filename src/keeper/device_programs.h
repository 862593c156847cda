/* SPDX-License-Identifier: BSD-2-Clause */
/* device_programs.h - the BPF programs on an interface's tcx hooks */
#ifndef UL2TP_KEEPER_DEVICE_PROGRAMS_H
#define UL2TP_KEEPER_DEVICE_PROGRAMS_H

#include "keeper/own_programs.h"

/**
 * device_programs() - whether there is one that is not ours. Call while in the interface's namespace
 * @ingress: for packets that come in; else for those that leave
 * @ret:     set on success; of a kernel without such hooks (before 6.6): false
 *
 * Return: 0; -ENODEV; -EPERM ...
 */
int device_programs(int ifindex, bool ingress, const struct own_programs *own, bool *ret);

#endif
