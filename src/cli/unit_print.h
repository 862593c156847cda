/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_print.h - a PPP unit for people and programs */
#ifndef UL2TP_CLI_UNIT_PRINT_H
#define UL2TP_CLI_UNIT_PRINT_H

#include "ul2tp_ppp.h"
#include "cli/printer.h"

/** unit_head_print() - its number and interface: the beginning of what is said of it, in an object that is open */
void unit_head_print(struct printer *p, const struct ul2tp_ppp_unit_info *u);

/** unit_print() - that, its addresses, rates and account; @reasons: why packets of it were dropped, too */
void unit_print(struct printer *p, const struct ul2tp_ppp_unit_info *u, bool reasons);

#endif
