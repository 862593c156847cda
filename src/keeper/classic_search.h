/* SPDX-License-Identifier: BSD-2-Clause */
/* classic_search.h - a set of numbers in a classic BPF program, and the search for one in it
 *
 * Runs of consecutive numbers cost two instructions, single ones one, and a fifth for the way there.
 */
#ifndef UL2TP_KEEPER_CLASSIC_SEARCH_H
#define UL2TP_KEEPER_CLASSIC_SEARCH_H

#include "keeper/classic.h"

/* Consecutive numbers. */
struct run {
	uint32_t first, last;
};

/** run_append() - one more number, greater than all before it; @count runs there are. Return: how many now */
size_t run_append(struct run *runs, size_t count, uint32_t number);

/**
 * classic_search() - end the program: A is looked for
 * @runs: ascending, with gaps between them
 * @found, @missing: what the program returns if A is in one of them, or in none
 */
void classic_search(struct classic *c, const struct run *runs, size_t count, uint32_t found,
                    uint32_t missing);

#endif
