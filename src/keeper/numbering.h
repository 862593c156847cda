/* SPDX-License-Identifier: BSD-2-Clause */
/* numbering.h - the next interface name of a row of them, guessed
 *
 * The kernel finds the lowest free number for "l2tpeth%d" by comparing with the name of every interface there
 * is: the ten-thousandth takes 0.6 ms. Where names are made in a row the one after the last is nearly always
 * the one it would find. We guess it only then: within a moment after the last, in the same namespace, and
 * if nothing of ours was removed since. A wrong guess is a name that is taken, and then the kernel is asked.
 */
#ifndef UL2TP_KEEPER_NUMBERING_H
#define UL2TP_KEEPER_NUMBERING_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "keeper/keeper.h"

/* So long after the last name, who knows what others have renamed or removed. */
#define NUMBERING_ROW_MS 100

/* All zero: nothing to guess from. */
struct numbering {
	struct netns_id netns;
	char pattern[IFNAMSIZ]; /* with one %d */
	uint32_t next;
	uint64_t last_ms;
};

/** numbering_guess() - the name that @pattern would give now. Return: false if there is no telling */
bool numbering_guess(const struct numbering *n, struct netns_id netns, const char *pattern,
                     uint64_t now_ms, char ret[IFNAMSIZ]);

/** numbering_note() - @pattern has just given @name; a pattern without %d changes nothing */
void numbering_note(struct numbering *n, struct netns_id netns, const char *pattern,
                    const char *name, uint64_t now_ms);

/** numbering_forget() - a number has become free */
void numbering_forget(struct numbering *n);

#endif
