/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel_socket.h - the socket of a managed tunnel, as a program opens it before it asks for the tunnel */
#ifndef TUNNEL_SOCKET_H
#define TUNNEL_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "conversation.h"

struct tunnel_words {
	uint32_t id, peer_id;
	uint8_t version;
	bool over_ip; /* L2TP/IP, not UDP */
	bool ip6;
	const char *local, *remote;
	uint16_t local_port, remote_port;
};

/** tunnel_words_read() - the words of a command "tunnel". Return: 0, -EINVAL. */
int tunnel_words_read(const struct command *command, struct tunnel_words *ret);

/**
 * tunnel_socket_open() - socket, bind, connect
 * @prepare: called between socket() and bind() for the options; may be NULL; 0 or a negative errno
 *
 * Return: the socket, or a negative errno.
 */
int tunnel_socket_open(const struct tunnel_words *words, int (*prepare)(int sock));

#endif
