/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_receive.h - where a worker reads the data packets of programs' sockets on machines without eBPF
 *
 * One for each namespace: raw sockets give the packets to all programs' sockets in it (keeper/raw_filter.h). Whose a packet is, is decided as UDP decides it: a connected socket before one that is
 * not, a bound address before none. Packets of senders on this machine may be several in one, and are cut by
 * what a packet socket says of them (packet/gauge.h).
 */
#ifndef UL2TP_PATH_RAW_RECEIVE_H
#define UL2TP_PATH_RAW_RECEIVE_H

#include "base/list.h"
#include "keeper/keeper.h"
#include "path/intake.h"

struct raw_receive;

/** raw_receive_join() - packets to @in's endpoint come this way, once raw_receive_read() was called. API thread
 * @all:  those of the dataplane
 * @fds:  of the namespace; become ours, on failure too; if they are read already, these are closed
 *
 * Return: 0, -ENOMEM.
 */
int raw_receive_join(struct list *all, struct intake *in, const struct raw_fds *fds);

/** raw_receive_read() - read those that are not read yet: when the sessions are there that packets are for. API
 * thread */
void raw_receive_read(struct list *all);

/** raw_receive_settle() - what has come to the namespace is dealt with as things are now; harmless if nothing is read there.
 * API thread */
void raw_receive_settle(struct list *all, uint32_t netns_index);

/** raw_receive_leave() - it gets no more; the last one closes the sockets. Harmless if it did not join. API thread */
void raw_receive_leave(struct intake *in);

/** raw_receive_drain() - take all that waits now: before a session goes (TUN-49); worker. NULL is fine */
void raw_receive_drain(struct raw_receive *raw);

#endif
