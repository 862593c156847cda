/* SPDX-License-Identifier: BSD-2-Clause */
/* multilink_fuzz.c - fragments in any order: what comes out is in order and contiguous, and all are given back
 *
 * Input: an octet, whose lowest bit says 12 bit numbers, then frames of five octets: how far all links have come before
 * it, and a header with one octet behind it.
 */
#include <assert.h>
#include <stdlib.h>

#include "ppp/multilink.h"

#define STEP 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t give_back(enum multilink_answer answer, struct list *out)
{
	size_t count = 0;
	uint32_t seq = 0;

	while (!list_empty(out)) {
		struct multilink_fragment *f =
			list_entry(out->next, struct multilink_fragment, node);

		if (answer == MULTILINK_PACKET) {
			assert(f->begin == (count == 0));
			assert(count == 0 || f->seq == seq + 1);
			assert(f->end == (out->next == out->prev));
		}
		seq = f->seq;
		list_remove(&f->node);
		free(f);
		count++;
	}
	return count;
}

static size_t take_all(struct multilink *m)
{
	enum multilink_answer answer;
	size_t count = 0;

	do {
		struct list out;

		list_init(&out);
		answer = multilink_take(m, &out);
		count += give_back(answer, &out);
	} while (answer != MULTILINK_WAIT);
	assert(m->waiting <= MULTILINK_WAITING_MAX);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct multilink m;
	struct multilink_header h;
	size_t added = 0, back = 0;
	bool is_short;

	if (size < 1)
		return 0;
	is_short = data[0] & 1;
	multilink_init(&m);
	for (size_t at = 1; at + STEP <= size; at += STEP) {
		struct multilink_fragment *f = calloc(1, sizeof(*f));

		assert(f && multilink_read(data + at + 1, STEP - 1, is_short, &h));
		f->seq = multilink_expand(&m, h.seq, is_short);
		f->begin = h.begin;
		f->end = h.end;
		multilink_seen(&m, m.min + data[at] % 8);
		if (multilink_add(&m, f))
			added++;
		else
			free(f);
		back += take_all(&m);
	}
	assert(added == back + m.waiting);
	give_back(MULTILINK_LOST, &m.queue);
	return 0;
}
