/* SPDX-License-Identifier: BSD-2-Clause */
/* program_socket.h - what a socket that a program made says of itself
 *
 * The descriptor is looked at and never kept: as long as we held it, the program's last close would be none.
 */
#ifndef UL2TP_KEEPER_PROGRAM_SOCKET_H
#define UL2TP_KEEPER_PROGRAM_SOCKET_H

#include "keeper/keeper.h"

struct program_socket {
	struct netns_id netns;
	uint64_t cookie; /* SO_COOKIE */
	ino_t ino;
	struct endpoint_params
		params; /* addresses and options as it has them; .peer AF_UNSPEC: not connected */
	int priority;   /* SO_PRIORITY */
	int v4_tos, v4_ttl; /* of an IPv6 socket, when it sends IPv4 (TX-5) */
	bool reuse_address;
	uid_t owner;
};

/**
 * program_socket_check() - whether a tunnel of @protocol in @netns can stand on it, in the order of TUN-20
 *
 * Return: 0; -EBADF, -ENOTSOCK; -EINVAL of another namespace; -EPROTONOSUPPORT no such socket; in words.
 */
int program_socket_check(int fd, struct netns_id netns, uint8_t protocol, struct extack *ea);

/** program_socket_read() - all of it. Call while in its namespace. 0 or -errno */
int program_socket_read(int fd, struct program_socket *ret);

/** program_socket_cookie() - SO_COOKIE; 0 or -errno */
int program_socket_cookie(int fd, uint64_t *ret);

/** program_socket_quieten() - no multicast of its own comes back to it (TUN-22) */
void program_socket_quieten(int fd);

/** address_is_mapped() - whether it is an IPv4 address written as IPv6 */
bool address_is_mapped(const union address *a);

/** address_unmap() - such an address as IPv4, with its port; others stay */
void address_unmap(union address *a);

#endif
