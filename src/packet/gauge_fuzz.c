/* SPDX-License-Identifier: BSD-2-Clause */
/* gauge_fuzz.c - any octets from the packet socket, and any datagrams from the raw one
 *
 * The input: pieces, each with its length in two octets in front, of which the highest bit says that it is a datagram's payload.
 * A datagram is cut only by a note that is about it, made before and not used yet, and never into parts as long as itself.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/reader.h"
#include "packet/gauge.h"

#define DATAGRAM   0x8000
#define UDP_HEADER 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How many notes are about it. */
static unsigned int notes_about(const struct gauge *g, const struct raw_datagram *d)
{
	unsigned int count = 0;

	for (unsigned int i = g->oldest; i != g->next; i++) {
		const struct gauge_note *n = &g->at[i % GAUGE_NOTES];

		count += n->udp_len == d->len + UDP_HEADER &&
		         !memcmp(n->head, d->payload, d->len < GAUGE_HEAD ? d->len : GAUGE_HEAD);
	}
	return count;
}

static void find(struct gauge *g, const uint8_t *payload, size_t len)
{
	const struct raw_datagram d = { .payload = payload, .len = len };
	unsigned int before = notes_about(g, &d);
	size_t size = SIZE_MAX;

	assert(gauge_find(g, &d, &size) == (before > 0));
	assert(!before || size == 0 || size < len);
	assert(notes_about(g, &d) == before - (before > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(data, size);
	static struct gauge g;

	g.oldest = g.next = 0;
	while (read_left(&r) >= 2) {
		uint16_t head = read_u16(&r);
		size_t len = head & (DATAGRAM - 1);
		AUTO_MEMORY uint8_t *piece = NULL;

		if (len > read_left(&r))
			len = read_left(&r);
		piece = malloc(len ? len : 1); /* exactly: a step too far is seen */
		assert(piece);
		read_copy(&r, piece, len);
		if (head & DATAGRAM)
			find(&g, piece, len);
		else
			gauge_note(&g, piece, len);
		assert(g.next - g.oldest <= GAUGE_NOTES);
	}
	return 0;
}
