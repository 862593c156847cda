/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_socket_service.h - commands IPSOCKET_* of the family ul2tp: L2TP/IP sockets of programs
 *
 * A connection has at most one, which goes with it.
 */
#ifndef UL2TP_API_IP_SOCKET_SERVICE_H
#define UL2TP_API_IP_SOCKET_SERVICE_H

#include "api/request.h"
#include "netlink/ul2tp_family.h"

int ip_socket_serve_open(struct request *r, const struct ul2tp_request *in);
int ip_socket_serve_bind(struct request *r, const struct ul2tp_request *in);
int ip_socket_serve_connect(struct request *r, const struct ul2tp_request *in);
int ip_socket_serve_send(struct request *r, const struct ul2tp_request *in);
int ip_socket_serve_option_set(struct request *r, const struct ul2tp_request *in);
int ip_socket_serve_get(struct request *r, const struct ul2tp_request *in);

#endif
