/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_port.h - the sockets that receive the data packets of one UDP port of a network namespace
 *
 * A raw socket gets every datagram that its filter leaves, so two of them on one port would get everything twice:
 * all programs' sockets on a port share one, and whoever reads finds out whose each packet is.
 */
#ifndef UL2TP_KEEPER_RAW_PORT_H
#define UL2TP_KEEPER_RAW_PORT_H

#include "base/list.h"
#include "keeper/keeper.h"

struct raw_port {
	struct list in_all;
	struct netns_id netns;
	uint32_t users;
	struct raw_port_fds at;
};

/**
 * raw_port_get() - that of UDP port @port (host order) in @netns, made if there is none. Call while in it
 *
 * Return: 0, and one user more; -errno in words.
 */
int raw_port_get(struct list *all, struct netns_id netns, uint16_t port, struct raw_port **ret,
                 struct extack *ea);

/** raw_port_put() - one user fewer; the last closes it. NULL is fine */
void raw_port_put(struct raw_port *p);

/** raw_port_probe() - whether such sockets can be made here; 0 or -errno */
int raw_port_probe(void);

#endif
