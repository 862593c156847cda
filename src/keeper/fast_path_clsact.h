/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_clsact.h - programs as filters of an interface's clsact, which every kernel has
 *
 * It takes a tenth of a millisecond, waits for nobody, and neither does the interface's end. But the interface has only
 * one clsact, which an administrator may have made or may want to make. Ours are its last filters, and stand aside for
 * what they do not take. They stay when the process dies.
 *
 * @route: an rtnetlink socket of the interface's namespace
 */
#ifndef UL2TP_KEEPER_FAST_PATH_CLSACT_H
#define UL2TP_KEEPER_FAST_PATH_CLSACT_H

#include <stdbool.h>

#include "keeper/fast_path_attach.h"

/** clsact_make() - unless it is there. @made: set, whether it was not. Return: 0 or -errno */
int clsact_make(int route, int ifindex, bool *made);

/** clsact_put() - the program; one of ours that is there already gives way to it. Return: 0; -EINVAL there is no clsact;
 * or what else the kernel says */
int clsact_put(int route, int ifindex, enum fast_hook hook, int program);

/** clsact_take_off() - our filter, and with @made also the clsact, if there is nothing else in it */
void clsact_take_off(int route, int ifindex, enum fast_hook hook, bool made);

/** clsact_sweep() - take our filters that processes which have ended left on the ingress of interfaces off them
 * Return: how many there were; -errno */
int clsact_sweep(int route);

#endif
