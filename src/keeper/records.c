/* SPDX-License-Identifier: BSD-2-Clause */
/* records.c - see records.h */
#include "keeper/records.h"

#include <assert.h>
#include <stddef.h>

#define ALIGNMENT 64u

static_assert(sizeof(struct tunnel_record) % ALIGNMENT == 0, "each record starts a cache line");
static_assert(sizeof(struct session_record) % ALIGNMENT == 0, "each record starts a cache line");

static uint64_t tunnels_at(void)
{
	return (sizeof(struct records) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static uint64_t sessions_at(uint32_t max_tunnels)
{
	return tunnels_at() + (uint64_t)max_tunnels * sizeof(struct tunnel_record);
}

uint64_t records_size(uint32_t max_tunnels, uint32_t max_sessions)
{
	return sessions_at(max_tunnels) + (uint64_t)max_sessions * sizeof(struct session_record);
}

struct tunnel_record *records_tunnel(struct records *r, uint32_t index)
{
	struct tunnel_record *first = (void *)((char *)r + tunnels_at());

	return index < r->max_tunnels ? first + index : NULL;
}

struct session_record *records_session(struct records *r, uint32_t index)
{
	struct session_record *first = (void *)((char *)r + sessions_at(r->max_tunnels));

	return index < r->max_sessions ? first + index : NULL;
}
