/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_endpoint.c - endpoints are opened, received from, and closed when no tunnel uses them; see dataplane_private.h */
#include <errno.h>

#include "base/cleanup.h"
#include "path/dataplane_private.h"
#include "path/intake.h"
#include "path/raw_receive.h"

int dataplane_endpoint_start(struct dataplane *dp, struct netns *ns, struct endpoint *e,
                             enum spread_wish spread, struct extack *ea)
{
	int err = 0;

	e->intake = intake_new(dataplane_receiving_worker(dp, ns), e, ns->index);
	if (!e->intake)
		return -ENOMEM;
	if (endpoint_is_managed(e)) {
		err = dataplane_managed_start(dp, ns, e, ea);
	} else if (spread == SPREAD_WANTED) {
		err = dataplane_spread(dp, e, ea);
	}
	if (err < 0) {
		intake_free(TAKE(e->intake));
		return err;
	}
	list_append(&ns->endpoints, &e->in_netns);
	if (!dp->adopting)
		intake_start(e->intake);
	return 0;
}

int dataplane_endpoint_open(struct dataplane *dp, struct netns *ns, uint32_t client,
                            const struct endpoint_params *params, enum spread_wish spread,
                            struct endpoint **ret, struct extack *ea)
{
	struct endpoint *e;
	int err = endpoint_new(dp->keeper, client, params, &e, ea);

	if (err < 0)
		return err;
	err = dataplane_endpoint_start(dp, ns, e, spread, ea);
	if (err < 0) {
		dataplane_endpoint_release(dp, e);
		return err;
	}
	*ret = e;
	return 0;
}

void dataplane_endpoint_release(struct dataplane *dp, struct endpoint *e)
{
	if (e->users)
		return;
	if (e->intake) {
		raw_receive_leave(e->intake);
		intake_stop(e->intake);
		intake_free(e->intake);
		if (endpoint_is_managed(e))
			dataplane_managed_stop(dp, e);
	}
	endpoint_free(e);
}
