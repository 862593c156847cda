/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.h - trace events for clients that listen (the command TRACE of the ul2tp family)
 *
 * A client gets events of its own namespace; with --kernel-quirks those of all. They count as a subscriber.
 */
#ifndef UL2TP_API_TRACE_H
#define UL2TP_API_TRACE_H

#include <stdint.h>

#include "api/connection.h"
#include "base/extack.h"

/** trace_listen() - which it is sent from now on; 0: none. -EDQUOT with words, -ENOMEM */
int trace_listen(struct connection *c, uint64_t events, struct extack *ea);

/** trace_tell() - send what has happened; behind each turn of the loop */
void trace_tell(struct server *server);

/** trace_tell_lost() - c->trace_lost is to be told, and the client may have read */
void trace_tell_lost(struct connection *c);

#endif
