/* SPDX-License-Identifier: BSD-2-Clause */
/* private_net.h - the launcher's private network namespace as a place where every address is local
 *
 * Then a socket in it receives from any sender and at any destination what a raw socket of the same namespace
 * writes: L2TP/IP sockets stand on that.
 */
#ifndef UL2TP_LAUNCHER_PRIVATE_NET_H
#define UL2TP_LAUNCHER_PRIVATE_NET_H

#include "launcher/launcher.h"

/**
 * private_net_prepare() - loopback up, and all addresses of both families on it; nothing if that is so
 *
 * Any thread. A machine without IPv6 has the other alone.
 *
 * Return: 0; -ENOTSUP there is no private namespace; what rtnetlink said.
 */
int private_net_prepare(struct launcher *l);

#endif
