/* SPDX-License-Identifier: BSD-2-Clause */
/* card.h - what an interface's driver says that its card does, as ethtool shows it
 *
 * Each call takes the kernel's lock of all interfaces. @socket: any of the namespace.
 */
#ifndef UL2TP_KEEPER_CARD_H
#define UL2TP_KEEPER_CARD_H

#include <stdbool.h>

/** card_vouches() - whether checksums are believed without being looked at, by what the card says of the outer packet; -errno:
 * it could not be asked */
int card_vouches(int socket, const char *interface);

/**
 * card_has_feature() - whether it is switched on; false, too, of one that the kernel does not know
 * @feature: as "ethtool -k" has it, "tx-udp_tnl-segmentation"
 */
bool card_has_feature(int socket, const char *interface, const char *feature);

#endif
