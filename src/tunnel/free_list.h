/* SPDX-License-Identifier: BSD-2-Clause */
/* free_list.h - which records are free: a stack of numbers, the lowest on top at the start */
#ifndef UL2TP_TUNNEL_FREE_LIST_H
#define UL2TP_TUNNEL_FREE_LIST_H

#include <stdint.h>
#include <stdlib.h>

#define FREE_LIST_NONE UINT32_MAX

struct free_list {
	uint32_t *numbers;
	uint32_t count;
};

/** free_list_open() - room for @max numbers, none in it; -1: out of memory */
static inline int free_list_open(struct free_list *f, uint32_t max)
{
	f->numbers = calloc(max ? max : 1, sizeof(*f->numbers));
	f->count = 0;
	return f->numbers ? 0 : -1;
}

static inline void free_list_close(struct free_list *f)
{
	free(f->numbers);
}

static inline void free_list_give(struct free_list *f, uint32_t number)
{
	f->numbers[f->count++] = number;
}

static inline uint32_t free_list_take(struct free_list *f)
{
	return f->count ? f->numbers[--f->count] : FREE_LIST_NONE;
}

#endif
