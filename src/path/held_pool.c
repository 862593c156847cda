/* SPDX-License-Identifier: BSD-2-Clause */
/* held_pool.c - see held_pool.h */
#include "path/held_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

static int slab_open(struct held_slab *s, size_t octets, uint32_t count)
{
	s->memory = mmap(NULL, octets * count, PROT_READ | PROT_WRITE,
	                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->memory == MAP_FAILED) {
		s->memory = NULL;
		return -ENOMEM;
	}
	s->free = calloc(count, sizeof(*s->free));
	if (!s->free)
		return -ENOMEM;
	s->octets = octets;
	s->count = s->free_count = count;
	for (uint32_t i = 0; i < count; i++)
		s->free[i] = (uint16_t)(count - 1 - i);
	return 0;
}

static void slab_close(struct held_slab *s)
{
	if (s->memory)
		munmap(s->memory, s->octets * s->count);
	free(s->free);
}

int held_pool_open(struct held_pool *pool)
{
	int err;

	*pool = (struct held_pool){ 0 };
	err = slab_open(&pool->small, HELD_SMALL_OCTETS, HELD_SMALL_COUNT);
	if (!err)
		err = slab_open(&pool->large, HELD_LARGE_OCTETS, HELD_LARGE_COUNT);
	if (err < 0)
		held_pool_close(pool);
	return err;
}

void held_pool_close(struct held_pool *pool)
{
	slab_close(&pool->small);
	slab_close(&pool->large);
}

static struct held_packet *slab_take(struct held_slab *s, size_t len)
{
	if (!s->free_count || sizeof(struct held_packet) + len > s->octets)
		return NULL;
	return (struct held_packet *)(s->memory + s->octets * s->free[--s->free_count]);
}

struct held_packet *held_pool_take(struct held_pool *pool, size_t len)
{
	struct held_packet *p = slab_take(&pool->small, len);

	return p ? p : slab_take(&pool->large, len);
}

static int slab_give(struct held_slab *s, const struct held_packet *p)
{
	const uint8_t *at = (const uint8_t *)p;

	if (at < s->memory || at >= s->memory + s->octets * s->count)
		return 0;
	s->free[s->free_count++] = (uint16_t)((size_t)(at - s->memory) / s->octets);
	return 1;
}

void held_pool_give(struct held_pool *pool, struct held_packet *p)
{
	if (!slab_give(&pool->small, p))
		slab_give(&pool->large, p);
}
