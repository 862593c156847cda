/* SPDX-License-Identifier: BSD-2-Clause */
/* identity.h - which process is at the other end of a connection, beyond doubt
 *
 * The kernel tells a number, of who connected (SO_PEERCRED) and of who sent (SCM_CREDENTIALS). A number
 * may have come to name another process since. Proof is a pidfd of the peer (Linux 6.5), or that the
 * process of that number holds the other end of the connection.
 */
#ifndef UL2TP_KEEPER_IDENTITY_H
#define UL2TP_KEEPER_IDENTITY_H

#include <sys/types.h>

#include "keeper/netns.h"

/**
 * identity_opener() - the process that connected
 * @pid, @euid: as they were when it connected
 *
 * Return: the directory of the process below /proc, the caller's; -ESRCH it has gone or can not be proved.
 */
int identity_opener(const struct netns_home *home, int connection, pid_t *pid, uid_t *euid);

/** identity_holder() - the directory of process @pid, which holds the other end now; or -ESRCH */
int identity_holder(const struct netns_home *home, int connection, pid_t pid);

/** identity_probe() - say, in a log line, what this kernel lacks for the above, if anything */
void identity_probe(const struct netns_home *home);

#endif
