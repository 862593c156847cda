/* SPDX-License-Identifier: BSD-2-Clause */
/* endpoint_socket.h - sockets with the options an endpoint asks for, made in the namespace the caller is in */
#ifndef UL2TP_KEEPER_ENDPOINT_SOCKET_H
#define UL2TP_KEEPER_ENDPOINT_SOCKET_H

#include "keeper/keeper.h"

#ifndef IPPROTO_L2TP
#define IPPROTO_L2TP 115
#endif

/** endpoint_params_check() - whether they make sense; the engine is not to be trusted. 0 or -EINVAL. */
int endpoint_params_check(const struct endpoint_params *p, struct extack *ea);

/** endpoint_socket() - bound to p->local, which gets the real port. Return: a descriptor or -errno. */
int endpoint_socket(struct endpoint_params *p, struct extack *ea);

/** share_socket() - a further socket of the same options and address, by SO_REUSEPORT, which @main has. A descriptor or
 * -errno */
int share_socket(const struct endpoint_params *p, struct extack *ea);

/** endpoint_socket_plain() - undo UDP_GRO: each packet comes by itself */
void endpoint_socket_plain(int fd);

/**
 * bulk_socket() - a second UDP socket on the port of @main, for UDP_SEGMENT
 * @number: different for each endpoint of a namespace; makes the address it is bound to
 *
 * Return: a descriptor, or -1: the endpoint does without.
 */
int bulk_socket(const struct endpoint_params *p, int main, uint32_t number);

/**
 * transmit_socket() - a UDP socket on the port of a program's socket, which sends and receives nothing
 * @p:	    port and options; of the address only whether it is IPv4 written as IPv6
 * @beside: the program's; @reuses: whether it has SO_REUSEADDR, which it gets for a moment
 * @owner:  of the program's socket: who owns both may share a port by SO_REUSEPORT
 * @number: different for each socket of ours on the port
 *
 * Return: a descriptor or -errno.
 */
int transmit_socket(const struct endpoint_params *p, int beside, bool reuses, uid_t owner,
                    uint32_t number, struct extack *ea);

/** route_socket() - an unconnected UDP socket which the same routes apply to. A descriptor or -errno. */
int route_socket(const struct endpoint_params *p, struct extack *ea);

/**
 * path_socket() - an unconnected socket of the endpoint's protocol and port, which the same routes and policies of IPsec
 * apply to, and which receives nothing of UDP
 * @main: the endpoint's
 *
 * Connected, it has the address that the route chooses. Return: a descriptor or -errno.
 */
int path_socket(const struct endpoint_params *p, int main);

/** address_len() - octets of the sockaddr; 0 if the family is neither IPv4 nor IPv6 */
socklen_t address_len(const union address *a);

/** address_is_same() - whether family and address are the same, whatever the ports */
bool address_is_same(const union address *a, const union address *b);

#endif
