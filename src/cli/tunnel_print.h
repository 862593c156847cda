/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel_print.h - a tunnel as ip l2tp shows it, and what ul2tp has beyond that */
#ifndef UL2TP_CLI_TUNNEL_PRINT_H
#define UL2TP_CLI_TUNNEL_PRINT_H

#include <stdbool.h>

#include "ul2tp.h"
#include "cli/printer.h"

/** How much of a tunnel or session is shown; each includes what is above it. */
enum print_extent {
	PRINT_IP_L2TP, /* octet for octet what ip l2tp shows */
	PRINT_DETAILS, /* and all that was asked for */
	PRINT_STATS,   /* and what was counted */
};

/** address_name() - @address as people write it, "" if there is none; uses the @size octets at @buffer */
const char *address_name(const struct ul2tp_address *address, char *buffer, size_t size);

/** peer_check_name() - the word for an enum ul2tp_peer_check */
const char *peer_check_name(unsigned int peer_check);

/** tunnel_print() - as one JSON object, or as lines of text */
void tunnel_print(struct printer *p, enum json_key key, const struct ul2tp_tunnel *t,
                  enum print_extent extent);

#endif
