/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_estate.h - what another supervisor must know to serve a stand-in for a netlink socket (estate.h) */
#ifndef UL2TP_LAUNCHER_NETLINK_ESTATE_H
#define UL2TP_LAUNCHER_NETLINK_ESTATE_H

#include "launcher/estate.h"
#include "launcher/netlink_stand_in.h"

/** netlink_estate_put() - a new one; before the program has it */
void netlink_estate_put(struct netlink_socket *n);

/** netlink_estate_update() - it may be another now; n->lock is held */
void netlink_estate_update(struct netlink_socket *n);

/** netlink_estate_get() - as it was; descriptors become the socket's own. 0; -EBADMSG */
int netlink_estate_get(struct netlink_socket *n, const struct estate_thing *thing);

#endif
