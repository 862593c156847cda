/* SPDX-License-Identifier: BSD-2-Clause */
/* session_command.h - add, delete, change and show sessions */
#ifndef UL2TP_CLI_SESSION_COMMAND_H
#define UL2TP_CLI_SESSION_COMMAND_H

#include "cli/parameter.h"

/* Each returns enum cli_status; what is not CLI_DONE has been told. */
int session_add(struct cli *cli, const struct arguments *a);
int session_del(struct cli *cli, const struct arguments *a);
int session_set(struct cli *cli, const struct arguments *a);
int session_show(struct cli *cli, const struct arguments *a);

/**
 * session_params_set() - from the words of "add session" to what libul2tp takes
 * @ret: its strings are borrowed from @a
 *
 * Return: CLI_DONE; or told what is missing.
 */
int session_params_set(struct cli *cli, const struct arguments *a,
                       struct ul2tp_session_params *ret);

/** session_change_set() - from the words of "set session"; as above */
int session_change_set(struct cli *cli, const struct arguments *a,
                       struct ul2tp_session_change *ret);

#endif
