/* SPDX-License-Identifier: BSD-2-Clause */
/* status.h - show who is at the other end */
#ifndef UL2TP_CLI_STATUS_H
#define UL2TP_CLI_STATUS_H

#include "cli/cli.h"

/** status_show() - "ul2tp status": ul2tpd's release, features, limits and what is used; or the kernel */
int status_show(struct cli *cli);

#endif
