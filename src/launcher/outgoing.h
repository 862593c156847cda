/* SPDX-License-Identifier: BSD-2-Clause */
/* outgoing.h - a message that a program sends, copied out of its memory: the arguments of sendto(), sendmsg(), sendmmsg(),
 * write(), writev()
 *
 * Whatever the arguments say is a stranger's. A struct outgoing that was zeroed before can be released in any case.
 */
#ifndef UL2TP_LAUNCHER_OUTGOING_H
#define UL2TP_LAUNCHER_OUTGOING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "launcher/object.h"
#include "launcher/trap.h"

void outgoing_release(struct outgoing *m);
#define AUTO_OUTGOING __attribute__((cleanup(outgoing_release))) struct outgoing

/** outgoing_read_sendto(), outgoing_read_writev() - of a trapped call. 0, or the errno of the call */
int outgoing_read_sendto(const struct trap *t, struct outgoing *m);
int outgoing_read_writev(const struct trap *t, struct outgoing *m);

/** outgoing_read_message() - of a struct msghdr, which is ours already, with the call's @flags. 0, or the errno of the call */
int outgoing_read_message(const struct trap *t, const struct msghdr *header, int flags,
                          struct outgoing *m);

/** outgoing_read_octets() - of write(). 0, or the errno of the call */
int outgoing_read_octets(const struct trap *t, uint64_t address, uint64_t len, struct outgoing *m);

#endif
