/* SPDX-License-Identifier: BSD-2-Clause */
/* extack.h - an errno with words
 *
 * A request that fails says why, and which attribute was to blame, in a struct extack that travels
 * up beside the errno and leaves as NLMSGERR_ATTR_MSG and NLMSGERR_ATTR_OFFS. The first words set
 * win: the place that knows most is the deepest.
 */
#ifndef UL2TP_BASE_EXTACK_H
#define UL2TP_BASE_EXTACK_H

#include <stdint.h>

#define EXTACK_TEXT_MAX 160

struct extack {
	char text[EXTACK_TEXT_MAX]; /* empty: nothing to say */
	uint16_t attribute;         /* number of the attribute to blame; 0: none */
};

/**
 * extack_set() - say why a request fails
 * @ea:        may be NULL; words already there are kept
 * @attribute: number of the offending attribute, 0 if none is to blame
 * @format:    printf format; one line, no full stop, says what would be right where that is known
 */
void extack_set(struct extack *ea, uint16_t attribute, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** extack_fail() - extack_set() that returns @err, so that a refusal is one line; errno may be in it */
int extack_fail(struct extack *ea, int err, uint16_t attribute, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
