/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_flow.h - through which interface packets of a tunnel leave, asked once for all its sessions
 *
 * What was answered stands until interfaces change, or is asked for anew when routes do, of which the watch tells
 * (host_watch.h): with ten thousand peers that takes a sixth of a second, a millisecond at a time. It does not tell of what
 * routers say of one peer, a smaller MTU above all, nor when that is no longer so: it is asked again, five times a second
 * of 64 of them, in all namespaces together. So what is learnt of one of N peers is followed after some N/320 seconds, and
 * more of them take no more time of the processor.
 *
 * An answer is kept as long as a session goes by it; one has two at most, so there is no other limit.
 */
#ifndef UL2TP_KEEPER_FAST_PATH_FLOW_H
#define UL2TP_KEEPER_FAST_PATH_FLOW_H

#include "keeper/fast_path_route.h"

struct fast_netns;
struct fast_session;
struct fast_use;
struct server;

/** fast_use_init() - one of this session's, which goes by nothing yet */
void fast_use_init(struct fast_use *use, struct fast_session *s);

/**
 * fast_flow() - fast_route() of packets from this socket to @peer. While in the namespace, which is watched
 * @use: the session goes by this answer from now on, whatever it went by
 * @device: ifindex of what the socket is bound to; 0: nothing
 *
 * Return: as fast_route(), or -ENOMEM
 */
int fast_flow(struct fast_use *use, const struct endpoint_params *socket, int device,
              const union address *peer, struct fast_route *ret);

/** fast_flow_leave() - the session goes by no answer any more */
void fast_flow_leave(struct fast_use *use);

/** fast_flows_look() - ask again, of some of them each time. Sessions whose packets go another way now, or have another
 * MTU, are decided again soon (fast_busy_again()). At home */
void fast_flows_look(struct server *server);

/** fast_flows_changed() - routes may be others now: fast_flows_turn() is to ask for all of @n anew, in rounds */
void fast_flows_changed(struct fast_netns *n);

/** fast_flows_turn() - go on with the rounds: ask for as many as fast_flows_look() does, in all namespaces together, and do
 * with what has changed as that does. At home */
void fast_flows_turn(struct server *server);

/** fast_flows_due() - when it has something to do in @n, monotonic ms; UINT64_MAX: not */
uint64_t fast_flows_due(const struct fast_netns *n);

/** fast_flows_forget() - they are others now, or interfaces are */
void fast_flows_forget(struct fast_netns *n);

#endif
