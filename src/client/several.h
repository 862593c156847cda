/* SPDX-License-Identifier: BSD-2-Clause */
/* several.h - requests that go to ul2tpd in one datagram */
#ifndef UL2TP_CLIENT_SEVERAL_H
#define UL2TP_CLIENT_SEVERAL_H

#include "client/exchange.h"

/**
 * session_add_begin() - the request of ul2tp_session_add(), ready for request_run()
 *
 * Return: 0, or why there is none, which is told in u->error.
 */
int session_add_begin(struct request *r, struct ul2tp *u, const struct ul2tp_session_params *given);

#endif
