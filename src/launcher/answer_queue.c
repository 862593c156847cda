/* SPDX-License-Identifier: BSD-2-Clause */
/* answer_queue.c - see answer_queue.h */
#include "launcher/answer_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX                                                                                   \
	((size_t)64                                                                                \
	 << 20) /* a dump of some hundred thousand sessions; a program that never reads */

struct kept_answer {
	struct kept_answer *next;
	size_t len, taken;
	uint8_t octets[];
};

int answer_queue_put(struct answer_queue *q, const void *octets, size_t len)
{
	struct kept_answer *a;

	if (q->octets + len > KEPT_MAX)
		return -ENOBUFS;
	a = malloc(sizeof(*a) + len);
	if (!a)
		return -ENOBUFS;
	*a = (struct kept_answer){ .len = len };
	memcpy(a->octets, octets, len);
	if (q->last)
		q->last->next = a;
	else
		q->first = a;
	q->last = a;
	q->octets += len;
	return 0;
}

const uint8_t *answer_queue_front(const struct answer_queue *q, size_t *len)
{
	if (!q->first)
		return NULL;
	*len = q->first->len - q->first->taken;
	return q->first->octets + q->first->taken;
}

void answer_queue_take(struct answer_queue *q, size_t len)
{
	struct kept_answer *a = q->first;

	a->taken += len;
	if (a->taken < a->len)
		return;
	q->first = a->next;
	if (!q->first)
		q->last = NULL;
	q->octets -= a->len;
	free(a);
}

void answer_queue_free(struct answer_queue *q)
{
	while (q->first) {
		struct kept_answer *next = q->first->next;

		free(q->first);
		q->first = next;
	}
	*q = (struct answer_queue){ 0 };
}
