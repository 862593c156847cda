/* SPDX-License-Identifier: BSD-2-Clause */
/* pppox.h - stand-ins for PPPoL2TP sockets, socket(AF_PPPOX, ..., PX_PROTO_OL2TP)
 *
 * Source: section 5 of doc/kernel-behaviour.md.
 */
#ifndef UL2TP_LAUNCHER_PPPOX_H
#define UL2TP_LAUNCHER_PPPOX_H

#include "launcher/estate.h"
#include "launcher/trap.h"

/** pppox_open() - socket(); answers the trap */
void pppox_open(struct trap *t);

/** pppox_restore() - serve one, or a file of /dev/ppp, that another supervisor gave out; see estate.h. -errno */
int pppox_restore(struct launcher *l, uint32_t index, const struct estate_thing *thing);

#endif
