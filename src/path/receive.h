/* SPDX-License-Identifier: BSD-2-Clause */
/* receive.h - batches of outer packets come in, and each finds its session */
#ifndef UL2TP_PATH_RECEIVE_H
#define UL2TP_PATH_RECEIVE_H

#include "loop/loop.h"
#include "path/intake.h"

struct inbox;

/** inbox_new() - receive buffers of one worker; NULL: out of memory */
struct inbox *inbox_new(void);
void inbox_free(struct inbox *inbox);

/** intake_ready() - the watch of an intake: receive one batch */
watch_fn intake_ready;

#endif
