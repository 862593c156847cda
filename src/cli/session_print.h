/* SPDX-License-Identifier: BSD-2-Clause */
/* session_print.h - a session as ip l2tp shows it, and what ul2tp has beyond that */
#ifndef UL2TP_CLI_SESSION_PRINT_H
#define UL2TP_CLI_SESSION_PRINT_H

#include "ul2tp.h"
#include "cli/printer.h"
#include "cli/tunnel_print.h"

/** pw_type_name() - the word for a pseudowire type; NULL: we have none */
const char *pw_type_name(unsigned int pw_type);

/** session_print() - as one JSON object, or as lines of text */
void session_print(struct printer *p, enum json_key key, const struct ul2tp_session *s,
                   enum print_extent extent);

#endif
