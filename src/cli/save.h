/* SPDX-License-Identifier: BSD-2-Clause */
/* save.h - print the commands that make the present state */
#ifndef UL2TP_CLI_SAVE_H
#define UL2TP_CLI_SAVE_H

#include "cli/cli.h"

/** save_run() - "ul2tp save"; what it prints is for "ul2tp -batch". Returns enum cli_status */
int save_run(struct cli *cli);

#endif
