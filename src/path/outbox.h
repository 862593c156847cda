/* SPDX-License-Identifier: BSD-2-Clause */
/* outbox.h - outer packets on their way to the system, put together to as few messages as can be
 *
 * One worker's. Room for packets and for frames is handed out from arenas that live until outbox_flush();
 * when one is full the outbox sends what it has by itself. The packets of a message lie one behind the other, for the
 * system takes longer to gather small pieces than we need to copy them: 13 us instead of 7 for 60 KB in 88 pieces.
 */
#ifndef UL2TP_PATH_OUTBOX_H
#define UL2TP_PATH_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "packet/segment.h"
#include "path/sender.h"

struct outbox;

/* So many octets of frames are read before they are sent; about what a second-level cache holds. */
#define OUTBOX_ARENA_OCTETS (512 * 1024)

/** outbox_new() - buffers of one worker; NULL: out of memory */
struct outbox *outbox_new(void);
void outbox_free(struct outbox *o);

/** outbox_arena() - where frames are read to: OUTBOX_ARENA_OCTETS, and room for one frame more */
uint8_t *outbox_arena(struct outbox *o);

/** outbox_is_free() - nothing of what was put lies in the arena of frames: another may be read to its beginning */
bool outbox_is_free(const struct outbox *o);

/* A payload that is not longer is copied behind its headers. */
#define OUTBOX_COPY_MAX 2048

/** outbox_headers() - room for the headers of one packet, and OUTBOX_COPY_MAX behind; may flush what was put before */
uint8_t *outbox_headers(struct outbox *o, size_t len);

/**
 * outbox_put() - one packet
 * @headers: from outbox_headers()
 * @payload: right behind the headers; or elsewhere, and stays there until outbox_flush() unless it is copied
 */
void outbox_put(struct outbox *o, struct sender *s, const uint8_t *headers, size_t headers_len,
                const uint8_t *payload, size_t payload_len);

/**
 * outbox_put_all() - all packets of a frame that was cut, as one piece of one message, or of as few as they fit
 * @cut:   segment_next() was not called with it yet
 * @front: octets that stand in front of each: at most SEGMENT_FRONT_MAX
 *
 * Return: false: they go in no such message, or were not cut at all, and nothing was done. They go by outbox_put() then.
 */
bool outbox_put_all(struct outbox *o, struct sender *s, struct segmenter *cut, const uint8_t *front,
                    size_t front_len);

/** outbox_flush() - send all, count what was sent and what was not (STAT, TX-1) */
void outbox_flush(struct outbox *o);

#endif
