/* SPDX-License-Identifier: BSD-2-Clause */
/* records_fixture.h - records as an engine might have left them, for programs that feed the dataplane
 *
 * They fit what a fake_keeper has kept: an Ethernet session over L2TPv3, two of PPP over L2TPv2 with sockets, files on
 * channels and units, a unit with an interface of its own and one that shares; two files and a socket that are on nothing.
 */
#ifndef UL2TP_PATH_RECORDS_FIXTURE_H
#define UL2TP_PATH_RECORDS_FIXTURE_H

#include "keeper/records.h"

#define FIXTURE_TUNNELS  4
#define FIXTURE_SESSIONS 4

/** records_fixture_fill() - @r has room for records_size(FIXTURE_TUNNELS, FIXTURE_SESSIONS) */
void records_fixture_fill(struct records *r);

#endif
