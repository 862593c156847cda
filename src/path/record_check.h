/* SPDX-License-Identifier: BSD-2-Clause */
/* record_check.h - whether a record that is to be adopted makes sense
 *
 * An engine parses what strangers send. One that they have come to rule could write anything into records, and every
 * engine after it reads that. What these let pass can be taken up, whatever else it says.
 */
#ifndef UL2TP_PATH_RECORD_CHECK_H
#define UL2TP_PATH_RECORD_CHECK_H

#include <stdbool.h>

#include "keeper/records.h"

/** record_check_tunnel(), record_check_session(), record_check_file(), record_check_unit() - 0, or -EBADMSG: it can not be what an engine wrote
 * that did as it should. Of what it names, other records and slots, the caller sees to it that they are there */
int record_check_tunnel(const struct tunnel_record *r);
int record_check_session(const struct session_record *r);
int record_check_file(const struct ppp_file_record *r);
int record_check_unit(const struct unit_record *r);

#endif
