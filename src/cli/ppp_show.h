/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_show.h - "ul2tp show ppp": the PPP channels and units of the namespace */
#ifndef UL2TP_CLI_PPP_SHOW_H
#define UL2TP_CLI_PPP_SHOW_H

#include "cli/cli.h"

/** ppp_show() - units, then channels; @words: no more than options */
int ppp_show(struct cli *cli, struct words *words);

#endif
