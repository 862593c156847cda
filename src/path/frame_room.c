/* SPDX-License-Identifier: BSD-2-Clause */
/* frame_room.c - see frame_room.h */
#include "path/frame_room.h"

#include <errno.h>
#include <sys/mman.h>

#define OCTETS (512 * 1024)
#define SPARE  (4 * FRAME_ROOM_FRAME_MAX)

int frame_room_open(struct frame_room *r)
{
	void *p = mmap(NULL, OCTETS, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*r = (struct frame_room){ .memory = p == MAP_FAILED ? NULL : p };
	return r->memory ? 0 : -ENOMEM;
}

void frame_room_close(struct frame_room *r)
{
	if (r->memory)
		munmap(r->memory, OCTETS);
}

bool frame_room_is_full(const struct frame_room *r)
{
	return r->used > OCTETS - SPARE;
}

void frame_room_empty(struct frame_room *r)
{
	r->used = 0;
}

uint8_t *frame_room_take(struct frame_room *r, size_t len)
{
	uint8_t *at = r->memory + r->used;

	r->used += len;
	return at;
}
