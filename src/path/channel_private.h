/* SPDX-License-Identifier: BSD-2-Clause */
/* channel_private.h - what the files of channel.h share */
#ifndef UL2TP_PATH_CHANNEL_PRIVATE_H
#define UL2TP_PATH_CHANNEL_PRIVATE_H

#include "path/channel.h"
#include "path/held_pool.h"

/* On the worker that receives. */

/** channel_take_over() - read the program's end of the socket empty: what it has not read is for the files now (PX-40) */
void channel_take_over(struct channel *c, int program_fd);

/** channel_queue_flush() - write what waits to the file; without one it is thrown away */
void channel_queue_flush(struct channel *c);

/* API thread. */

/** channel_socket_detach() - its socket is being closed: nothing comes from it any more, nothing goes to it */
void channel_socket_detach(struct channel *c);

/** channel_delete() - without socket, session and files: nobody knows it any more */
void channel_delete(struct channel *c);

#endif
