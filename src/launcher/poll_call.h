/* SPDX-License-Identifier: BSD-2-Clause */
/* poll_call.h - poll() and ppoll() of a program under --files: a file of /dev/ppp that has hung up says so, and no more
 *
 * Its stand-in, a socket whose other end has gone, would be readable as well (PPP-22, PPP-24). A program finds that
 * by its number (launcher.ppp_range); epoll_wait(), which names no descriptors, is the kernel's alone.
 */
#ifndef UL2TP_LAUNCHER_POLL_CALL_H
#define UL2TP_LAUNCHER_POLL_CALL_H

#include "launcher/trap.h"

/** poll_call() - answer it if one of its descriptors is such a file: then the call would not wait. Else the kernel
 * does it, as it does what is wrong, more than POLL_LOOKED_AT descriptors, and all if pidfd_getfd() is refused */
void poll_call(struct trap *t);

#define POLL_LOOKED_AT 1024

#endif
