/* SPDX-License-Identifier: BSD-2-Clause */
/* vj.c - the tables; see vj.h */
#include <stdlib.h>

#include "ppp/vj_private.h"

struct vj *vj_new(unsigned int max_sent, unsigned int max_received)
{
	struct vj *vj = calloc(1, sizeof(*vj));

	if (!vj)
		return NULL;
	vj->sent = calloc(max_sent + 1, sizeof(*vj->sent));
	vj->received = calloc(max_received + 1, sizeof(*vj->received));
	if (!vj->sent || !vj->received) {
		vj_free(vj);
		return NULL;
	}
	list_init(&vj->by_use);
	for (unsigned int i = 0; i <= max_sent; i++) { /* 0 is the first to be used */
		vj->sent[i].number = (uint8_t)i;
		list_prepend(&vj->by_use, &vj->sent[i].by_use);
	}
	vj->max_received = max_received;
	vj->last_sent = vj->last_received = -1;
	vj->toss = true;
	return vj;
}

void vj_free(struct vj *vj)
{
	if (!vj)
		return;
	free(vj->sent);
	free(vj->received);
	free(vj);
}

void vj_toss(struct vj *vj)
{
	vj->toss = true;
}

const struct vj_counters *vj_counters(const struct vj *vj)
{
	return &vj->counters;
}
