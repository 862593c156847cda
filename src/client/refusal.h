/* SPDX-License-Identifier: BSD-2-Clause */
/* refusal.h - why a request was refused, in words */
#ifndef UL2TP_CLIENT_REFUSAL_H
#define UL2TP_CLIENT_REFUSAL_H

#include "client/exchange.h"
#include "netlink/error_message.h"

/**
 * request_refused() - fill u->error from an answer
 *
 * The words are the server's if it sent any, otherwise what the errno means for this command,
 * otherwise the errno's own. The parameter to blame is found in our request at the offset it names.
 *
 * Return: the errno, negative.
 */
int request_refused(const struct request *r, const struct nl_error *refusal);

#endif
