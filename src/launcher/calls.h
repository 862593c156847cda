/* SPDX-License-Identifier: BSD-2-Clause */
/* calls.h - which system calls the launcher serves: one row each */
#ifndef UL2TP_LAUNCHER_CALLS_H
#define UL2TP_LAUNCHER_CALLS_H

#include "launcher/filter.h"
#include "launcher/trap.h"

/** calls_table() - all rows; how many in *@count */
const struct filter_call *calls_table(size_t *count);

/** calls_serve() - have a trapped call answered by its row's handler */
void calls_serve(struct trap *t);

#endif
