/* SPDX-License-Identifier: BSD-2-Clause */
/* transmit.h - frames are read from interfaces in batches, and leave as outer packets
 *
 * A frame of up to 64 KiB becomes packets that differ only in headers we write; packets of one length in a row
 * go to the system as one message (UDP_SEGMENT), several messages in one call.
 */
#ifndef UL2TP_PATH_TRANSMIT_H
#define UL2TP_PATH_TRANSMIT_H

#include "path/sender.h"

/** transmit_start() - the sender's device is read, its frames are sent from now on; transmit_stop() - no longer. API thread;
 * posted, done when mailbox_wait() of the worker returns */
void transmit_start(struct sender *s);
void transmit_stop(struct sender *s);

#endif
