/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel_command.h - add, delete, change and show tunnels */
#ifndef UL2TP_CLI_TUNNEL_COMMAND_H
#define UL2TP_CLI_TUNNEL_COMMAND_H

#include "cli/parameter.h"

/* Each returns enum cli_status; what is not CLI_DONE has been told. */
int tunnel_add(struct cli *cli, const struct arguments *a);
int tunnel_del(struct cli *cli, const struct arguments *a);
int tunnel_set(struct cli *cli, const struct arguments *a);
int tunnel_show(struct cli *cli, const struct arguments *a);

/**
 * tunnel_params_set() - from the words of "add tunnel" to what libul2tp takes
 * @ret: its strings are borrowed from @a
 *
 * Return: CLI_DONE; or told what is missing.
 */
int tunnel_params_set(struct cli *cli, const struct arguments *a, struct ul2tp_tunnel_params *ret);

#endif
