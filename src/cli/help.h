/* SPDX-License-Identifier: BSD-2-Clause */
/* help.h - what one can say to ul2tp */
#ifndef UL2TP_CLI_HELP_H
#define UL2TP_CLI_HELP_H

#include "cli/cli.h"

/** help_overview() - the commands and options */
int help_overview(struct cli *cli);

/** help_commands() - the parameters and an example of each of @commands (enum command) */
int help_commands(struct cli *cli, unsigned int commands);

/** help_topic() - about "monitor", "save", "status", "run" or "limits" */
int help_topic(struct cli *cli, const char *name);

#endif
