/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_file.h - stand-ins for open files of /dev/ppp
 *
 * Source: section 6 of doc/kernel-behaviour.md.
 */
#ifndef UL2TP_LAUNCHER_PPP_FILE_H
#define UL2TP_LAUNCHER_PPP_FILE_H

#include "launcher/object.h"
#include "launcher/trap.h"

/** ppp_file_open() - open("/dev/ppp") with these flags (PPP-1); answers the trap */
void ppp_file_open(struct trap *t, uint64_t flags);

/** ppp_file_ops() - how they are served, for one that another supervisor gave out */
const struct object_ops *ppp_file_ops(void);

/** ppp_file_interface_ioctl() - SIOCGPPPSTATS and the like, by the name of an interface, on any socket (PPP-64) */
void ppp_file_interface_ioctl(struct trap *t);

#endif
