/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_clsact.h - programs as filters of a clsact, on interfaces that are ours
 *
 * A filter takes a tenth of a millisecond, waits for nobody, and neither does the interface's end. But making a clsact
 * on an interface that is up stops its queues: what it is to send in those 5 to 20 ms is dropped, and so it is when the
 * clsact goes. So it is made while nobody can send, when the interface is new, and stays. Ours are its last filters,
 * and stand aside for what they do not take.
 *
 * @route: an rtnetlink socket of the interface's namespace
 */
#ifndef UL2TP_KEEPER_FAST_PATH_CLSACT_H
#define UL2TP_KEEPER_FAST_PATH_CLSACT_H

#include "keeper/fast_path_attach.h"

/** clsact_make() - on an interface that is down. Return: 0; -EBUSY it is up; -EEXIST there is one; or -errno */
int clsact_make(int route, int ifindex);

/** clsact_put() - the program; one of ours that is there already gives way to it. Return: 0; -EINVAL there is no clsact;
 * or what else the kernel says */
int clsact_put(int route, int ifindex, enum fast_hook hook, int program);

/** clsact_take() - the program away again; the clsact stays. Return: 0 or -errno */
int clsact_take(int route, int ifindex, enum fast_hook hook);

#endif
