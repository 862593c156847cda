/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.h - "ul2tp trace": print trace events as they happen */
#ifndef UL2TP_CLI_TRACE_H
#define UL2TP_CLI_TRACE_H

#include "cli/cli.h"

/** trace_run() - the events named by @words, or all; until the other end closes the connection or a signal ends it */
int trace_run(struct cli *cli, struct words *words);

#endif
