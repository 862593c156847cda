/* SPDX-License-Identifier: BSD-2-Clause */
/* transmit.h - frames are read from interfaces in batches, and leave as outer packets
 *
 * A frame of up to 64 KiB becomes packets that differ only in headers we write; packets of one length in a row
 * go to the system as one message (UDP_SEGMENT), several messages in one call.
 */
#ifndef UL2TP_PATH_TRANSMIT_H
#define UL2TP_PATH_TRANSMIT_H

#include "loop/loop.h"
#include "path/sender.h"

/** sender_ready() - the watch of a sender's device: read and send one batch */
watch_fn sender_ready;

#endif
