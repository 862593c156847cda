/* SPDX-License-Identifier: BSD-2-Clause */
/* channel_private.h - what the files of channel.h share; on the worker that receives */
#ifndef UL2TP_PATH_CHANNEL_PRIVATE_H
#define UL2TP_PATH_CHANNEL_PRIVATE_H

#include "path/channel.h"
#include "path/held_pool.h"

/** channel_take_over() - read the program's end of the socket empty: what it has not read is for the files now (PX-40) */
void channel_take_over(struct channel *c, int program_fd);

/** channel_queue_flush() - write what waits to the file; without one it is thrown away */
void channel_queue_flush(struct channel *c);

#endif
