/* SPDX-License-Identifier: BSD-2-Clause */
/* answer_queue.h - datagrams for a program whose receive buffer is full, in their order */
#ifndef UL2TP_LAUNCHER_ANSWER_QUEUE_H
#define UL2TP_LAUNCHER_ANSWER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kept_answer;

struct answer_queue {
	struct kept_answer *first, *last;
	size_t octets; /* of all */
};

/** answer_queue_put() - append a datagram. -ENOBUFS: no memory, or too much is kept */
int answer_queue_put(struct answer_queue *q, const void *octets, size_t len);

static inline bool answer_queue_empty(const struct answer_queue *q)
{
	return !q->first;
}

/** answer_queue_front() - what is left of the first one; NULL: there is none */
const uint8_t *answer_queue_front(const struct answer_queue *q, size_t *len);

/** answer_queue_take() - its first @len octets have been delivered */
void answer_queue_take(struct answer_queue *q, size_t len);

void answer_queue_free(struct answer_queue *q);

#endif
