/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_command.h - "ul2tp unit" and "ul2tp show unit": PPP units, their addresses, rates and accounts */
#ifndef UL2TP_CLI_UNIT_COMMAND_H
#define UL2TP_CLI_UNIT_COMMAND_H

#include "cli/cli.h"

/** unit_command() - what stands behind the word unit: address, police or show */
int unit_command(struct cli *cli, struct words *words);

/** unit_show() - all units, or the one that is named */
int unit_show(struct cli *cli, struct words *words);

#endif
