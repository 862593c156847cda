/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_pump.h - the thread that delivers to stand-ins what no call of their program delivers */
#ifndef UL2TP_LAUNCHER_NETLINK_PUMP_H
#define UL2TP_LAUNCHER_NETLINK_PUMP_H

#include "launcher/netlink_stand_in.h"

struct netlink_pump;

int netlink_pump_start(struct launcher *l, struct netlink_pump **ret);
void netlink_pump_stop(struct netlink_pump *pump);

/** netlink_pump_watch() - have the forwarding socket watched, and the connection by which notifications come,
 * until something comes by one of them; harmless if they are */
void netlink_pump_watch(struct netlink_socket *n);

/** netlink_pump_pause() - watch them no longer: who calls takes what comes */
void netlink_pump_pause(struct netlink_socket *n);

/** netlink_pump_wait() - the program has no room for what is kept: try again soon */
void netlink_pump_wait(struct netlink_socket *n);

#endif
