/* SPDX-License-Identifier: BSD-2-Clause */
/* device_service.h - UL2TP_CMD_DEVICE_GET; see path/device_account.h
 *
 * API thread.
 */
#ifndef UL2TP_API_DEVICE_SERVICE_H
#define UL2TP_API_DEVICE_SERVICE_H

#include "api/request.h"
#include "netlink/ul2tp_family.h"

/** device_serve_get() - as ul2tp_serve(): all that are known in one datagram, perhaps none */
int device_serve_get(struct request *r, const struct ul2tp_request *in);

#endif
