/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_queue.c - busy sessions that are to be decided again wait in one of two lists (fast_path_busy.c) */
#include "base/monotonic.h"
#include "keeper/fast_path_private.h"

void fast_busy_again(struct fast_path *f, struct fast_session *s)
{
	/* It keeps its place: an event that keeps coming must not put it off for ever. */
	if (!list_empty(&s->in_queue))
		return;
	if (s->way != FAST_TCX && s->way != FAST_CLSACT) {
		list_append(&f->queue, &s->in_queue);
		return;
	}
	s->doubted_ns = monotonic_ns();
	list_append(&f->doubted, &s->in_queue);
}

void fast_busy_forget(struct fast_session *s)
{
	list_remove(&s->in_kind);
	list_remove(&s->in_queue);
}
