/* SPDX-License-Identifier: BSD-2-Clause */
/* layout.h - a number for how records, maps and bequests are laid out, by which another release is known to understand them */
#ifndef UL2TP_KEEPER_LAYOUT_H
#define UL2TP_KEEPER_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

/* Raised whenever what one release leaves means something else to the next: a field of a record or of a bequest (bequest.h)
 * that comes, goes or changes its meaning, a reason for drops that gets another number, a map of eBPF. layout_test.c fails
 * when sizes and places change without it. */
#define LAYOUT_VERSION 1

/** layout_number() - the version, and below it what follows from sizes and places on this machine */
uint64_t layout_number(void);

#define LAYOUT_TEXT_MAX 32

/** layout_text() - the number as it is printed, compared and shown */
void layout_text(char ret[LAYOUT_TEXT_MAX]);

#endif
