/* SPDX-License-Identifier: BSD-2-Clause */
/* pppox.h - stand-ins of PPPoL2TP sockets
 *
 * They answer as one that is not connected; connecting them is refused, since ul2tpd has no PPP sessions with
 * a socket.
 */
#ifndef UL2TP_LAUNCHER_PPPOX_H
#define UL2TP_LAUNCHER_PPPOX_H

#include "launcher/trap.h"

struct estate_thing;

/** pppox_open() - socket(AF_PPPOX, type, PX_PROTO_OL2TP); answers the trap */
void pppox_open(struct trap *t);

/** pppox_restore() - into the table again what another supervisor gave out; negative errno */
int pppox_restore(struct launcher *l, uint32_t index, const struct estate_thing *thing);

#endif
