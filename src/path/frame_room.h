/* SPDX-License-Identifier: BSD-2-Clause */
/* frame_room.h - memory of a worker for frames that it makes: decrypted, put together, with another header
 *
 * They stay until what was put into the outbox, or into the coalescer, has left; that happens, at the latest, when the
 * room is full: it begins anew then. Reserved at start and never grown.
 */
#ifndef UL2TP_PATH_FRAME_ROOM_H
#define UL2TP_PATH_FRAME_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_ROOM_FRAME_MAX                                                                       \
	65792 /* octets of one frame: a packet, and what is put in front of it */

struct frame_room {
	uint8_t *memory;
	size_t used;
};

/** frame_room_open() - -ENOMEM */
int frame_room_open(struct frame_room *r);
void frame_room_close(struct frame_room *r);

/** frame_room_is_full() - fewer than four frames of any length can be sure to fit: what lies here must leave, then
 * frame_room_empty() */
bool frame_room_is_full(const struct frame_room *r);
void frame_room_empty(struct frame_room *r);

/** frame_room_take() - @len octets, up to FRAME_ROOM_FRAME_MAX, of a room that was not full four frames ago */
uint8_t *frame_room_take(struct frame_room *r, size_t len);

#endif
