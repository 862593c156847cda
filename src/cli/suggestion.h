/* SPDX-License-Identifier: BSD-2-Clause */
/* suggestion.h - which word was meant */
#ifndef UL2TP_CLI_SUGGESTION_H
#define UL2TP_CLI_SUGGESTION_H

#include <stdbool.h>

/* The best word so far for one that is unknown. Start with .word set and the rest zero. */
struct suggestion {
	const char *word;    /* what was typed; borrowed */
	const char *nearest; /* NULL: nothing is near; borrowed */
	unsigned int distance;
};

/** suggestion_try() - consider @candidate, which must outlive @s */
void suggestion_try(struct suggestion *s, const char *candidate);

/** word_matches() - whether @word is @full or the start of it, as ip(8) abbreviates */
bool word_matches(const char *word, const char *full);

#endif
