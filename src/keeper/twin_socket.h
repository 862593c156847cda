/* SPDX-License-Identifier: BSD-2-Clause */
/* twin_socket.h - the socket that does for a program's L2TP/IP socket what needs the kernel
 *
 * linux/l2tp's protocol 115 sockets bind, connect and choose routes by the same functions as raw sockets. So a
 * raw socket of protocol 115 stands in the program's namespace for each; it answers whether an address is
 * local and where a route leads, and it sends. It receives nothing: what arrives comes by the endpoint that
 * all of a namespace share.
 */
#ifndef UL2TP_KEEPER_TWIN_SOCKET_H
#define UL2TP_KEEPER_TWIN_SOCKET_H

#include "keeper/keeper.h"

enum twin_kind {
	TWIN_CONTROL, /* DF, as the program wants (IPS-42) */
	TWIN_DATA,    /* never DF (TX-2) */
};

/** twin_socket() - made in the namespace the caller is in; not bound. Return: a descriptor or -errno */
int twin_socket(const struct endpoint_params *p, enum twin_kind kind, struct extack *ea);

/** twin_open() - both kinds; sets .fd and .bulk_fd (keeper_socket_bind()). 0 or -errno */
int twin_open(struct keeper_endpoint *about, struct extack *ea);

/** twin_bind() - anew if need be; errors of bind(2) */
int twin_bind(int fd, const union address *local, struct extack *ea);

/** twin_connect() - AF_UNSPEC: be unconnected. Errors of connect(2) */
int twin_connect(int fd, const union address *peer, struct extack *ea);

/** twin_names() - the address it is bound to, and the device (0: any) */
int twin_names(int fd, struct keeper_socket_names *ret);

/**
 * twin_option() - as setsockopt(2), of those options only that decide how packets leave
 * @admin: the program has CAP_NET_ADMIN; some need it
 *
 * Return: 0; -ENOPROTOOPT none of those; -EPERM; an errno of setsockopt().
 */
int twin_option(int fd, const struct keeper_socket_option *option, bool admin);

#endif
