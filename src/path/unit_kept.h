/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_kept.h - where a unit's compressors and its numbers of fragments stand, noted with its record for the next engine
 * (unit_record.h) */
#ifndef UL2TP_PATH_UNIT_KEPT_H
#define UL2TP_PATH_UNIT_KEPT_H

#include <stdbool.h>

struct unit;

/* All on the worker, of a unit that is complete. */

/** unit_kept_open() - it has become so; not in an adoption, in which nothing is noted before all of it was read */
void unit_kept_open(struct unit *u);

/** unit_kept_begin() - the compressor of a direction is another one; or, of a unit that is adopted, goes on where that of
 * the engine before stood */
void unit_kept_begin(struct unit *u, bool transmit);

/** unit_kept_state() - whether compressors run, or have failed, has changed */
void unit_kept_state(struct unit *u);

/** unit_kept_fragments() - of multilink some were made, or came */
void unit_kept_fragments(struct unit *u);

/** unit_kept_resume() - a unit that is adopted has its compressors: they run if they did; and its fragments have the
 * numbers that follow; by unit_call() */
void unit_kept_resume(struct unit *u, void *arg);

/** unit_kept_end() - its record is about to be given back; by unit_call() */
void unit_kept_end(struct unit *u, void *arg);

#endif
