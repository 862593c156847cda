/* SPDX-License-Identifier: BSD-2-Clause */
/* run_command.h - "ul2tp run": start a program that finds the kernel's L2TP in ul2tpd */
#ifndef UL2TP_CLI_RUN_COMMAND_H
#define UL2TP_CLI_RUN_COMMAND_H

#include "cli/cli.h"

/** run_command() - does not return if the program could be started */
int run_command(struct cli *cli, struct words *words);

#endif
