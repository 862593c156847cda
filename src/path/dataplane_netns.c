/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_netns.c - the dataplane's namespaces: found, made at first use, freed when nobody uses them; see dataplane.h */
#include "path/dataplane_private.h"

struct netns *dataplane_netns_find(struct dataplane *dp, struct netns_id id)
{
	return ordered_entry(ordered_find(&dp->netns_by_cookie, id.cookie), struct netns,
	                     by_cookie);
}

struct netns *dataplane_netns(struct dataplane *dp, struct netns_id id)
{
	return dataplane_netns_at(dp, id, dp->last_netns_index);
}

struct netns *dataplane_netns_at(struct dataplane *dp, struct netns_id id, uint32_t index)
{
	struct netns *ns = dataplane_netns_find(dp, id);

	if (ns)
		return ns;
	ns = netns_new(id, index);
	if (index >= dp->last_netns_index)
		dp->last_netns_index = index + 1;
	if (!ns)
		return NULL;
	dataplane_limits_get(dp, ns);
	ns->trace_events = dp->trace_everywhere;
	ordered_insert(&dp->netns_by_cookie, &ns->by_cookie, id.cookie);
	return ns;
}

void dataplane_netns_hold(struct netns *ns)
{
	ns->users++;
}

void dataplane_netns_release(struct dataplane *dp, struct netns *ns)
{
	if (--ns->users)
		return;
	ordered_remove(&dp->netns_by_cookie, &ns->by_cookie);
	netns_free(ns);
}
