/* SPDX-License-Identifier: BSD-2-Clause */
/* sender.h - a session's direction from its interface to the peer; one worker's */
#ifndef UL2TP_PATH_SENDER_H
#define UL2TP_PATH_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "encap/endpoint.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "packet/drop_reason.h"
#include "path/counter.h"
#include "path/fast_gate.h"
#include "path/worker.h"
#include "tunnel/session.h"
#include "wire/data_header.h"

struct sender {
	struct watch watch; /* of the device */
	struct letter letter;
	struct worker *worker;
	struct session_record *record;
	const struct tunnel_record *tunnel;
	const struct endpoint *endpoint;
	const _Atomic uint64_t *trace_events; /* of the namespace */
	struct data_header_params header;
	struct data_header_template template;
	bool may_batch;     /* its endpoint sends in segments at all */
	uint32_t batch_max; /* longest packet that may go in a batch of segments; 0: none may */
	uint64_t batch_retry_ms; /* when to try again what was refused; 0: not decided */
	bool has_batched;        /* and may still: its packets need checksums (outbox.c) */
	int device;
	struct fast_gate gate;
	uint32_t record_index;
	const struct fast_board *fast; /* NULL: there is none */
};

/** sender_new() - for a session whose record is filled; @device: TAP, -1: none. NULL: out of memory */
struct sender *sender_new(struct worker *w, const struct session *s, int device);
void sender_free(struct sender *s);

/** sender_endpoint_changed() - while it does not transmit (transmit.h); API thread: what was known of the endpoint is to be found out again */
void sender_endpoint_changed(struct sender *s);

/** sender_peer_changed() - the tunnel's peer_conn_id is another now (PX-24); posted */
void sender_peer_changed(struct sender *s);

/** sender_gate_open() - the packets of a PPP session, which a unit reads from this descriptor; sender_gate_close() - no
 * longer; worker */
void sender_gate_open(struct sender *s, int device);
void sender_gate_close(struct sender *s);

/** sender_drop() - count @packets of them; worker */
static inline void sender_drop(struct sender *s, enum tx_drop why, uint64_t packets)
{
	counter_add(&s->record->tx.drops[why], packets);
}

/** sender_retry_batches() - once in a while forget that batches were refused: routes change; worker */
void sender_retry_batches(struct sender *s, uint64_t now_ms);

/** sender_header() - the header to send now, built again if receive has switched numbering (RX-42, RX-43) */
const struct data_header_template *sender_header(struct sender *s);

/** sender_use_up() - the numbers of @count packets that can not be sent (SEQ-1), if it numbers them; worker */
void sender_use_up(struct sender *s, uint32_t count);

/** sender_number() - write the next number into a header made of @t, which has room for it; worker */
void sender_number(struct sender *s, const struct data_header_template *t, uint8_t *header);

#endif
