/* SPDX-License-Identifier: BSD-2-Clause */
/* held_sockets.c - see held_sockets.h */
#include "launcher/held_sockets.h"

#include <stdlib.h>

#include "base/monotonic.h"
#include "launcher/launcher.h"
#include "process/holders.h"

#define GOOD_MS 500 /* for so long a walk is not repeated */
#define ROOM    1024

void held_sockets_init(struct held_sockets *h)
{
	*h = (struct held_sockets){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

static bool note(void *arg, pid_t pid, int number, ino_t socket)
{
	struct held_sockets *h = arg;

	if (h->count == h->room) {
		const size_t room = h->room ? 2 * h->room : ROOM;
		ino_t *more = reallocarray(h->inodes, room, sizeof(ino_t));

		if (!more) {
			h->all = false;
			return false;
		}
		h->inodes = more;
		h->room = room;
	}
	h->inodes[h->count++] = socket;
	return true;
}

static int compare(const void *left, const void *right)
{
	const ino_t a = *(const ino_t *)left, b = *(const ino_t *)right;

	return a < b ? -1 : a > b;
}

static void walk(struct held_sockets *h)
{
	bool looked;

	h->began_ms = monotonic_ms();
	h->count = 0;
	h->all = true;
	looked = holders_walk(note, h);
	h->all = h->all && looked;
	if (h->count > 0)
		qsort(h->inodes, h->count, sizeof(ino_t), compare);
	h->found_ms = monotonic_ms();
}

static bool lack(const struct held_sockets *h, ino_t ino)
{
	return h->all &&
	       (h->count == 0 || !bsearch(&ino, h->inodes, h->count, sizeof(ino_t), compare));
}

bool held_sockets_lack(struct held_sockets *h, ino_t ino, uint64_t since_ms)
{
	bool lacks;

	pthread_mutex_lock(&h->lock);
	if (!h->found_ms || monotonic_ms() - h->found_ms >= GOOD_MS)
		walk(h);
	lacks = h->began_ms > since_ms && lack(h, ino);
	pthread_mutex_unlock(&h->lock);
	return lacks;
}
