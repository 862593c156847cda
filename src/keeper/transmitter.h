/* SPDX-License-Identifier: BSD-2-Clause */
/* transmitter.h - sockets that send data for programs' sockets, from their port
 *
 * A program's own socket can not send for us: we do not hold it. So a socket of ours stands beside it on the same
 * port, bound to an address at which nothing is ever received; the real source address goes with each message
 * (IP_PKTINFO). Sockets with one port and the same options share one.
 */
#ifndef UL2TP_KEEPER_TRANSMITTER_H
#define UL2TP_KEEPER_TRANSMITTER_H

#include "base/list.h"
#include "keeper/bequest.h"
#include "keeper/program_socket.h"

struct transmitter;

struct transmitters {
	struct list all;
	uint32_t last_number; /* makes each one's address its own */
};

void transmitters_open(struct transmitters *all);

/**
 * transmitter_get() - one that sends as @s would. Call while in its namespace
 * @fd: the program's socket: it gets SO_REUSEADDR for the moment of our bind
 *
 * Return: NULL with -errno in *err, in words.
 */
struct transmitter *transmitter_get(struct transmitters *all, int fd,
                                    const struct program_socket *s, int *err, struct extack *ea);
int transmitter_fd(const struct transmitter *t);

/** transmitter_has_ip_options() - whether what it sends over IPv4 has options in its header */
bool transmitter_has_ip_options(const struct transmitter *t);

/** transmitters_leave(), transmitters_inherit() - all of them, before the users: who uses one says by transmitter_leave()
 * which, NULL is fine, and gets it by transmitter_inherit(). What has no user then goes with transmitters_tidy() */
void transmitters_leave(const struct transmitters *all, struct bequest *b);
int transmitters_inherit(struct transmitters *all, struct inheritance *i);
void transmitter_leave(const struct transmitters *all, const struct transmitter *t,
                       struct bequest *b);
struct transmitter *transmitter_inherit(struct transmitters *all, struct inheritance *i);
void transmitters_tidy(struct transmitters *all);

/** transmitter_put() - one user fewer; the last closes it. NULL is fine */
void transmitter_put(struct transmitter *t);

#endif
