/* SPDX-License-Identifier: BSD-2-Clause */
/* monitor.h - print what happens, as it happens */
#ifndef UL2TP_CLI_MONITOR_H
#define UL2TP_CLI_MONITOR_H

#include "cli/cli.h"

/** monitor_run() - "ul2tp monitor"; until the other end closes the connection or a signal ends it */
int monitor_run(struct cli *cli);

#endif
