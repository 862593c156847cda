/* SPDX-License-Identifier: BSD-2-Clause */
/* limits.h - show and set what a network namespace may use of ul2tpd */
#ifndef UL2TP_CLI_LIMITS_H
#define UL2TP_CLI_LIMITS_H

#include "cli/parameter.h"

/** limits_show() - "ul2tp limits show". Returns enum cli_status */
int limits_show(struct cli *cli);

/** limits_set() - "ul2tp limits set ..." */
int limits_set(struct cli *cli, const struct arguments *a);

/** limits_print() - objects "limits" and "usage", or a table; inside of an object */
void limits_print(struct printer *p, const struct ul2tp_daemon_status *s);

#endif
