/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_private.h - what the files of unit.h share */
#ifndef UL2TP_PATH_UNIT_PRIVATE_H
#define UL2TP_PATH_UNIT_PRIVATE_H

#include "path/unit.h"

/** unit_now_ms() - loop_now_ms() for a thread without loop */
uint64_t unit_now_ms(void);

/** unit_flows_init() - where what is received goes on to the interface */
void unit_flows_init(struct unit *u);

/** unit_ready() - the device has packets; on the worker that sends */
void unit_ready(struct watch *watch, uint32_t events);

/** unit_frame_written() - a program has written a frame to a file on the unit; on the worker that sends; @arg: the unit */
void unit_frame_written(void *arg, const uint8_t *frame, size_t len, bool whole);

/** unit_stats_ioctl() - SIOCGPPPSTATS and its like; also of a unit's own file, for programs that have no name of it, which
 * no kernel answers. -EINVAL: another */
int unit_stats_ioctl(struct unit *u, uint32_t number, struct writer *out, struct extack *ea);

#endif
