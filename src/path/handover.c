/* SPDX-License-Identifier: BSD-2-Clause */
/* handover.c - see handover.h
 *
 * Places count octets and only grow; a record does not go over the end of the ring, what is left there is passed over.
 */
#include "path/handover.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "loop/mailbox.h"
#include "path/outbox.h"
#include "path/receive.h"
#include "path/worker.h"

#define ALIGNMENT 16

struct handover {
	struct letter letter;
	struct worker *to;
	uint8_t *ring;
	atomic_bool rung; /* the letter is on its way */
	/* Each on a cache line of its own: the one side writes it while the other writes its own. */
	_Alignas(64) _Atomic uint64_t written;
	_Alignas(64) _Atomic uint64_t read;
};

/* In front of each packet. */
struct record {
	struct handed about;
	uint32_t octets; /* to the next, from here */
	bool empty;      /* there is no packet, the next is at the start of the ring */
};

static size_t record_octets(size_t len)
{
	return (sizeof(struct record) + len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Up to the end of the ring. */
static size_t room_at(uint64_t place)
{
	return HANDOVER_OCTETS - (size_t)(place % HANDOVER_OCTETS);
}

static uint8_t *at(const struct handover *h, uint64_t place)
{
	return h->ring + place % HANDOVER_OCTETS;
}

/* Pass over what is left at the end, where not even a record without packet may fit. */
static uint64_t skip(struct handover *h, uint64_t place, size_t left)
{
	struct record none = { .octets = (uint32_t)left, .empty = true };

	if (left >= sizeof(none))
		memcpy(at(h, place), &none, sizeof(none));
	return place + left;
}

static bool put(struct handover *h, const struct handed *about, const uint8_t *octets)
{
	uint64_t place = atomic_load_explicit(&h->written, memory_order_relaxed);
	size_t size = record_octets(about->len), left = room_at(place);
	size_t needed = size <= left ? size : left + size;
	struct record record = { .about = *about, .octets = (uint32_t)size };

	if (place + needed - atomic_load(&h->read) > HANDOVER_OCTETS)
		return false;
	if (size > left)
		place = skip(h, place, left);
	memcpy(at(h, place), &record, sizeof(record));
	memcpy(at(h, place) + sizeof(record), octets, about->len);
	atomic_store(&h->written, place + size);
	return true;
}

bool handover_put(struct handover *h, const struct handed *about, const uint8_t *octets)
{
	if (put(h, about, octets))
		return true;
	handover_send(h);
	return put(h, about, octets);
}

void handover_send(struct handover *h)
{
	/* Whoever opens the letter says so before it looks at .written. */
	if (!atomic_exchange(&h->rung, true))
		mailbox_post(&h->to->mailbox, &h->letter);
}

/* Return: the place of the next. */
static uint64_t take(struct handover *h, uint64_t place)
{
	size_t left = room_at(place);
	struct record record;

	if (left < sizeof(record))
		return place + left;
	memcpy(&record, at(h, place), sizeof(record));
	if (!record.empty)
		receive_handed(h->to, &record.about, at(h, place) + sizeof(record));
	return place + record.octets;
}

/* What was delivered by reference goes before its room is given back. */
static void open_handover(struct letter *letter)
{
	struct handover *h = container_of(letter, struct handover, letter);
	uint64_t place = atomic_load_explicit(&h->read, memory_order_relaxed), end;

	atomic_store(&h->rung, false);
	end = atomic_load(&h->written);
	receive_begin(h->to);
	while (place < end)
		place = take(h, place);
	receive_end(h->to);
	atomic_store(&h->read, place);
}

struct handover *handover_new(struct worker *to)
{
	struct handover *h = aligned_alloc(_Alignof(struct handover), sizeof(*h));

	if (!h)
		return NULL;
	memset((void *)h, 0, sizeof(*h));
	h->to = to;
	h->letter.open = open_handover;
	h->ring = mmap(NULL, HANDOVER_OCTETS, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (h->ring == MAP_FAILED) {
		free(h);
		return NULL;
	}
	return h;
}

void handover_free(struct handover *h)
{
	if (!h)
		return;
	munmap(h->ring, HANDOVER_OCTETS);
	free(h);
}
