/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel_descriptor.h - what goes to ul2tpd for the descriptor of a managed tunnel's socket */
#ifndef UL2TP_LAUNCHER_TUNNEL_DESCRIPTOR_H
#define UL2TP_LAUNCHER_TUNNEL_DESCRIPTOR_H

#include "launcher/trap.h"

/**
 * tunnel_descriptor() - a duplicate of the program's descriptor @number
 *
 * One of our stand-ins would be refused for what it is instead of for what it stands for: what object_ops.for_tunnel() gives
 * goes in its place. Stand-ins that ul2tpd knows (PPPoL2TP, L2TP/IP) go as they are.
 *
 * Return: a descriptor, which is noted as a tunnel's if it is the program's (managed_socket_note()); -errno.
 */
int tunnel_descriptor(const struct trap *t, int number);

#endif
