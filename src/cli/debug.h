/* SPDX-License-Identifier: BSD-2-Clause */
/* debug.h - "ul2tp show debug": the texts of the kernel's debug files */
#ifndef UL2TP_CLI_DEBUG_H
#define UL2TP_CLI_DEBUG_H

#include "cli/cli.h"

/** debug_show() - both texts, or the one that the next of @words names */
int debug_show(struct cli *cli, struct words *words);

#endif
