/* SPDX-License-Identifier: BSD-2-Clause */
/* command.h - run one command, from the command line or from a line of a batch */
#ifndef UL2TP_CLI_COMMAND_H
#define UL2TP_CLI_COMMAND_H

#include "cli/cli.h"

/**
 * command_run() - do what @words say
 *
 * A leading word "l2tp" is skipped, so that lines of an ip -batch file work as they are.
 *
 * Return: enum cli_status; what is not CLI_DONE has been told.
 */
int command_run(struct cli *cli, struct words words);

#endif
