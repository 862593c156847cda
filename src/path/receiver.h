/* SPDX-License-Identifier: BSD-2-Clause */
/* receiver.h - a session's direction from the peer to its interface; one worker's */
#ifndef UL2TP_PATH_RECEIVER_H
#define UL2TP_PATH_RECEIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buckets.h"
#include "base/list.h"
#include "loop/mailbox.h"
#include "packet/drop_reason.h"
#include "path/counter.h"
#include "path/fast_gate.h"
#include "path/frame_taker.h"
#include "path/intake.h"
#include "path/reorder.h"
#include "path/worker.h"
#include "tunnel/session.h"
#include "wire/data_header.h"

struct channel;

struct receiver_entry {
	struct bucket_node by_id;
	struct receiver *receiver;
};

struct receiver {
	struct frame_taker taker;   /* first: the coalescer's frames come here */
	struct receiver_entry here; /* in its worker's table */
	struct receiver_entry
		elsewhere;      /* in that of the worker that knows all, if it is another */
	struct list in_holding; /* of the worker, while packets are held */
	struct letter letter, letter_elsewhere;
	struct worker *worker;
	struct worker *knows_all; /* of its namespace; may be the same */
	struct intake *intake;    /* of the tunnel's endpoint, its worker's */
	struct session_record *record;
	uint32_t record_index;
	struct tunnel_record *tunnel;
	const _Atomic uint64_t *trace_events; /* of the namespace */
	uint32_t netns_index;
	bool in_v2_space;        /* the tunnel's version is not 3 (SES-7) */
	uint32_t id;             /* session id, or in v2 space v2_session_key() */
	bool ppp;                /* else Ethernet */
	struct channel *channel; /* of PPP: whose frames they are; NULL: no socket is attached */
	struct data_sublayer_params sublayer;
	uint32_t header_len; /* of L2TP, of a v3 session; what lies in front of its frames */
	struct reorder reorder;
	struct fast_gate gate;
	const struct fast_board *fast; /* NULL: there is none */
	uint32_t accepts;              /* enum coalesce_accepts of the device */
	const uint64_t *lost;    /* how many found the ring full; NULL: it is not filled from one */
	int device;              /* TAP; borrowed from the session; -1: none or gone */
	bool recv_seq, lns_mode; /* changed by letters only */
	uint32_t timeout_ms;
	struct session_modify change; /* argument of the letter */
};

/**
 * receiver_new() - for a session whose record is filled
 * @tap: its device, -1: none
 * @offloads: TUN_F_* of the device
 * NULL: out of memory.
 */
struct receiver *receiver_new(struct worker *w, const struct session *s, int tap,
                              uint32_t offloads);
void receiver_free(struct receiver *r);

/* API thread. Posted; done when mailbox_wait() of the worker returns. */
void receiver_attach(struct receiver *r);
void receiver_detach(struct receiver *r);
void receiver_modify(struct receiver *r, const struct session_modify *change);

/** receiver_count_lost() - those that found the ring of its worker full, of which nothing else tells; worker */
void receiver_count_lost(struct receiver *r);

/** receiver_find() - of those that @w, which runs, has: whose packet this is, or NULL (RX-3, RX-4, RX-21, SES-5) */
struct receiver *receiver_find(const struct worker *w, const struct intake *in,
                               const struct data_header *h, const union address *from);

/** receiver_find_elsewhere() - ... of those that other workers have; it is not @w's to touch, but for what does not
 * change and the counters of its tunnel */
struct receiver *receiver_find_elsewhere(const struct worker *w, const struct intake *in,
                                         const struct data_header *h, const union address *from);

/** receiver_find_again() - the one of this record that another worker has found, or NULL: it has gone; worker */
struct receiver *receiver_find_again(const struct worker *w, uint32_t netns_index,
                                     const struct data_header *h, uint32_t record_index);

/**
 * receiver_take() - common receive (kernel-behaviour §4.4) of a packet of this session; worker
 *
 * Return: octets in front of its frame if that is all there was to it; 0: there are numbers, or something else to be
 * looked at in each packet.
 */
size_t receiver_take(struct receiver *r, const struct data_header *h, const uint8_t *packet,
                     size_t len);

/** receiver_take_alike() - the next packet of the session, with the same octets in front of its frame; worker
 * @header_len: how many, as receiver_take() has returned for the one before */
void receiver_take_alike(struct receiver *r, const uint8_t *packet, size_t len, size_t header_len);

/** receiver_drop() - count @packets of them; worker */
static inline void receiver_drop(struct receiver *r, enum rx_drop why, uint64_t packets)
{
	counter_add(&r->record->rx.drops[why], packets);
}

/** receiver_gate_set() - whether what comes for a PPP session goes to a unit, and so may take the fast path; worker */
void receiver_gate_set(struct receiver *r, bool open);

/** receiver_gate_holds() - packets of this gate wait to be put in order */
bool receiver_gate_holds(const struct fast_gate *g);

/** receivers_expire() - give back packets that have been held for too long (LIM-8) */
void receivers_expire(struct worker *w);

#endif
