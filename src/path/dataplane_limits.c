/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_limits.c - limits of namespaces, as they are kept in the records; see dataplane.h */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "path/dataplane_private.h"

static_assert(UL2TP_LIMIT_MAX_PLUS_1 <= RECORD_LIMITS, "a record has room for all kinds");

/* The record of the namespace, or with cookie 0 one that is free; NULL: there is none. Few are in use, and
 * they are looked for when a client connects from a namespace where nothing is. */
static struct limits_record *find(const struct dataplane *dp, uint64_t cookie)
{
	for (uint32_t i = 0; i < RECORD_LIMITED_MAX; i++)
		if (dp->records->limits[i].netns.cookie == cookie)
			return &dp->records->limits[i];
	return NULL;
}

void dataplane_limits_get(const struct dataplane *dp, struct netns *ns)
{
	const struct limits_record *r = find(dp, ns->id.cookie);

	if (r)
		memcpy(ns->limits.values, r->values, sizeof(ns->limits.values));
}

static bool has_limits(const struct ul2tp_limits *limits)
{
	for (int i = 1; i < UL2TP_LIMIT_MAX_PLUS_1; i++)
		if (limits->values[i])
			return true;
	return false;
}

int dataplane_limits_set(struct dataplane *dp, struct netns *ns, const struct ul2tp_limits_set *set,
                         struct extack *ea)
{
	struct limits_record *r = find(dp, ns->id.cookie);
	struct ul2tp_limits limits = ns->limits;

	for (int i = 1; i < UL2TP_LIMIT_MAX_PLUS_1; i++)
		if (set->has[i])
			limits.values[i] = set->limits.values[i];
	if (!r)
		r = find(dp, 0);
	if (!r && has_limits(&limits))
		return extack_fail(
			ea, -ENOSPC, 0,
			"%d namespaces have limits of their own already, set those of one "
			"to none",
			RECORD_LIMITED_MAX);
	ns->limits = limits;
	if (!r)
		return 0;
	memcpy(r->values, limits.values, sizeof(limits.values));
	r->netns.cookie = has_limits(&limits) ? ns->id.cookie : 0;
	return 0;
}
