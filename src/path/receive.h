/* SPDX-License-Identifier: BSD-2-Clause */
/* receive.h - batches of outer packets come in, and each finds its session */
#ifndef UL2TP_PATH_RECEIVE_H
#define UL2TP_PATH_RECEIVE_H

#include "loop/loop.h"
#include "path/intake.h"

struct handed;
struct inbox;

/** inbox_new() - receive buffers of one worker; NULL: out of memory */
struct inbox *inbox_new(void);
void inbox_free(struct inbox *inbox);

/** receive_begin() - a batch for receive_diverted(), receive_notice() and receive_handed() begins; worker */
void receive_begin(struct worker *w);

/** receive_end() - of a batch: what was delivered by reference goes; worker */
void receive_end(struct worker *w);

/** receive_handed() - a packet that another worker has received (handover.h); worker @w
 * @packet: must stay until receive_end() */
void receive_handed(struct worker *w, const struct handed *about, const uint8_t *packet);

/** receive_diverted() - a datagram that was taken out of a program's socket; worker
 * @octets: of the UDP payload; must stay until the coalescer was flushed
 * @gso:    size of each datagram in it; 0: it is one */
void receive_diverted(struct intake *in, const uint8_t *octets, size_t len, uint32_t gso);

/** receive_notice() - such a datagram was for the program, but names a session: count it (RX-6, RX-7); worker
 * @octets: its first, with the session id */
void receive_notice(struct intake *in, const uint8_t *octets, size_t len);
/* A message of the last batch; borrowed until the next one. */
struct received {
	struct msghdr *msg;
	const uint8_t *octets;
	size_t len;
	union address *from; /* the worker may write to it */
};

/** receive_batch() - as many messages as fit from @fd, into the worker's buffers; worker. 0 or less: none */
int receive_batch(struct worker *w, int fd);
struct received receive_message(const struct worker *w, int number);

/** intake_ready() - the watch of an intake: receive one batch */
watch_fn intake_ready;

#endif
