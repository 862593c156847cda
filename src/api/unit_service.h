/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_service.h - requests about PPP units (UL2TP_CMD_UNIT_*); see path/unit.h
 *
 * API thread. Each as ul2tp_serve(): negative errno in words, answers but not the acknowledgement.
 */
#ifndef UL2TP_API_UNIT_SERVICE_H
#define UL2TP_API_UNIT_SERVICE_H

#include "api/request.h"
#include "netlink/ul2tp_family.h"

int unit_serve_address_add(struct request *r, const struct ul2tp_request *in);
int unit_serve_address_remove(struct request *r, const struct ul2tp_request *in);
int unit_serve_police(struct request *r, const struct ul2tp_request *in);
int unit_serve_get(struct request *r, const struct ul2tp_request *in);

/** unit_dump_next() - as ul2tp_dump_next(), of UL2TP_CMD_UNIT_GET */
bool unit_dump_next(struct connection *c, struct writer *w);

#endif
