/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_flow.h - through which interface packets of a tunnel leave, asked once for all its sessions
 *
 * What was answered stands until the host's configuration changes, of which the watch tells (host_watch.h). It does not
 * tell of what routers say of one peer, a smaller MTU above all, nor when that is no longer so: it is asked again.
 */
#ifndef UL2TP_KEEPER_FAST_PATH_FLOW_H
#define UL2TP_KEEPER_FAST_PATH_FLOW_H

#include "keeper/fast_path_route.h"

struct fast_netns;

/**
 * fast_flow() - fast_route() of packets from this socket to @peer. While in the namespace, which is watched
 * @device: ifindex of what the socket is bound to; 0: nothing
 */
int fast_flow(struct fast_netns *n, const struct endpoint_params *socket, int device,
              const union address *peer, struct fast_route *ret);

/** fast_flows_look() - ask again, of some of them each time. While in the namespace
 * Return: whether one goes another way now, or has another MTU */
bool fast_flows_look(struct fast_netns *n);

/** fast_flows_forget() - routes may be others now */
void fast_flows_forget(struct fast_netns *n);

#endif
