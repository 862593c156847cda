/* SPDX-License-Identifier: BSD-2-Clause */
/* tidy.c - see tidy.h
 *
 * A free record is not read to find out that it is free: that would bring its page back.
 */
#include "path/tidy.h"

#include <malloc.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "path/dataplane_private.h"

#define WORTH_IT 256  /* records */
#define WAIT_MS  3000 /* it takes some ms, so it is not done more often */

/* Octets of the pages that are wholly between the two. */
static void give_back(uintptr_t from, uintptr_t to)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	from = (from + page - 1) / page * page;
	to = to / page * page;
	if (from < to)
		madvise((void *)from, to - from, MADV_REMOVE);
}

void tidy_records(void *first, size_t size, uint32_t used, const struct free_list *free)
{
	AUTO_MEMORY bool *is_free =
		calloc((size_t)used + 1, sizeof(*is_free)); /* the last is not */
	const uintptr_t at = (uintptr_t)first;
	uint32_t since = 0;

	if (!is_free)
		return;
	for (uint32_t i = 0; i < free->count; i++)
		if (free->numbers[i] < used)
			is_free[free->numbers[i]] = true;
	for (uint32_t i = 0; i <= used; i++) {
		if (is_free[i])
			continue;
		if (since < i)
			give_back(at + since * size, at + i * size);
		since = i + 1;
	}
}

static void tidy(struct dataplane *dp)
{
	struct records *r = dp->records;

	malloc_trim(0);
	tidy_records(records_session(r, 0), sizeof(struct session_record), r->sessions_used,
	             &dp->free_sessions);
	tidy_records(records_file(r, 0), sizeof(struct ppp_file_record), r->files_used,
	             &dp->free_files);
	tidy_records(records_unit(r, 0), sizeof(struct unit_record), r->units_used,
	             &dp->free_units);
	tidy_records(records_unit_filters(r, 0), sizeof(struct unit_filters_record), r->units_used,
	             &dp->free_units);
}

static uint32_t in_use(const struct dataplane *dp)
{
	const struct records *r = dp->records;

	return r->max_sessions - dp->free_sessions.count + r->files_used - dp->free_files.count;
}

int tidy_turn(struct tidy *t, struct dataplane *dp, uint64_t now_ms)
{
	const uint32_t now = in_use(dp);

	if (now > t->most)
		t->most = now;
	if (t->most - now < WORTH_IT)
		t->due_ms = 0;
	else if (!t->due_ms)
		t->due_ms = now_ms + WAIT_MS;
	else if (now_ms >= t->due_ms) {
		tidy(dp);
		*t = (struct tidy){ .most = now };
	}
	return t->due_ms ? (int)(t->due_ms > now_ms ? t->due_ms - now_ms : 0) : -1;
}
