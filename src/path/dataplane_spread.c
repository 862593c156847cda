/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_spread.c - endpoints from which several workers receive
 *
 * One worker receives for a namespace and knows all its sessions, since a packet may come to any endpoint (RX-3). But
 * of an endpoint of ours, of UDP, others take their share:
 *
 * Not connected, it has as many sockets as there are workers, and the sender says to which a packet comes
 * (keeper/spread.h). Connected to one peer, it has one socket, with the worker that the same rule names. So the
 * packets of a tunnel come to one worker, which has its sessions' receivers; those of another tunnel to another.
 *
 * Sessions of PPP stay with the worker of the namespace, which units, bridges and multilink ask for (channel.h). So
 * endpoints of L2TPv2 tunnels, which carry PPP, are not spread; what PPP there is in L2TPv3 is handed over (receive.c).
 *
 * The number of workers is the same for all engines of one ul2tpd, and so is the rule: a tunnel that is adopted finds
 * what waits for it in the socket of the worker that has it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "keeper/spread.h"
#include "path/dataplane_private.h"
#include "path/handover.h"
#include "path/intake.h"
#include "wire/data_header.h"

enum spread_wish dataplane_spread_wish(uint8_t version)
{
	return version == DATA_VERSION_3 ? SPREAD_WANTED : SPREAD_NOT;
}

static int way_open(struct worker *from, struct worker *to)
{
	if (!from->to[to->number])
		from->to[to->number] = handover_new(to);
	return from->to[to->number] ? 0 : -ENOMEM;
}

/* Both ways between the namespace's worker and @w. */
static int ways_open(struct worker *main, struct worker *w)
{
	int err = way_open(main, w);

	return err < 0 ? err : way_open(w, main);
}

/* The one socket of a connected endpoint goes to another worker. */
static int spread_connected(struct dataplane *dp, struct endpoint *e)
{
	struct worker *w = dp->workers[spread_number(&e->at.params.peer, dp->worker_count)];
	struct intake *main = e->intake;
	int err;

	if (w == main->worker)
		return 0;
	err = ways_open(main->worker, w);
	if (!err)
		err = intake_share(main, w, dp->worker_count, e->at.fd, -1);
	if (!err)
		main->fd = -1;
	return err;
}

/* Worker @number reads the socket of this number, the first of which the endpoint has. */
static int take_socket(struct dataplane *dp, struct endpoint *e, unsigned int number,
                       struct extack *ea)
{
	struct worker *w = dp->workers[number];
	struct intake *main = e->intake;
	AUTO_FD fd = -1;
	int err;

	if (number) {
		fd = keeper_endpoint_spread(dp->keeper, e->at.slot, number, dp->worker_count, ea);
		if (fd < 0)
			return fd;
	}
	if (w == main->worker) {
		main->fd = number ? fd : e->at.fd;
		main->own_fd = TAKE_FD(fd);
		return 0;
	}
	err = intake_share(main, w, dp->worker_count, number ? fd : e->at.fd, fd);
	if (!err)
		TAKE_FD(fd);
	return err;
}

static int spread_sockets(struct dataplane *dp, struct endpoint *e, struct extack *ea)
{
	for (unsigned int i = 0; i < dp->worker_count; i++)
		if (dp->workers[i] != e->intake->worker &&
		    ways_open(e->intake->worker, dp->workers[i]) < 0)
			return -ENOMEM;
	for (unsigned int i = dp->worker_count; i-- > 0;) {
		int err = take_socket(dp, e, i, ea);

		if (err < 0)
			return err;
	}
	return 0;
}

int dataplane_spread(struct dataplane *dp, struct endpoint *e, struct extack *ea)
{
	struct extack why = { 0 };
	int err;

	if (dp->worker_count < 2 || !endpoint_is_udp(e) || endpoint_is_managed(e))
		return 0;
	if (endpoint_is_connected(e))
		return spread_connected(dp, e);
	err = spread_sockets(dp, e, &why);
	if (err == 0)
		return 0;
	/* The keeper makes all sockets or none, and the first one asked for says which. Where there are any, all have to be
	 * read, for the system gives each its share of what comes. */
	if (err != -EMFILE && !e->intake->shares && e->intake->own_fd < 0 && !e->at.spread) {
		log_event(LOG_NOTICE, "not-spread", "reason=\"%s\" effect=\"one worker receives\"",
		          why.text[0] ? why.text : strerror(-err));
		return 0;
	}
	if (why.text[0])
		extack_set(ea, why.attribute, "%s", why.text);
	return err == -EMFILE ? -ENFILE : err;
}
