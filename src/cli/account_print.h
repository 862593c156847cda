/* SPDX-License-Identifier: BSD-2-Clause */
/* account_print.h - what was counted for a tunnel or session, and when things happened */
#ifndef UL2TP_CLI_ACCOUNT_PRINT_H
#define UL2TP_CLI_ACCOUNT_PRINT_H

#include "ul2tp.h"
#include "cli/printer.h"

/** stats_print() - the counters of the family l2tp, object "statistics" */
void stats_print(struct printer *p, const struct ul2tp_stats *s);

/** accounts_print() - ul2tpd's own: object "counters", lists "rx_drops" and "tx_drops" */
void accounts_print(struct printer *p, const struct ul2tp_counters *c,
                    const struct ul2tp_reasons *rx_drops, const struct ul2tp_reasons *tx_drops);

/** tunnel_accounts_print() - the same of a tunnel, whose lists lack what its sessions dropped */
void tunnel_accounts_print(struct printer *p, const struct ul2tp_counters *c,
                           const struct ul2tp_reasons *rx_drops,
                           const struct ul2tp_reasons *tx_drops);

/** reasons_print() - the two lists alone */
void reasons_print(struct printer *p, const struct ul2tp_reasons *rx_drops,
                   const struct ul2tp_reasons *tx_drops);

/** created_print() - ends the line of details */
void created_print(struct printer *p, uint64_t created_s);

#endif
