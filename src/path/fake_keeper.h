/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_keeper.h - a keeper for programs that feed the dataplane: what it hands over are sockets of its own
 *
 * It has kept from an engine before what the lists below say, by their slots: endpoints, ends of pairs in place of
 * interfaces, and ends of files. All it is asked for it grants; the first endpoint may be spread over workers. The far ends
 * stay open until it goes.
 */
#ifndef UL2TP_PATH_FAKE_KEEPER_H
#define UL2TP_PATH_FAKE_KEEPER_H

#include "keeper/keeper.h"

#define FAKE_NETNS 1 /* cookie of the namespace that all is in */

enum fake_endpoint { FAKE_UDP, FAKE_UDP_TOO, FAKE_IP, FAKE_ENDPOINTS };
enum fake_device { FAKE_TAP, FAKE_TAP_TOO, FAKE_PPP, FAKE_SHARED, FAKE_DEVICES };
#define FAKE_FILES 8

struct keeper *fake_keeper_new(void);
void fake_keeper_free(struct keeper *k);

/** fake_keeper_far_end() - what the program has of a file that was resumed; -1: it was not */
int fake_keeper_far_end(const struct keeper *k, uint32_t file);

/** fake_keeper_device_far_end() - what the system has of an interface that was resumed */
int fake_keeper_device_far_end(const struct keeper *k, enum fake_device device);

/** fake_keeper_pair() - an end of a SOCK_SEQPACKET pair, the caller's; the keeper has the other, which does not block */
int fake_keeper_pair(struct keeper *k);

#endif
