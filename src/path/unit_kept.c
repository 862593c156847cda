/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_kept.c - see unit_kept.h */
#include "path/unit_kept.h"

#include <assert.h>
#include <linux/ppp-ioctl.h>
#include <stdatomic.h>
#include <string.h>

#include "path/unit_complete.h"

static_assert(sizeof(struct mppe_kept) <= UNIT_KEPT_MAX, "it has room in the record");

static struct mppe_kept *kept_of(struct unit *u, bool transmit)
{
	struct unit_compression_record *r = transmit ? &u->record->sent : &u->record->received;

	return (void *)r->kept;
}

void unit_kept_open(struct unit *u)
{
	u->complete->kept = u->record;
	unit_kept_fragments(u);
}

void unit_kept_fragments(struct unit *u)
{
	const struct unit_multilink *m = &u->complete->multilink;
	struct unit_record *r = u->complete->kept;

	if (!r)
		return;
	atomic_store_explicit(&r->fragment_sent, m->seq, memory_order_relaxed);
	atomic_store_explicit(&r->fragment_received, m->received.next, memory_order_relaxed);
}

void unit_kept_begin(struct unit *u, bool transmit)
{
	struct unit_complete *c = u->complete;
	struct mppe *m = transmit ? c->compression.compressor : c->compression.decompressor;
	struct mppe_kept *kept = kept_of(u, transmit);

	if (c->kept || !mppe_resume(m, kept, transmit))
		explicit_bzero(kept, sizeof(*kept));
	mppe_keep(m, kept);
	unit_kept_state(u);
}

void unit_kept_state(struct unit *u)
{
	struct unit_complete *c = u->complete;

	if (c->kept)
		atomic_store(&c->kept->compression_state, c->compression.state);
}

void unit_kept_resume(struct unit *u, void *arg)
{
	struct unit_complete *c = u->complete;
	uint32_t state = atomic_load(&u->record->compression_state);

	if (!c->compression.compressor || !atomic_load(&kept_of(u, true)->which))
		state &= ~(uint32_t)SC_COMP_RUN;
	if (!c->compression.decompressor || !atomic_load(&kept_of(u, false)->which))
		state &= ~(uint32_t)SC_DECOMP_RUN;
	c->compression.state = state;
	c->multilink.seq = atomic_load(&u->record->fragment_sent);
	c->multilink.received.next = atomic_load(&u->record->fragment_received);
	c->multilink.received.min = c->multilink.received.next - 1;
	c->kept = u->record;
}

void unit_kept_end(struct unit *u, void *arg)
{
	struct unit_complete *c = u->complete;

	if (c->compression.compressor)
		mppe_keep(c->compression.compressor, NULL);
	if (c->compression.decompressor)
		mppe_keep(c->compression.decompressor, NULL);
	c->kept = NULL;
}
