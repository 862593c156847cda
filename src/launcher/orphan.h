/* SPDX-License-Identifier: BSD-2-Clause */
/* orphan.h - a stand-in nobody knows any more
 *
 * What is sent on a stand-in must not go to the kernel: the program would read its own message as the answer.
 * A descriptor at one of the stand-ins' numbers may as well be an ordinary one of a program that has so many.
 */
#ifndef UL2TP_LAUNCHER_ORPHAN_H
#define UL2TP_LAUNCHER_ORPHAN_H

#include "launcher/trap.h"

/** orphan_is() - whether the program's descriptor @number is a netlink socket of our private namespace, or may
 * be; then that was said. For descriptors trap_object() knows nothing of */
bool orphan_is(const struct trap *t, int number);

#endif
