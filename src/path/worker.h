/* SPDX-License-Identifier: BSD-2-Clause */
/* worker.h - a thread that moves packets
 *
 * It owns directions of sessions: receivers and senders. For some namespaces it is the one that knows all sessions, so
 * that a packet that came to any endpoint finds its session here; it has their receivers too, but for those whose
 * packets come to another worker (dataplane_spread.c). Nothing of it is touched by another thread but while it sleeps:
 * the API thread posts letters and workers hand over packets (handover.h), which they then open and take themselves
 * (mailbox_lend()).
 */
#ifndef UL2TP_PATH_WORKER_H
#define UL2TP_PATH_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buckets.h"
#include "base/list.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "packet/coalesce.h"
#include "path/frame_room.h"
#include "path/frame_writer.h"
#include "path/held_pool.h"
#include "path/reorder.h"
#include "path/trace.h"

struct handover;
struct inbox;
struct ip_delivery;
struct outbox;

#define WORKERS_MAX 64

struct worker {
	unsigned int number;
	struct loop *loop;
	struct mailbox mailbox;
	pthread_t thread;
	struct letter letter; /* of the calls below */
	bool stop;
	int wait_ms;              /* so long it sleeps, if it does */
	int at_once;              /* so many packets are read before they are sent on */
	uint64_t seed;            /* of the hash of session ids: a peer can not aim at one chain */
	struct buckets receivers; /* by namespace and session id */
	struct buckets
		elsewhere; /* likewise: those that other workers have, of namespaces it receives for */
	struct handover *to[WORKERS_MAX]; /* to other workers; NULL: nothing goes there */
	uint64_t handed;                  /* a bit for each that has got something in this batch */
	struct buckets ip_bindings;       /* by namespace and connection id */
	struct list holding;              /* receivers that hold packets */
	struct list fast_unsettled;       /* gates that are to be looked at */
	uint64_t fast_ms;                 /* ... then */
	uint64_t expire_ms;               /* when to look at them again */
	uint8_t *coalescer_room;
	struct coalescer coalescer;
	struct frame_writer *writer; /* of what the coalescer emits */
	struct reorder_pool reorder_pool;
	struct held_pool held;
	struct held_pool waiting; /* frames of PPP channels that have no file (channel_receive.c) */
	struct divert_ring *ring; /* of the data of programs' sockets; NULL: none was needed yet */
	struct inbox *inbox;      /* buffers of receive.c */
	struct outbox *outbox;    /* buffers of transmit.c */
	struct ip_delivery *delivery;               /* of control messages to programs */
	struct frame_room sent_room, received_room; /* of PPP units (unit_complete.h) */
	struct trace trace;
};

/** worker_new() - start the thread; NULL with errno. @naive: it takes one packet at a time */
struct worker *worker_new(unsigned int number, bool naive);

/** worker_write_alone() - posted: frames have a system call each from now on (frame_writer_end_aio()) */
void worker_write_alone(struct worker *w);

/** worker_stop() - end the thread after what it is doing now; nothing else goes */
void worker_stop(struct worker *w);

/** worker_free() - stop the thread; what was attached to it must have been detached */
void worker_free(struct worker *w);

/** worker_write_received() - what the coalescer holds is written to its devices: whatever that lies in may go; on the worker */
static inline void worker_write_received(struct worker *w)
{
	coalesce_flush(&w->coalescer);
	frame_writer_flush(w->writer);
	coalesce_written(&w->coalescer);
}

#endif
