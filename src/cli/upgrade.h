/* SPDX-License-Identifier: BSD-2-Clause */
/* upgrade.h - have ul2tpd become another release */
#ifndef UL2TP_CLI_UPGRADE_H
#define UL2TP_CLI_UPGRADE_H

#include "cli/cli.h"

/** upgrade_run() - "ul2tp upgrade": returns when it is done, and prints which release it is by then */
int upgrade_run(struct cli *cli);

#endif
