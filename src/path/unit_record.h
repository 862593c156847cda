/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_record.h - units are noted where the next engine finds them, as files are (ppp_record.h)
 *
 * Of a unit there is its interface, and what it was told by ioctls, which the next engine tells its own. The API thread.
 */
#ifndef UL2TP_PATH_UNIT_RECORD_H
#define UL2TP_PATH_UNIT_RECORD_H

#include <stdint.h>

#include "base/extack.h"
#include "base/reader.h"
#include "keeper/ppp_records.h"

struct dataplane;
struct netns;
struct unit;

/** unit_record_open() - of a new one, with interface @device (keeper's slot; RECORD_NONE: it shares one). -ENOSPC in words */
int unit_record_open(struct dataplane *dp, const struct netns *ns, uint32_t number, uint32_t device,
                     uint32_t *index, struct extack *ea);

/** unit_record_drop() - there is no unit after all */
void unit_record_drop(struct dataplane *dp, uint32_t index);

/** unit_record_note() - an ioctl of it that succeeded; those that set nothing are not noted */
void unit_record_note(struct unit *u, uint32_t number, struct reader in);

/** unit_record_replay() - tell the unit, which was adopted, all that was noted */
void unit_record_replay(struct unit *u);

/** unit_record_going() - it is about to die; unit_record_free() - its interface has gone. Harmless without a record */
void unit_record_going(struct unit *u);
void unit_record_free(struct unit *u);

/** unit_records_open() - before the first; -ENOMEM. unit_records_adopted() - which records are free is known now */
int unit_records_open(struct dataplane *dp);
void unit_records_adopted(struct dataplane *dp);
void unit_records_close(struct dataplane *dp);

#endif
