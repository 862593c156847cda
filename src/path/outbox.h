/* SPDX-License-Identifier: BSD-2-Clause */
/* outbox.h - outer packets on their way to the system, put together to as few messages as can be
 *
 * One worker's. Room for headers and for frames is handed out from arenas that live until outbox_flush();
 * when one is full the outbox sends what it has by itself.
 */
#ifndef UL2TP_PATH_OUTBOX_H
#define UL2TP_PATH_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "path/sender.h"

struct outbox;

/* So many octets of frames are read before they are sent; about what a second-level cache holds. */
#define OUTBOX_ARENA_OCTETS (512 * 1024)

/** outbox_new() - buffers of one worker; NULL: out of memory */
struct outbox *outbox_new(void);
void outbox_free(struct outbox *o);

/** outbox_arena() - where frames are read to: OUTBOX_ARENA_OCTETS, and room for one frame more */
uint8_t *outbox_arena(struct outbox *o);

/** outbox_headers() - room for the headers of one packet; may flush what was put before */
uint8_t *outbox_headers(struct outbox *o, size_t len);

/**
 * outbox_put() - one packet
 * @headers: from outbox_headers()
 * @payload: stays where it is until outbox_flush()
 */
void outbox_put(struct outbox *o, struct sender *s, const uint8_t *headers, size_t headers_len,
                const uint8_t *payload, size_t payload_len);

/** outbox_flush() - send all, count what was sent and what was not (STAT, TX-1) */
void outbox_flush(struct outbox *o);

#endif
