/* SPDX-License-Identifier: BSD-2-Clause */
/* tidy.h - memory is given back when many sessions have gone
 *
 * What they had of the heap lies in pieces between what stays, so the C library keeps it; their records (records.h) are
 * pages of a mapping, which nobody else returns. Both go back to the system a few seconds after so many have gone that
 * it is worth it: then those that go with them have gone, too.
 */
#ifndef UL2TP_PATH_TIDY_H
#define UL2TP_PATH_TIDY_H

#include <stddef.h>
#include <stdint.h>

#include "tunnel/free_list.h"

struct dataplane;

/* All zero at the start. */
struct tidy {
	uint32_t
		most; /* records of sessions and of programs' files in use, at most since it was last done */
	uint64_t due_ms; /* 0: there is nothing to do */
};

/**
 * tidy_turn() - of the API thread, each time before it waits
 * @now_ms: as loop_now_ms()
 *
 * Return: milliseconds it is to wait at most; -1: for ever.
 */
int tidy_turn(struct tidy *t, struct dataplane *dp, uint64_t now_ms);

/**
 * tidy_records() - give back the pages on which all records are free; they read as zeros from now on
 * @first: of @used records of @size octets, in a mapping that is shared
 * @free:  numbers of those that are free; may have others, beyond @used
 *
 * What can not be given back stays.
 */
void tidy_records(void *first, size_t size, uint32_t used, const struct free_list *free);

#endif
