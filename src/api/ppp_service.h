/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_service.h - requests about PPPoL2TP sockets and files of /dev/ppp (UL2TP_CMD_PPP_*); see path/ppp_file.h
 *
 * API thread. Each as ul2tp_serve(): negative errno in words, answers but not the acknowledgement.
 */
#ifndef UL2TP_API_PPP_SERVICE_H
#define UL2TP_API_PPP_SERVICE_H

#include "api/request.h"
#include "netlink/ul2tp_family.h"

int ppp_serve_open(struct request *r, const struct ul2tp_request *in);
int ppp_serve_close(struct request *r, const struct ul2tp_request *in);
int ppp_serve_connect(struct request *r, const struct ul2tp_request *in);
int ppp_serve_ioctl(struct request *r, const struct ul2tp_request *in);
int ppp_serve_option_set(struct request *r, const struct ul2tp_request *in);
int ppp_serve_option_get(struct request *r, const struct ul2tp_request *in);
int ppp_serve_get(struct request *r, const struct ul2tp_request *in);

/** ppp_dump_next() - as ul2tp_dump_next(), of UL2TP_CMD_PPP_GET */
bool ppp_dump_next(struct connection *c, struct writer *w);

/** ppp_dump_channels() - likewise, of UL2TP_CMD_PPP_CHANNEL_GET */
bool ppp_dump_channels(struct connection *c, struct writer *w);

#endif
