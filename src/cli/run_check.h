/* SPDX-License-Identifier: BSD-2-Clause */
/* run_check.h - `ul2tp run --check`: what works here, with how much privilege, and what is missing */
#ifndef UL2TP_CLI_RUN_CHECK_H
#define UL2TP_CLI_RUN_CHECK_H

#include "cli/cli.h"

/** run_check() - measure and print. CLI_DONE: programs can be run as one is; CLI_REFUSED: they can not;
 * CLI_NOBODY: they could be, but no ul2tpd answers */
int run_check(struct cli *cli);

#endif
