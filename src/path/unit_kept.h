/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_kept.h - where a unit's compressors and its numbers of fragments stand, noted with its record for the next engine
 * (unit_record.h) */
#ifndef UL2TP_PATH_UNIT_KEPT_H
#define UL2TP_PATH_UNIT_KEPT_H

#include <stdbool.h>

struct unit;

/** unit_kept_open() - it is complete now; on the worker */
void unit_kept_open(struct unit *u);

/** unit_kept_begin() - the compressor of a direction is another one; or, of a unit that is adopted, goes on where that of
 * the engine before stood. API thread */
void unit_kept_begin(struct unit *u, bool transmit);

/** unit_kept_state() - whether compressors run, or have failed, has changed; on the worker */
void unit_kept_state(struct unit *u);

/** unit_kept_fragments() - of multilink some were made, or came; on the worker */
void unit_kept_fragments(struct unit *u);

/** unit_kept_resume() - a unit that is adopted has its compressors: they run if they did; and its fragments have the
 * numbers that follow. API thread */
void unit_kept_resume(struct unit *u);

/** unit_kept_end() - its record is about to be given back. API thread */
void unit_kept_end(struct unit *u);

#endif
