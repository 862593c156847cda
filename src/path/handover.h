/* SPDX-License-Identifier: BSD-2-Clause */
/* handover.h - packets that one worker has received and another must deal with
 *
 * A session's packets come to the worker that has it, but for the odd ones (receive.c): these are copied into a ring
 * that one worker writes and one reads, without a lock, so that what goes from the one to the other keeps its order.
 * The reader gets a letter at the end of the writer's batch. Full, it takes nothing, and whoever writes counts what is
 * lost.
 */
#ifndef UL2TP_PATH_HANDOVER_H
#define UL2TP_PATH_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/keeper.h"

struct intake;
struct worker;

#define HANDOVER_OCTETS (1 << 20) /* room of a ring */

struct handover;

struct handed {
	struct intake *intake;   /* of the namespace's worker, which is to find out whose it is */
	const struct worker *by; /* ... and which has not found it among its own */
	union address from;
	/* If .intake is NULL, it is this session's. */
	uint32_t netns_index, record_index;
	bool over_ip;
	uint32_t len; /* octets of the packet */
};

/** handover_new() - to @to, which calls receive_handed() for each packet; API thread. NULL: out of memory */
struct handover *handover_new(struct worker *to);

/** handover_free() - when both workers have ended; NULL is fine */
void handover_free(struct handover *h);

/** handover_put() - copy a packet; on the one worker that writes. Return: false: there is no room
 *
 * If there is none a letter is sent first, which makes some if the reader sleeps. */
bool handover_put(struct handover *h, const struct handed *about, const uint8_t *octets);

/** handover_send() - send a letter of all that was put; on the same worker, which can be doing the reader's work then */
void handover_send(struct handover *h);

#endif
