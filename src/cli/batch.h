/* SPDX-License-Identifier: BSD-2-Clause */
/* batch.h - run the commands of a file over one connection, as ip -batch */
#ifndef UL2TP_CLI_BATCH_H
#define UL2TP_CLI_BATCH_H

#include "cli/batch_lines.h"
#include "cli/cli.h"

/**
 * batch_run() - run the commands of the file @name, "-" for standard input
 *
 * Stops at the first that fails, unless --force. "Command failed FILE:LINE" is told after its own words.
 *
 * Return: CLI_DONE, or the status of the first that failed.
 */
int batch_run(struct cli *cli, const char *name);

#endif
