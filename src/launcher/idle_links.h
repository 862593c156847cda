/* SPDX-License-Identifier: BSD-2-Clause */
/* idle_links.h - connections to ul2tpd that have just answered
 *
 * One waits a moment for the next question from the same network namespace, and is closed then, since it keeps the
 * namespace alive. Any thread.
 */
#ifndef UL2TP_LAUNCHER_IDLE_LINKS_H
#define UL2TP_LAUNCHER_IDLE_LINKS_H

#include <stdbool.h>
#include <sys/types.h>

#include "launcher/daemon_link.h"

/** idle_link_take() - one of this namespace that has kept its rights or given them up; false: there is none */
bool idle_link_take(ino_t netns, bool rights, struct daemon_link *ret);

/** idle_link_put() - let it wait, or close it: it is closed already, or many wait */
void idle_link_put(ino_t netns, bool rights, struct daemon_link *link);

/** idle_links_age() - close those that nobody has asked for a moment; now and then */
void idle_links_age(void);

#endif
