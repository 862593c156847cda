/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_record.h - what programs hold of PPP, and units, are noted where the next engine finds it
 *
 * Whoever changes a relation of a file, socket, channel or unit says so here when it is done; ppp_adopt.h reads it. The
 * API thread.
 */
#ifndef UL2TP_PATH_PPP_RECORD_H
#define UL2TP_PATH_PPP_RECORD_H

#include <stdint.h>

#include "base/extack.h"
#include "keeper/ppp_records.h"

struct channel;
struct dataplane;
struct ppp_file;
struct session;
struct tunnel;

/** ppp_record_open() - a new file, whose end the keeper keeps from now on. -ENOSPC; keeper_file_keep(); in words */
int ppp_record_open(struct ppp_file *f, struct extack *ea);

/** ppp_record_update() - what @f is on, who owns it, or its channel's relations have changed. NULL is fine */
void ppp_record_update(struct ppp_file *f);

/** ppp_record_moved() - @f is one of another namespace now, and about to be given up */
void ppp_record_moved(struct ppp_file *f);

/** ppp_record_connecting() - a session of its own is about to be made; ppp_record_update() ends that */
void ppp_record_connecting(struct ppp_file *f, const struct tunnel *t, uint32_t session_id);

/** ppp_record_going() - it is about to be freed, with all that goes with it */
void ppp_record_going(struct ppp_file *f);

/** ppp_record_give_up() - its end was shut down */
void ppp_record_give_up(struct ppp_file *f);

/** ppp_record_free() - it has gone */
void ppp_record_free(struct ppp_file *f);

/** ppp_records_open() - before the first file; -ENOMEM. ppp_records_adopted() - which records are free is known now */
int ppp_records_open(struct dataplane *dp);
void ppp_records_adopted(struct dataplane *dp);
void ppp_records_close(struct dataplane *dp);

#endif
