/* SPDX-License-Identifier: BSD-2-Clause */
/* records.c - see records.h */
#include "keeper/records.h"

#include <assert.h>
#include <stddef.h>
#include <sys/mman.h>

#define ALIGNMENT 64u

static_assert(sizeof(struct tunnel_record) % ALIGNMENT == 0, "each record starts a cache line");
static_assert(sizeof(struct session_record) % ALIGNMENT == 0, "each record starts a cache line");

static_assert(sizeof(struct ppp_file_record) % ALIGNMENT == 0, "each record starts a cache line");
static_assert(sizeof(struct unit_record) % ALIGNMENT == 0, "each record starts a cache line");

static uint64_t tunnels_at(void)
{
	return (sizeof(struct records) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static uint64_t sessions_at(uint32_t max_tunnels)
{
	return tunnels_at() + (uint64_t)max_tunnels * sizeof(struct tunnel_record);
}

static uint64_t files_at(uint32_t max_tunnels, uint32_t max_sessions)
{
	return sessions_at(max_tunnels) + (uint64_t)max_sessions * sizeof(struct session_record);
}

static uint64_t units_at(uint32_t max_tunnels, uint32_t max_sessions)
{
	return files_at(max_tunnels, max_sessions) +
	       (uint64_t)max_sessions * RECORD_FILES_PER_SESSION * sizeof(struct ppp_file_record);
}

static uint64_t unit_filters_at(uint32_t max_tunnels, uint32_t max_sessions)
{
	return units_at(max_tunnels, max_sessions) +
	       (uint64_t)max_sessions * sizeof(struct unit_record);
}

uint64_t records_size(uint32_t max_tunnels, uint32_t max_sessions)
{
	return unit_filters_at(max_tunnels, max_sessions) +
	       (uint64_t)max_sessions * sizeof(struct unit_filters_record);
}

struct records *records_map(int fd, uint32_t max_tunnels, uint32_t max_sessions)
{
	void *at = mmap(NULL, records_size(max_tunnels, max_sessions), PROT_READ | PROT_WRITE,
	                MAP_SHARED | MAP_NORESERVE, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

static void limit(uint32_t *used, uint64_t max)
{
	if (*used > max)
		*used = (uint32_t)max;
}

void records_begin(struct records *r, uint32_t max_tunnels, uint32_t max_sessions)
{
	r->max_tunnels = max_tunnels;
	r->max_sessions = max_sessions;
	limit(&r->tunnels_used, max_tunnels);
	limit(&r->sessions_used, max_sessions);
	limit(&r->files_used, (uint64_t)max_sessions * RECORD_FILES_PER_SESSION);
	limit(&r->units_used, max_sessions);
}

struct session_record *records_sessions(struct records *r, uint32_t max_tunnels)
{
	return (void *)((char *)r + sessions_at(max_tunnels));
}

struct tunnel_record *records_tunnel(struct records *r, uint32_t index)
{
	struct tunnel_record *first = (void *)((char *)r + tunnels_at());

	return index < r->max_tunnels ? first + index : NULL;
}

struct session_record *records_session(struct records *r, uint32_t index)
{
	return index < r->max_sessions ? records_sessions(r, r->max_tunnels) + index : NULL;
}

struct ppp_file_record *records_file(struct records *r, uint32_t index)
{
	struct ppp_file_record *first =
		(void *)((char *)r + files_at(r->max_tunnels, r->max_sessions));

	return index / RECORD_FILES_PER_SESSION < r->max_sessions ? first + index : NULL;
}

struct unit_record *records_unit(struct records *r, uint32_t index)
{
	struct unit_record *first = (void *)((char *)r + units_at(r->max_tunnels, r->max_sessions));

	return index < r->max_sessions ? first + index : NULL;
}

struct unit_filters_record *records_unit_filters(struct records *r, uint32_t index)
{
	struct unit_filters_record *first =
		(void *)((char *)r + unit_filters_at(r->max_tunnels, r->max_sessions));

	return index < r->max_sessions ? first + index : NULL;
}
