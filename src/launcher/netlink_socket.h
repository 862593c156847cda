/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_socket.h - stand-ins for generic netlink sockets, for those who start them */
#ifndef UL2TP_LAUNCHER_NETLINK_SOCKET_H
#define UL2TP_LAUNCHER_NETLINK_SOCKET_H

#include "launcher/trap.h"

/**
 * netlink_start() - choose l2tp's numbers, start the thread that delivers what comes of itself
 *
 * Needs launcher.reply and home_netns. Sets launcher.l2tp_family, l2tp_group and pump. Call in the process that serves
 * the calls, once.
 *
 * Return: 0; negative errno.
 */
int netlink_start(struct launcher *l);

/** netlink_stop() - end that thread; before the table of objects goes */
void netlink_stop(struct launcher *l);

struct estate_thing;

/** netlink_socket_restore() - into the table again what another supervisor gave out; negative errno */
int netlink_socket_restore(struct launcher *l, uint32_t index, const struct estate_thing *thing);

/** netlink_socket_open() - socket(AF_NETLINK, type, NETLINK_GENERIC); answers the trap */
void netlink_socket_open(struct trap *t);

#endif
