/* SPDX-License-Identifier: BSD-2-Clause */
/* session_group.h - sessions that a batch file adds one after the other are asked for together
 *
 * What one sees of it is as if they were added one by one: those before the first that is refused, whose line is told.
 * Whatever else a batch does has to come after session_group_flush(); cli_connect() and cli_wrong() see to that.
 */
#ifndef UL2TP_CLI_SESSION_GROUP_H
#define UL2TP_CLI_SESSION_GROUP_H

#include "cli/cli.h"

struct session_group;

/** session_group_new() - empty; NULL: out of memory */
struct session_group *session_group_new(void);
void session_group_free(struct session_group *g);

/** session_group_at() - what is taken from now on stands in line @number */
void session_group_at(struct session_group *g, unsigned int number);

/**
 * session_group_take() - add this one with those before it
 * @params: copied
 *
 * Return: whether it is taken: one with a label is not, nor one whose name is too long, which is to be told as it is.
 */
bool session_group_take(struct session_group *g, const struct ul2tp_session_params *params);

/** session_group_is_full() - it has to be flushed before another is taken */
bool session_group_is_full(const struct session_group *g);

/**
 * session_group_flush() - add what was taken
 *
 * Return: CLI_DONE; or it was told why one was refused, and session_group_refused() is its line.
 */
int session_group_flush(struct cli *cli, struct session_group *g);

/** session_group_refused() - line of the one that was refused, and what flushing returned then; 0: none was */
unsigned int session_group_refused(const struct session_group *g, int *status);

#endif
