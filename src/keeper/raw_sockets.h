/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_sockets.h - the sockets that receive the data packets for all programs' sockets of a network namespace
 *
 * A raw socket is offered every datagram of its namespace. So there are as few as can be: two of each family,
 * whose filters name the ports of all programs' sockets. Whoever reads finds out whose each packet is.
 */
#ifndef UL2TP_KEEPER_RAW_SOCKETS_H
#define UL2TP_KEEPER_RAW_SOCKETS_H

#include "base/list.h"
#include "keeper/bequest.h"
#include "keeper/keeper.h"

struct raw_sockets;
struct reaper;

/**
 * raw_sockets_use() - also receive what is sent to UDP port @port (host order) in @netns. Call while in it
 * @reaper: closes them in the end, which takes long
 *
 * Return: 0, and one user of them and of the port more; -errno in words.
 */
int raw_sockets_use(struct list *all, struct reaper *reaper, struct netns_id netns, uint16_t port,
                    struct raw_sockets **ret, struct extack *ea);

/** raw_sockets_release() - one user of the port fewer; the last of all closes them. NULL is fine */
void raw_sockets_release(struct raw_sockets *r, uint16_t port);

/** raw_sockets_fds() - borrowed */
const struct raw_fds *raw_sockets_fds(const struct raw_sockets *r);

/** raw_sockets_leave(), raw_sockets_inherit() - all of them; raw_sockets_use_again() for each user and port follows, NULL:
 * there are none in @netns, and raw_sockets_tidy() for those that then have none */
void raw_sockets_leave(const struct list *all, struct bequest *b);
int raw_sockets_inherit(struct list *all, struct reaper *reaper, struct inheritance *i);
struct raw_sockets *raw_sockets_use_again(struct list *all, struct netns_id netns, uint16_t port);
void raw_sockets_tidy(struct list *all);

/** raw_sockets_probe() - whether such sockets can be made here; 0 or -errno */
int raw_sockets_probe(void);

#endif
