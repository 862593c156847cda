/* SPDX-License-Identifier: BSD-2-Clause */
/* caller.h - what the process that made a trapped call may do, and doing something with no more than that
 *
 * The supervisor often has more rights than the program it serves: a launcher started by root, a program that
 * became nobody. Whatever it does on a program's behalf it does with at most the program's rights.
 */
#ifndef UL2TP_LAUNCHER_CALLER_H
#define UL2TP_LAUNCHER_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#include "launcher/trap.h"

/** caller_is_admin() - whether it has CAP_NET_ADMIN over the namespace @netns (its owner's user namespace),
 * by the kernel's rule (process/process.h, rights_allow()). False if that can not be known */
bool caller_is_admin(const struct trap *t, int netns);

/** caller_is_allowed() - the same of one whose owner is known */
bool caller_is_allowed(const struct trap *t, const struct rights_owner *owner);

/** caller_credentials() - its effective user and capabilities, and its user namespace: .process and .name are not set. They
 * are read once a call. 0; -ESRCH */
int caller_credentials(const struct trap *t, struct process_credentials *ret);

/** in_netns() - run @fn(@arg) on this thread in the namespace @netns, then be home again
 *
 * Return: what @fn returned; -EPERM we may not go there.
 */
int in_netns(struct launcher *l, int netns, int (*fn)(void *arg), void *arg);

/**
 * as_caller() - run @fn(@arg) in the namespace @netns with the caller's effective capabilities and no more
 *
 * In the caller's own user namespace if that is another than ours (then in a forked child, so @fn must not
 * count on memory it changes; a descriptor it returns through *@fd comes back). @fd may be NULL.
 *
 * Return: what @fn returned; -EPERM, -ESRCH.
 */
int as_caller(const struct trap *t, int netns, int (*fn)(void *arg, int *fd), void *arg, int *fd);

#endif
